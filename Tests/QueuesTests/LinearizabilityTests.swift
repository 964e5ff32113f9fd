import Queues
import Scheduling
import Testing
import Threading
import ToolkitTesting

/// Whatever threads do at once, it must look as if each call had been made at one moment between its beginning and its
/// end.
@Suite(.leavesNothing, .watchdog) struct LinearizabilityTests {
    @Test(arguments: Model.Order.allCases, [1, 2, 1000])
    func `★ what threads see could have been seen by one`(order: Model.Order, capacity: Int) throws {
        try repeatedly { round in
            for seed in 0..<UInt64(10) {
                var random = SplitMix64(seed: UInt64(round) << 8 | seed)
                let plans = (0..<Int.random(in: 3...4, using: &random)).map { thread in
                    Step.plan(of: thread, using: &random)
                }
                let history = try record(plans, with: order.queue(capacity: capacity))
                #expect(
                    isLinearizable(history, by: Model(order: order, capacity: capacity)),
                    "round \(round), seed \(seed): \(history.sorted { $0.began < $1.began })")
            }
        }
    }

    @Test func `the check accepts calls that overlap in any order`() {
        let history = [
            Happening(thread: 0, call: .put(1, .done), began: 0, ended: 3),
            Happening(thread: 1, call: .put(2, .done), began: 1, ended: 2),
            Happening(thread: 2, call: .get(.item(2)), began: 4, ended: 5),
            Happening(thread: 2, call: .get(.item(1)), began: 6, ended: 7),
        ]
        #expect(isLinearizable(history, by: Model(order: .first, capacity: 5)))
        #expect(isLinearizable(history, by: Model(order: .last, capacity: 5)))
    }

    static let wrong: [(String, [Call])] = [
        ("the order is wrong", [.put(4, .done), .put(8, .done), .get(.item(8))]),
        ("an item is lost", [.put(4, .done), .get(.empty)]),
        ("an item comes twice", [.put(4, .done), .get(.item(4)), .get(.item(4))]),
        ("an item comes from nowhere", [.get(.item(4))]),
        ("there is room, and it says no", [.put(4, .full)]),
        ("it holds more than it may", [.put(4, .done), .put(5, .done), .put(6, .done)]),
        ("it takes something after it was closed", [.shutdown, .put(4, .done)]),
        ("it is closed before it is empty", [.put(4, .done), .shutdown, .get(.closed)]),
        ("it is never closed", [.shutdown, .get(.empty)]),
        ("it forgets what was not delivered", [.put(4, .done), .put(8, .done), .drain([4])]),
        ("it returns what was delivered", [.put(4, .done), .get(.item(4)), .drain([4])]),
    ]

    @Test(arguments: wrong) func `the check rejects a queue that is wrong`(what: String, calls: [Call]) {
        let history = calls.enumerated().map { index, call in
            Happening(thread: index % 2, call: call, began: 2 * index, ended: 2 * index + 1)
        }
        #expect(!isLinearizable(history, by: Model(order: .first, capacity: 2)), "\(what)")
    }

    @Test func `the check rejects a stack that pretends to be a queue`() throws {
        let steps: [Step] = [.put(4, .zero), .put(8, .zero), .get(.zero), .get(.zero)]
        let history = try record([steps], with: LifoQueue<Int>())
        #expect(isLinearizable(history, by: Model(order: .last, capacity: 9)))
        #expect(!isLinearizable(history, by: Model(order: .first, capacity: 9)))
        #expect(!isLinearizable(history, by: Model(order: .priority, capacity: 9)))
    }
}

/// What a thread is told to do.
private enum Step {
    case put(Int, Duration)
    case get(Duration)
    case shutdown
    case drain

    /// Four to six calls, many with a timeout that passes just when something happens.
    static func plan(of thread: Int, using random: inout SplitMix64) -> [Step] {
        (0..<Int.random(in: 4...6, using: &random)).map { index in
            let timeout: Duration = .microseconds(Int.random(in: 0...3, using: &random) * 20)
            switch Int.random(in: 0..<40, using: &random) {
            case 0: return .shutdown
            case 1: return .drain
            case 2..<21: return .put(thread << 5 | index << 2 | Int.random(in: 0...3, using: &random), timeout)
            default: return .get(timeout)
            }
        }
    }

    func perform(with queue: any Subject) -> Call {
        switch self {
        case .put(let number, let timeout):
            do throws(PutError) {
                try queue.store(number, timeout: timeout)
                return .put(number, .done)
            } catch { return .put(number, error == .full ? .full : .closed) }
        case .get(let timeout):
            do throws(GetError) {
                return .get(.item(try queue.get(timeout: timeout)))
            } catch { return .get(error == .empty ? .empty : .closed) }
        case .shutdown:
            queue.shutdown()
            return .shutdown
        case .drain: return .drain(queue.shutdown(immediate: true))
        }
    }
}

/// Lets each plan be carried out by a thread of its own, all at once.
private func record(_ plans: [[Step]], with queue: any Subject) throws -> [Happening] {
    let clock = Counter(0)
    let start = try Barrier(parties: plans.count)
    return try withThreads { scope in
        try plans.enumerated().map { thread, plan in
            try scope.start {
                try start.wait()
                return plan.map { step in
                    let began = clock.add()
                    let call = step.perform(with: queue)
                    let ended = clock.add()
                    return Happening(thread: thread, call: call, began: began, ended: ended)
                }
            }
        }.flatMap { try $0.join() }
    }
}

private protocol Subject: NumberQueue {
    func store(_ number: Int, timeout: Duration) throws(PutError)
}

extension Queue<Int>: Subject {
    func store(_ number: Int, timeout: Duration) throws(PutError) { try put(number, timeout: timeout) }
}

extension LifoQueue<Int>: Subject {
    func store(_ number: Int, timeout: Duration) throws(PutError) { try put(number, timeout: timeout) }
}

extension PriorityQueue<Int, Int>: Subject {
    func store(_ number: Int, timeout: Duration) throws(PutError) {
        try put(number, priority: Model.priority(of: number), timeout: timeout)
    }
}

extension Model.Order {
    fileprivate func queue(capacity: Int) -> any Subject {
        switch self {
        case .first: Queue<Int>(capacity: capacity)
        case .last: LifoQueue<Int>(capacity: capacity)
        case .priority: PriorityQueue<Int, Int>(capacity: capacity)
        }
    }
}
