import Queues
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct QueueTests {
    @Test(arguments: Kind.all) func `QU-001 a task that was never put cannot be done`(kind: Kind) throws {
        let queue = kind.make(nil)
        #expect(throws: TaskDoneError.calledTooOften) { try queue.taskDone() }
        try queue.tryPut(1)
        try queue.taskDone()
        #expect(throws: TaskDoneError.calledTooOften) { try queue.taskDone() }
        #expect(queue.pendingCount == 0)
    }

    @Test(arguments: Kind.all) func `QU-005 a full queue refuses`(kind: Kind) throws {
        let queue = kind.make(5)
        for number in 0..<5 { try queue.tryPut(number) }
        #expect(queue.isFull)
        #expect(throws: PutError.full) { try queue.tryPut(5) }
        let time = elapsed {
            #expect(throws: PutError.full) { try queue.put(5, timeout: .milliseconds(10)) }
        }
        #expect(time >= .milliseconds(10))
        #expect(queue.count == 5)
        #expect(queue.pendingCount == 5)
    }

    @Test(arguments: Kind.all) func `QU-008 it holds its capacity, and not one more`(kind: Kind) throws {
        let queue = kind.make(5)
        for number in 0..<5 { try queue.tryPut(number) }
        #expect(throws: PutError.full) { try queue.tryPut(5) }
        var got: [Int] = []
        for _ in 0..<5 { got.append(try queue.tryGet()) }
        #expect(got.sorted() == [0, 1, 2, 3, 4])
        #expect(throws: GetError.empty) { try queue.tryGet() }
        #expect(queue.isEmpty)
    }

    @Test(arguments: Kind.all) func `QU-009 a negative timeout tries once`(kind: Kind) throws {
        let queue = kind.make(1)
        #expect(throws: GetError.empty) { try queue.get(timeout: .seconds(-1)) }
        try queue.put(1, timeout: .seconds(-1))
        #expect(throws: PutError.full) { try queue.put(2, timeout: .seconds(-1)) }
        #expect(try queue.get(timeout: .seconds(-1)) == 1)
    }

    @Test(arguments: [nil, 0, -1]) func `QU-010 a capacity of zero or less is none`(capacity: Int?) throws {
        let queue = Queue<Int>(capacity: capacity)
        #expect(queue.capacity == nil)
        for number in 0..<100_000 { try queue.tryPut(number) }
        #expect(!queue.isFull)
        #expect(queue.count == 100_000)
    }

    @Test(arguments: Kind.all) func `QU-012 a queue that was never used is done at once`(kind: Kind) {
        #expect(kind.make(nil).join())
        #expect(kind.make(nil).join(timeout: .zero))
    }

    @Test func `an item that is refused stays with the caller`() throws {
        let queue = Queue<Int>(capacity: 1)
        var number: Int? = 1
        try queue.put(from: &number)
        #expect(number == nil)
        number = 2
        #expect(throws: PutError.full) { try queue.put(from: &number, timeout: .zero) }
        #expect(number == 2)
        queue.shutdown()
        #expect(throws: PutError.closed) { try queue.put(from: &number) }
        #expect(number == 2)
    }

    @Test func `elements need not be copyable`() throws {
        let queue = Queue<Baton>()
        let stack = LifoQueue<Baton>()
        let ranking = PriorityQueue<Baton, Int>()
        for number in 0..<40 {
            try queue.put(Baton(number))
            try stack.put(Baton(number))
            try ranking.put(Baton(number), priority: -number)
        }
        #expect(try queue.get().number == 0)
        #expect(try stack.get().number == 39)
        #expect(try ranking.get().number == 39)
        var rest: [Int] = []
        queue.shutdown(undelivered: { rest.append($0.number) })
        #expect(rest == Array(1..<40))
    }

    @Test(arguments: Kind.all) func `an item wakes a thread that waits for it`(kind: Kind) throws {
        try repeatedly { _ in
            let queue = kind.make(1)
            try withThreads { scope in
                let getter = try scope.start { try queue.get(timeout: nil) }
                try queue.tryPut(7)
                #expect(try getter.join() == 7)
            }
        }
    }

    @Test(arguments: Kind.all) func `room wakes a thread that waits for it`(kind: Kind) throws {
        try repeatedly { _ in
            let queue = kind.make(1)
            try queue.tryPut(1)
            try withThreads { scope in
                let putter = try scope.start { try queue.put(2, timeout: nil) }
                #expect(try queue.get(timeout: nil) == 1)
                try putter.join()
                #expect(try queue.tryGet() == 2)
            }
        }
    }

    @Test func `joining waits until the last task is done`() throws {
        let queue = Queue<Int>()
        for number in 0..<3 { try queue.put(number) }
        #expect(!queue.join(timeout: .milliseconds(1)))
        try withThreads { scope in
            let joiner = try scope.start { queue.join() }
            for _ in 0..<3 {
                #expect(!joiner.isFinished)
                try queue.withItem { _ in }
            }
            #expect(try joiner.join())
        }
    }

    @Test func `a task whose work fails is done all the same`() throws {
        let queue = Queue<Int>()
        try queue.put(1)
        #expect(throws: Failure.self) { try queue.withItem { _ in throw Failure() } }
        #expect(queue.pendingCount == 0)
        #expect(throws: GetError.empty) { try queue.withItem(timeout: .zero) { _ in } }
    }

    @Test func `QU-032 nothing of an item stays behind`() throws {
        let queue = Queue<Token>()
        let stack = LifoQueue<Token>()
        let ranking = PriorityQueue<Token, Int>()
        let simple = SimpleQueue<Token>()
        weak var item: Token?
        do {
            let token = Token()
            item = token
            try queue.put(token)
            try stack.put(queue.get())
            try ranking.put(stack.get(), priority: 1)
            try simple.put(ranking.get())
        }
        #expect(item != nil)
        _ = try simple.get()
        #expect(item == nil)
    }

    @Test func `what is left in a queue goes with it`() throws {
        weak var item: Token?
        do {
            let queue = Queue<Token>()
            let token = Token()
            item = token
            for _ in 0..<50 { try queue.put(token) }
        }
        #expect(item == nil)
    }

    @Test func `memory is given back after a burst`() throws {
        let queue = Queue<Int>()
        for number in 0..<100_000 { try queue.put(number) }
        for number in 0..<100_000 { #expect(try queue.tryGet() == number) }
        for number in 0..<3000 { try queue.put(number) }
        for number in 0..<3000 { #expect(try queue.tryGet() == number) }
    }
}

private struct Failure: Error {}

private final class Token: Sendable {}

private struct Baton: ~Copyable {
    let number: Int
    init(_ number: Int) { self.number = number }
}
