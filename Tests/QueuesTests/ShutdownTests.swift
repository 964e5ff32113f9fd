import Queues
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct ShutdownTests {
    @Test(arguments: Kind.all) func `QU-018 whoever waits for room is told, and what is there stays`(kind: Kind) throws
    {
        let queue = kind.make(2)
        try queue.tryPut(1)
        try queue.tryPut(2)
        try withThreads { scope in
            let putters = try (0..<2).map { number in
                try scope.start { () -> PutError? in
                    do throws(PutError) { try queue.put(number, timeout: nil) } catch { return error }
                    return nil
                }
            }
            try eventually("both wait") { queue.waiting(for: .room) == 2 }
            queue.shutdown()
            for putter in putters { #expect(try putter.join() == .closed) }
        }
        #expect(try [queue.tryGet(), queue.tryGet()].sorted() == [1, 2])
        #expect(throws: GetError.closed) { try queue.get(timeout: nil) }
        #expect(throws: PutError.closed) { try queue.put(3, timeout: nil) }
    }

    @Test(arguments: Kind.all) func `QU-019 three wait, two get something, one is told`(kind: Kind) throws {
        try repeatedly { _ in
            let queue = kind.make(nil)
            try withThreads { scope in
                let getters = try (0..<3).map { _ in
                    try scope.start { () -> Int? in try? queue.get(timeout: nil) }
                }
                try queue.tryPut(1)
                try queue.tryPut(2)
                queue.shutdown()
                #expect(try getters.compactMap { try $0.join() }.sorted() == [1, 2])
            }
        }
    }

    @Test(arguments: Kind.all) func `QU-020 an immediate shutdown leaves nothing to get or to wait for`(kind: Kind)
        throws
    {
        let queue = kind.make(nil)
        try queue.tryPut(1)
        try queue.tryPut(2)
        #expect(queue.shutdown(immediate: true).sorted() == [1, 2])
        #expect(queue.isShutDown && queue.isEmpty)
        #expect(throws: GetError.closed) { try queue.get(timeout: nil) }
        #expect(throws: GetError.closed) { try queue.tryGet() }
        #expect(throws: TaskDoneError.calledTooOften) { try queue.taskDone() }
        #expect(queue.join())
    }

    @Test(arguments: Kind.all) func `★ QU-021 what was got still has to be done`(kind: Kind) throws {
        try repeatedly { _ in
            let queue = kind.make(nil)
            try queue.tryPut(1)
            try queue.tryPut(2)
            _ = try queue.tryGet()
            try withThreads { scope in
                let joiner = try scope.start { queue.join() }
                #expect(queue.shutdown(immediate: true).count == 1)
                #expect(queue.pendingCount == 1)
                #expect(!queue.join(timeout: .zero))
                #expect(!joiner.isFinished)
                try queue.taskDone()
                #expect(try joiner.join())
            }
            #expect(throws: TaskDoneError.calledTooOften) { try queue.taskDone() }
        }
    }

    @Test(arguments: Kind.all) func `QU-022 after a shutdown the rest is worked off`(kind: Kind) throws {
        let queue = kind.make(nil)
        try queue.tryPut(1)
        try queue.tryPut(2)
        queue.shutdown()
        #expect(!queue.join(timeout: .zero))
        for _ in 0..<2 {
            _ = try queue.tryGet()
            try queue.taskDone()
        }
        #expect(queue.join())
        #expect(throws: GetError.closed) { try queue.tryGet() }
    }

    /// 64 k messages, several producers and consumers, two joiners, and a shutdown in the middle of it.
    @Test(.repeated, arguments: Kind.all, [false, true])
    func `☆ QU-025 everybody ends when a busy queue is shut down`(kind: Kind, immediate: Bool) throws {
        let queue = kind.make(256)
        let total = 65_536
        let delivered = Counter(0)
        try withThreads { scope in
            let producers = try (0..<4).map { producer in
                try scope.start {
                    var put = 0
                    for number in 0..<total / 4 {
                        guard (try? queue.put(number * 4 + producer, timeout: nil)) != nil else { break }
                        put += 1
                    }
                    return put
                }
            }
            let consumers = try (0..<4).map { _ in
                try scope.start {
                    var got = 0
                    while (try? queue.get(timeout: nil)) != nil {
                        got += 1
                        delivered.add()
                        try? queue.taskDone()
                    }
                    return got
                }
            }
            let joiners = try (0..<2).map { _ in try scope.start { queue.join() } }
            try eventually("a quarter of it is done") { delivered.value > total / 4 }
            let undelivered = queue.shutdown(immediate: immediate)
            let put = try producers.reduce(0) { try $0 + $1.join() }
            let got = try consumers.reduce(0) { try $0 + $1.join() }
            #expect(put == got + undelivered.count)
            for joiner in joiners { #expect(try joiner.join()) }
        }
        #expect(queue.isEmpty)
        #expect(queue.pendingCount == 0)
    }

    @Test(arguments: Kind.all) func `QU-026 a full queue that was shut down is closed, not full`(kind: Kind) throws {
        let queue = kind.make(1)
        try queue.tryPut(1)
        queue.shutdown()
        #expect(throws: PutError.closed) { try queue.tryPut(2) }
    }

    @Test func `QU-027 an immediate shutdown returns what was not delivered, in order`() throws {
        let queue = Queue<Int>()
        let stack = LifoQueue<Int>()
        let ranking = PriorityQueue<String, Int>()
        for number in 1...4 {
            try queue.put(number)
            try stack.put(number)
            try ranking.put("\(number)", priority: -number)
        }
        _ = try (queue.get(), stack.get(), ranking.get())
        #expect(queue.shutdown(immediate: true) == [2, 3, 4])
        #expect(stack.shutdown(immediate: true) == [3, 2, 1])
        #expect(ranking.shutdown(immediate: true) == ["3", "2", "1"])
        #expect(queue.shutdown(immediate: true) == [])
    }

    @Test(arguments: Kind.all) func `shutting down again does nothing, but may still take out the rest`(kind: Kind)
        throws
    {
        let queue = kind.make(nil)
        try queue.tryPut(1)
        queue.shutdown()
        #expect(queue.shutdown(immediate: false) == [])
        #expect(queue.count == 1)
        #expect(queue.shutdown(immediate: true) == [1])
        #expect(queue.join(timeout: .zero))
    }
}
