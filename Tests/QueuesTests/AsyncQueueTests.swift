import Queues
import QueuesAsync
import Testing
import Threading
import ToolkitTesting

/// Without `.leavesNothing`: the first task that sleeps makes the runtime open a timer, which it keeps.
@Suite(.timeLimit(.minutes(10))) struct AsyncQueueTests {
    @Test func `a task gets what a thread puts`() async throws {
        let queue = Queue<Int>()
        let getter = Task { try await queue.get() }
        try await eventually("it waits") { queue.waiting(for: .item) == 1 }
        let thread = try Thread { try queue.put(1) }
        #expect(try await getter.value == 1)
        try thread.join()
        #expect(queue.waiting(for: .item) == 0)
    }

    @Test func `a task puts when there is room`() async throws {
        let queue = Queue<Int>(capacity: 1)
        try await queue.put(1)
        let putter = Task { try await queue.put(2) }
        try await eventually("it waits") { queue.waiting(for: .room) == 1 }
        #expect(try await queue.get() == 1)
        try await putter.value
        #expect(try await queue.get() == 2)
    }

    @Test func `each kind of queue has its order for tasks as well`() async throws {
        let stack = LifoQueue<Int>()
        let ranking = PriorityQueue<Int, Int>()
        let simple = SimpleQueue<Int>()
        let stored = StoredQueue(storage: OrderedStorage<Int, Never> { $0 > $1 })
        for number in 1...3 {
            try await stack.put(number)
            try await ranking.put(number, priority: -number)
            try simple.put(number)
            try await stored.put(number)
        }
        #expect(try await stack.get() == 3)
        #expect(try await ranking.get() == 3)
        #expect(try await simple.get() == 1)
        #expect(try await stored.get() == 3)
    }

    @Test func `a timeout ends the wait and leaves nothing behind`() async throws {
        let queue = Queue<Int>(capacity: 1)
        let began = ContinuousClock.now
        await #expect(throws: GetError.empty) { try await queue.get(timeout: .milliseconds(20)) }
        #expect(ContinuousClock.now - began >= .milliseconds(20))
        await #expect(throws: GetError.empty) { try await queue.get(timeout: .zero) }
        try await queue.put(1)
        await #expect(throws: PutError.full) { try await queue.put(2, timeout: .milliseconds(5)) }
        #expect(queue.waiting(for: .item) == 0)
        #expect(queue.waiting(for: .room) == 0)
        #expect(queue.count == 1)
    }

    @Test func `a task that is cancelled leaves nothing behind`() async throws {
        let queue = Queue<Int>(capacity: 1)
        let getter = Task { try await queue.get() }
        try await eventually("it waits") { queue.waiting(for: .item) == 1 }
        getter.cancel()
        await #expect(throws: CancellationError.self) { try await getter.value }
        #expect(queue.waiting(for: .item) == 0)
        try await queue.put(1)
        #expect(try await queue.get() == 1)
    }

    @Test func `a shutdown ends the waits of tasks`() async throws {
        let queue = Queue<Int>(capacity: 1)
        let getter = Task { try await queue.get() }
        try await eventually("it waits") { queue.waiting(for: .item) == 1 }
        queue.shutdown()
        await #expect(throws: GetError.closed) { try await getter.value }

        let full = Queue<Int>(capacity: 1)
        try await full.put(1)
        let putter = Task { try await full.put(2) }
        try await eventually("it waits") { full.waiting(for: .room) == 1 }
        #expect(full.shutdown(immediate: true) == [1])
        await #expect(throws: PutError.closed) { try await putter.value }
    }

    @Test func `the sequence of items ends when the queue is shut down`() async throws {
        let queue = Queue<Int>()
        let sum = Task {
            var sum = 0
            for await number in queue.items { sum += number }
            return sum
        }
        for number in 1...100 { try await queue.put(number) }
        queue.shutdown()
        #expect(await sum.value == 5050)
    }

    @Test func `the sequence of items ends when its task is cancelled`() async throws {
        let queue = SimpleQueue<Int>()
        let count = Task {
            var count = 0
            for await _ in queue.items { count += 1 }
            return count
        }
        try queue.put(1)
        try await eventually("it waits for the next") { queue.isEmpty && queue.waiting(for: .item) == 1 }
        count.cancel()
        #expect(await count.value == 1)
        #expect(queue.waiting(for: .item) == 0)
    }

    @Test func `★ an item that meets a cancellation or a timeout is not lost`() async throws {
        for round in 0..<rounds {
            let queue = Queue<Int>(capacity: round.isMultiple(of: 2) ? 2 : nil)
            let total = 60
            let got = Counter()
            let getters = (0..<total).map { number in
                Task {
                    let timeout: Duration? = number.isMultiple(of: 3) ? .microseconds(number * 20) : nil
                    if (try? await queue.get(timeout: timeout)) != nil { got.add() }
                }
            }
            let canceller = Task {
                for getter in getters.shuffled().prefix(total / 2) {
                    getter.cancel()
                    await Task.yield()
                }
            }
            // Fewer items than getters, so that some of these wait until the end.
            let put = Counter()
            let putters = (0..<total / 3).map { number in
                Task { if (try? await queue.put(number, timeout: .milliseconds(50))) != nil { put.add() } }
            }
            for putter in putters { await putter.value }
            await canceller.value
            queue.shutdown()
            for getter in getters { await getter.value }
            let left = queue.shutdown(immediate: true).count
            #expect(got.value + left == put.value)
            #expect(queue.waiting(for: .item) == 0)
            #expect(queue.waiting(for: .room) == 0)
        }
    }

    @Test func `★ tasks and threads wait at the same queue`() async throws {
        for _ in 0..<rounds {
            let queue = Queue<Int>(capacity: 2)
            let sum = Counter()
            let producer = try Thread { for number in 0..<200 { try queue.put(number) } }
            let consumer = try Thread { while let number = try? queue.get() { sum.add(number) } }
            let tasks = (0..<3).map { index in
                Task {
                    for number in 0..<100 { try await queue.put(200 + index * 100 + number) }
                }
            }
            let takers = (0..<3).map { _ in
                Task { for await number in queue.items { sum.add(number) } }
            }
            for task in tasks { try await task.value }
            try producer.join()
            queue.shutdown()
            for taker in takers { await taker.value }
            try consumer.join()
            #expect(sum.value == 499 * 500 / 2)
        }
    }
}

/// The same as for threads, which must not hold up the threads that tasks run in.
private func eventually(_ what: String, _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while !condition() {
        try #require(ContinuousClock.now < deadline, "still waiting for: \(what)")
        await Task.yield()
    }
}
