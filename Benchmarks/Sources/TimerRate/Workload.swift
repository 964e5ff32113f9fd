import Glibc
import Scheduling

/// A structure of timers, as programs/timers/workload.h wants it.
protocol Timers {
    associatedtype Handle
    init()
    mutating func reserve(_ count: Int)
    mutating func insert(_ payload: UInt64, at deadline: Int64) -> Handle
    mutating func cancel(_ handle: Handle) -> Bool
    mutating func nextDeadline() -> Int64?
    mutating func pop(at now: Int64) -> UInt64?
}

/// The workload of programs/timers/workload.h, for structures in Swift.
struct Workload<Structure: Timers> {
    private static var hour: Int64 { 3_600_000_000_000 }
    private static var timeout: Int64 { 30_000_000_000 }

    private var random: SplitMix64
    /// The clock of a structure that is kept goes on.
    private let start: Int64
    private let deadlines: [Int64]
    private let order: [Int]

    private init(count: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let start = Int64(seed) * 10_000_000_000_000
        self.start = start
        deadlines = (0..<count).map { _ in start + Int64(random.next() % UInt64(Self.hour)) }
        order = Array(0..<count).shuffled(using: &random)
        self.random = random
    }

    /// Runs all passes, and prints for each the nanoseconds an operation takes: insert, cancel, expire, rearm.
    ///
    /// - Parameter keepsWarm: whether each pass uses the structure of the pass before, which has grown already.
    static func run(count: Int, passes: Int, keepsWarm: Bool) {
        var kept = Structure()
        if keepsWarm { kept.reserve(count) }
        // Without the figures of the pass that lets it grow.
        for pass in (keepsWarm ? -1 : 0)..<passes {
            var workload = Workload(count: count, seed: UInt64(pass + 2))
            if !keepsWarm { kept = Structure() }
            let (insert, cancel, expire) = workload.measureLife(&kept)
            if !keepsWarm { kept = Structure() }
            let rearm = workload.measureRearming(&kept)
            guard pass >= 0 else { continue }
            let figures = [insert, cancel, expire, rearm].map { String(Double(Int64($0 * 100)) / 100) }
            print(figures.joined(separator: " "))
        }
    }

    private func measureLife(_ timers: inout Structure) -> (Double, Double, Double) {
        let count = deadlines.count
        var handles: [Structure.Handle] = []
        handles.reserveCapacity(count)
        let t0 = processorTime()
        for number in 0..<count { handles.append(timers.insert(UInt64(number), at: deadlines[number])) }
        let t1 = processorTime()
        var cancelled = 0
        for place in 0..<(count / 2) where timers.cancel(handles[order[place]]) { cancelled += 1 }
        let t2 = processorTime()
        var fired = 0
        var disorder = 0
        var sum: UInt64 = 0
        var now = start
        while let moment = timers.nextDeadline() {
            if moment < now { disorder += 1 }
            now = moment
            while let payload = timers.pop(at: now) {
                fired += 1
                sum += payload
            }
        }
        let t3 = processorTime()
        let expected = order[(count / 2)...].reduce(0, +)
        precondition(cancelled == count / 2 && fired == count - cancelled && disorder == 0 && sum == UInt64(expected))
        return (Double(t1 - t0) / Double(count), Double(t2 - t1) / Double(cancelled), Double(t3 - t2) / Double(fired))
    }

    private mutating func measureRearming(_ timers: inout Structure) -> Double {
        let start = start + 2 * Self.hour
        let count = deadlines.count
        var handles = (0..<count).map { timers.insert(UInt64($0), at: start + Self.timeout + Int64($0)) }
        let rounds = 2 * count
        var cancelled = 0
        let before = processorTime()
        for round in 0..<rounds {
            let chosen = Int(random.next() % UInt64(count))
            if timers.cancel(handles[chosen]) { cancelled += 1 }
            handles[chosen] = timers.insert(UInt64(chosen), at: start + Self.timeout + Int64(count + round) * 1000)
        }
        let after = processorTime()
        precondition(cancelled == rounds, "a timer was lost")
        for handle in handles { precondition(timers.cancel(handle)) }
        return Double(after - before) / Double(rounds)
    }
}

func processorTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
