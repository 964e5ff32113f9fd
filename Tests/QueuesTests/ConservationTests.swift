import Queues
import Testing
import Threading
import ToolkitTesting

/// Nothing is lost and nothing comes twice, however many threads there are and whenever they give up.
@Suite(.leavesNothing, .watchdog) struct ConservationTests {
    @Test(arguments: Kind.all, [1, 3, 64])
    func `★ many producers and consumers lose nothing`(kind: Kind, capacity: Int) throws {
        try repeatedly { _ in
            let queue = kind.make(capacity)
            try withThreads { scope in
                for producer in 0..<4 {
                    try scope.start { for number in 0..<100 { try queue.put(producer * 100 + number, timeout: nil) } }
                }
                let consumers = try (0..<4).map { _ in
                    try scope.start { try (0..<100).map { _ in try queue.get(timeout: nil) } }
                }
                #expect(try consumers.flatMap { try $0.join() }.sorted() == Array(0..<400))
            }
            #expect(queue.isEmpty)
        }
    }

    @Test(arguments: Kind.all, [1, 4])
    func `★ timeouts that race with puts lose nothing`(kind: Kind, capacity: Int) throws {
        try repeatedly { _ in
            let queue = kind.make(capacity)
            let left = Counter(3)
            try withThreads { scope in
                let producers = try (0..<3).map { producer in
                    try scope.start { () -> [Int] in
                        var put: [Int] = []
                        for number in producer * 60..<producer * 60 + 60 {
                            let timeout: Duration = .microseconds(number % 4 * 15)
                            if (try? queue.put(number, timeout: timeout)) != nil { put.append(number) }
                        }
                        if left.add(-1) == 0 { queue.shutdown() }
                        return put
                    }
                }
                let consumers = try (0..<3).map { consumer in
                    try scope.start { () -> [Int] in
                        var got: [Int] = []
                        while true {
                            do throws(GetError) {
                                got.append(try queue.get(timeout: .microseconds(got.count % 4 * 15)))
                            } catch .closed { return got } catch { continue }
                        }
                    }
                }
                let put = try producers.flatMap { try $0.join() }
                let got = try consumers.flatMap { try $0.join() }
                #expect(put.sorted() == got.sorted())
            }
            #expect(queue.waiting(for: .item) == 0)
            #expect(queue.waiting(for: .room) == 0)
        }
    }

    /// One puts single items while others wait; the waits of half of them end at about the time at which an item comes.
    @Test func `★ a wake-up that meets a timeout is passed on`() throws {
        try repeatedly { _ in
            let queue = Queue<Int>()
            let total = 200
            try withThreads { scope in
                let impatient = try (0..<2).map { _ in
                    try scope.start { () -> Int in
                        var got = 0
                        while !queue.isShutDown {
                            if (try? queue.get(timeout: .microseconds(30))) != nil {
                                got += 1
                                try queue.taskDone()
                            }
                        }
                        return got
                    }
                }
                let patient = try scope.start { () -> Int in
                    var got = 0
                    while (try? queue.get()) != nil {
                        got += 1
                        try queue.taskDone()
                    }
                    return got
                }
                for number in 0..<total {
                    try queue.put(number)
                    // Nobody gets the next one before this one has been got.
                    #expect(queue.join(timeout: .seconds(20)))
                }
                queue.shutdown()
                #expect(try impatient.reduce(patient.join()) { try $0 + $1.join() } == total)
            }
        }
    }

    @Test func `★ every joiner goes on when the last task is done`() throws {
        try repeatedly { _ in
            let queue = Queue<Int>()
            for number in 0..<64 { try queue.put(number) }
            try withThreads { scope in
                let joiners = try (0..<3).map { _ in try scope.start { queue.join() } }
                for _ in 0..<4 {
                    try scope.start { for _ in 0..<16 { try queue.withItem { _ in } } }
                }
                for joiner in joiners { #expect(try joiner.join()) }
            }
            #expect(queue.pendingCount == 0)
        }
    }
}
