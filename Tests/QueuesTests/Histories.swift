/// One call of a queue, as its thread saw it.
enum Call: Hashable, Sendable {
    case put(Int, Answer)
    case get(Answer)
    case shutdown
    case drain([Int])

    enum Answer: Hashable, Sendable {
        case done
        case item(Int)
        case full
        case empty
        case closed
    }
}

/// A call and the time it took, on a clock that all threads share: it ticks at each beginning and each end.
struct Happening: Sendable, CustomStringConvertible {
    let thread: Int
    let call: Call
    let began: Int
    let ended: Int

    var description: String { "\(began)–\(ended) thread \(thread): \(call)" }
}

/// What a queue is, seen by one thread: the specification.
struct Model: Hashable {
    enum Order: Hashable, CaseIterable, Sendable {
        case first
        case last
        /// By the lowest two bits of the number, and then as it came.
        case priority
    }

    let order: Order
    let capacity: Int
    private var items: [Int] = []
    private var isClosed = false

    init(order: Order, capacity: Int) {
        self.order = order
        self.capacity = capacity
    }

    static func priority(of number: Int) -> Int { number & 3 }

    /// Makes the call, and says whether its answers are those which were seen.
    mutating func allows(_ call: Call) -> Bool {
        switch call {
        case .put(let number, let answer): return answer == put(number)
        case .get(let answer): return answer == get()
        case .shutdown:
            isClosed = true
            return true
        case .drain(let undelivered):
            isClosed = true
            while case .item(let number) = get() {
                guard undelivered.count > drained.count, undelivered[drained.count] == number else { return false }
                drained.append(number)
            }
            defer { drained = [] }
            return drained.count == undelivered.count
        }
    }

    private var drained: [Int] = []

    private mutating func put(_ number: Int) -> Call.Answer {
        if isClosed { return .closed }
        if items.count == capacity { return .full }
        items.append(number)
        return .done
    }

    private mutating func get() -> Call.Answer {
        let place: Int?
        switch order {
        case .first: place = items.indices.first
        case .last: place = items.indices.last
        case .priority: place = items.indices.min { Model.priority(of: items[$0]) < Model.priority(of: items[$1]) }
        }
        guard let place else { return isClosed ? .closed : .empty }
        return .item(items.remove(at: place))
    }
}

/// Whether there is an order of all calls which one thread could have made with the same answers, and in which no call
/// comes before one that had ended when it began: the search of Wing and Gong, which remembers where it has been.
func isLinearizable(_ history: [Happening], by model: Model) -> Bool {
    precondition(history.count <= 64)
    struct Place: Hashable {
        var made: UInt64
        var model: Model
    }
    let all: UInt64 = history.count == 64 ? .max : 1 << history.count - 1
    var visited: Set<Place> = []
    var open = [Place(made: 0, model: model)]
    while let place = open.popLast() {
        if place.made == all { return true }
        let waiting = history.indices.filter { place.made & 1 << $0 == 0 }
        guard let firstEnd = waiting.map({ history[$0].ended }).min() else { continue }
        for index in waiting where history[index].began < firstEnd {
            var next = place
            next.made |= 1 << index
            if next.model.allows(history[index].call), visited.insert(next).inserted { open.append(next) }
        }
    }
    return false
}
