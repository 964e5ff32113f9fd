import Foundation
import Queues

// How long it takes to pass COUNT items through one queue: `QueueRate KIND PRODUCERS CONSUMERS CAPACITY COUNT`, as
// programs/queues.py.

/// What is measured: something to put numbers in and get numbers from.
protocol Passage: AnyObject {
    init(capacity: Int)
    func put(_ number: Int)
    func get() -> Int
}

/// The queue of the toolkit.
final class RoostQueue: Passage, @unchecked Sendable {
    private let queue: Queue<Int>

    init(capacity: Int) { queue = Queue(capacity: capacity) }
    func put(_ number: Int) { try? queue.put(number) }
    func get() -> Int { (try? queue.get()) ?? 0 }
}

/// The one without a limit and without tasks.
final class RoostSimpleQueue: Passage, @unchecked Sendable {
    private let queue = SimpleQueue<Int>()

    init(capacity: Int) { precondition(capacity == 0) }
    func put(_ number: Int) { try? queue.put(number) }
    func get() -> Int { (try? queue.get()) ?? 0 }
}

/// What one would write with Foundation.
final class ConditionQueue: Passage, @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var numbers: [Int] = []
    private var first = 0

    init(capacity: Int) { self.capacity = capacity == 0 ? .max : capacity }

    func put(_ number: Int) {
        condition.lock()
        while numbers.count - first >= capacity { condition.wait() }
        numbers.append(number)
        condition.broadcast()
        condition.unlock()
    }

    func get() -> Int {
        condition.lock()
        while numbers.count == first { condition.wait() }
        let number = numbers[first]
        first += 1
        if first == numbers.count {
            numbers.removeAll(keepingCapacity: true)
            first = 0
        }
        condition.broadcast()
        condition.unlock()
        return number
    }
}

/// Starts all threads at once, and says how long they took.
func measure<Way: Passage & Sendable>(_: Way.Type, producers: Int, consumers: Int, capacity: Int, count: Int) {
    let passage = Way(capacity: capacity)
    let start = Start(producers + consumers + 1)
    let sums = Sums()
    let all = DispatchGroup()
    func thread(_ body: @escaping @Sendable () -> Void) {
        all.enter()
        Thread.detachNewThread {
            start.wait()
            body()
            all.leave()
        }
    }
    for _ in 0..<producers {
        thread { for number in 0..<count / producers { passage.put(number) } }
    }
    for _ in 0..<consumers {
        thread {
            var sum = 0
            for _ in 0..<count / consumers { sum += passage.get() }
            sums.add(sum)
        }
    }
    start.wait()
    let clock = ContinuousClock()
    let began = clock.now
    all.wait()
    let time = clock.now - began
    print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000)
    let share = count / producers
    guard sums.total == producers * (share * (share - 1) / 2) else { fatalError("items were lost") }
}

/// Lets all threads begin together.
final class Start: @unchecked Sendable {
    private let condition = NSCondition()
    private var missing: Int

    init(_ count: Int) { missing = count }

    func wait() {
        condition.lock()
        missing -= 1
        if missing == 0 { condition.broadcast() }
        while missing > 0 { condition.wait() }
        condition.unlock()
    }
}

/// What the consumers have got, to see that nothing was lost.
final class Sums: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var total = 0

    func add(_ sum: Int) { lock.withLock { total += sum } }
}

let arguments = CommandLine.arguments
let numbers = arguments.dropFirst(2).compactMap { Int($0) }
guard numbers.count == 4 else { fatalError("usage: QueueRate KIND PRODUCERS CONSUMERS CAPACITY COUNT") }

func run<Way: Passage & Sendable>(_ way: Way.Type) {
    measure(way, producers: numbers[0], consumers: numbers[1], capacity: numbers[2], count: numbers[3])
}

switch arguments[1] {
case "queue": run(RoostQueue.self)
case "simple": run(RoostSimpleQueue.self)
case "condition": run(ConditionQueue.self)
default: fatalError("no such kind: \(arguments[1])")
}
