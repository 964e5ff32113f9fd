import Scheduling

/// What timers carry here: it knows whether it was let go when it should have been.
final class Token {
    /// How many exist.
    final class Census { var alive = 0 }

    let number: Int
    private let census: Census

    init(_ number: Int, _ census: Census) {
        self.number = number
        self.census = census
        census.alive += 1
    }

    deinit { census.alive -= 1 }
}

/// The plainest thing that is obviously right: a sorted array.
struct WheelModel {
    struct Timer: Comparable {
        let deadline: Int64
        let priority: Int16
        let number: Int

        static func < (left: Timer, right: Timer) -> Bool {
            (left.deadline, left.priority, left.number) < (right.deadline, right.priority, right.number)
        }
    }

    private(set) var timers: [Timer] = []
    /// What is waiting, by number.
    private var waiting: [Int: Timer] = [:]

    var first: Timer? { timers.first }

    mutating func insert(_ timer: Timer) {
        timers.insert(timer, at: position(of: timer))
        waiting[timer.number] = timer
    }

    /// Whether it had been waiting.
    mutating func remove(_ number: Int) -> Bool {
        guard let timer = waiting.removeValue(forKey: number) else { return false }
        timers.remove(at: position(of: timer))
        return true
    }

    /// The first position whose timer is not before `timer`.
    private func position(of timer: Timer) -> Int {
        var low = 0
        var high = timers.count
        while low < high {
            let middle = (low + high) / 2
            if timers[middle] < timer { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
