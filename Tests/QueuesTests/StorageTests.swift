import Queues
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct StorageTests {
    @Test func `☆ QU-003 equals are got in the order in which they were put`() throws {
        try repeatedly { round in
            let queue = PriorityQueue<(String, () -> Void), Int>()
            for name in ["a", "b", "c"] { try queue.put((name, {}), priority: 1) }
            var names: [String] = []
            while let item = try? queue.tryGet() { names.append(item.0) }
            #expect(names == ["a", "b", "c"])

            let numbers = PriorityQueue<Int, Int>()
            for number in 0..<200 { try numbers.put(number, priority: (number &* 7919 &+ round) % 5) }
            let got = numbers.shutdown(immediate: true)
            let expected = (0..<200).sorted {
                (($0 &* 7919 &+ round) % 5, $0) < (($1 &* 7919 &+ round) % 5, $1)
            }
            #expect(got == expected)
        }
    }

    @Test func `★ QU-004 a comparison that fails leaves the queue as it was`() throws {
        try repeatedly { _ in
            let queue = StoredQueue(storage: OrderedStorage(by: orderOrThrow))
            for number in [3.0, 1, 2] { try queue.put(number) }
            #expect(throws: (any Error).self) { try queue.put(.nan) }
            #expect(queue.count == 3)
            #expect(queue.pendingCount == 3)
            for number in [1.0, 2, 3] { #expect(try queue.tryGet() == number) }
            for _ in 0..<3 { try queue.taskDone() }
            #expect(queue.join(timeout: .zero))
        }
    }

    @Test func `a comparison that fails while an item is taken out leaves it there`() throws {
        let switchboard = Switchboard()
        let queue = StoredQueue(
            storage: OrderedStorage<Int, Incomparable> { (left, right) throws(Incomparable) in
                if switchboard.failsNext { throw Incomparable() }
                return left < right
            })
        for number in [5, 3, 4, 1, 2] { try queue.put(number) }
        switchboard.failsNext = true
        #expect(throws: (any Error).self) { try queue.get() }
        #expect(queue.count == 5)
        switchboard.failsNext = false
        #expect(queue.shutdown(immediate: true) == [1, 2, 3, 4, 5])
    }

    @Test func `QU-013 a storage that fails does the queue no harm`() throws {
        let switchboard = Switchboard()
        let queue = StoredQueue(storage: Fragile(switchboard), capacity: 1)
        let ways: [Duration?] = [.zero, .milliseconds(10), nil]
        for timeout in ways {
            switchboard.failsNext = true
            #expect(throws: StoredPutError<Incomparable>.self) { try queue.put(1, timeout: timeout) }
            #expect((queue.count, queue.pendingCount) == (0, 0))
            try queue.put(1, timeout: timeout)
            switchboard.failsNext = true
            #expect(throws: StoredGetError<Incomparable>.self) { try queue.get(timeout: timeout) }
            #expect((queue.count, queue.pendingCount) == (1, 1))
            #expect(try queue.get(timeout: timeout) == 1)
            try queue.taskDone()
        }
        try queue.put(1)
        switchboard.failsNext = true
        do {
            try queue.put(2, timeout: .milliseconds(1))
        } catch .queue(let error) {
            #expect(error == .full)
        }
        #expect(switchboard.failsNext)
    }

    @Test func `a storage that fails does not swallow a wake-up`() throws {
        try repeatedly { _ in
            let switchboard = Switchboard()
            let queue = StoredQueue(storage: Fragile(switchboard))
            try withThreads { scope in
                let getters = try (0..<2).map { _ in try scope.start { () -> Int? in try? queue.get() } }
                try eventually("both wait") { queue.waiting(for: .item) == 2 }
                switchboard.failsNext = true
                #expect(throws: StoredPutError<Incomparable>.self) { try queue.put(1) }
                try queue.put(2)
                switchboard.failsNext = true
                try? queue.put(3)
                queue.shutdown()
                // One of the getters may have been the one whose get failed; then the item is still there.
                let got = try getters.compactMap { try $0.join() } + queue.shutdown(immediate: true)
                #expect(got.contains(2))
            }
        }
    }
}

private struct Incomparable: Error {}

private let orderOrThrow: @Sendable (borrowing Double, borrowing Double) throws(Incomparable) -> Bool = {
    (left, right) throws(Incomparable) in
    if left != left || right != right { throw Incomparable() }
    return left < right
}

/// Lets what asks it fail once.
private final class Switchboard: Sendable {
    private let state = Monitor(false)

    var failsNext: Bool {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    func failIfAsked() throws(Incomparable) {
        let fails = state.withLock { flag in
            defer { flag = false }
            return flag
        }
        if fails { throw Incomparable() }
    }
}

private struct Fragile: QueueStorage {
    private let switchboard: Switchboard
    private var items: [Int] = []

    init(_ switchboard: Switchboard) { self.switchboard = switchboard }

    mutating func insert(_ element: Int) throws(Incomparable) {
        try switchboard.failIfAsked()
        items.append(element)
    }

    mutating func remove() throws(Incomparable) -> Int {
        try switchboard.failIfAsked()
        return items.removeFirst()
    }

    mutating func removeAll() -> [Int] {
        defer { items = [] }
        return items
    }
}
