import Queues
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct SimpleQueueTests {
    @Test func `QU-028 it keeps the order, and counts`() throws {
        let queue = SimpleQueue<Int>()
        try queue.put(1)
        var number: Int? = 2
        try queue.put(from: &number)
        for number in 3...4 { try queue.put(number) }
        for left in (0..<4).reversed() {
            #expect(try (left.isMultiple(of: 2) ? queue.get() : queue.tryGet()) == 4 - left)
            #expect(queue.count == left)
        }
        #expect(queue.isEmpty)
        #expect(throws: GetError.empty) { try queue.get(timeout: .milliseconds(1)) }
        #expect(throws: GetError.empty) { try queue.tryGet() }
    }

    @Test func `QU-029 what one thread puts another one gets in the same order`() throws {
        try repeatedly { _ in
            let queue = SimpleQueue<Int>()
            try withThreads { scope in
                try scope.start { for number in 0..<100 { try queue.put(number) } }
                for number in 0..<100 { #expect(try queue.get() == number) }
            }
        }
    }

    enum Way: CaseIterable {
        case waiting
        case trying
        case timed
    }

    @Test(.repeated, arguments: Way.allCases)
    func `★ QU-030 fifty producers and fifty consumers lose nothing`(way: Way) throws {
        let queue = SimpleQueue<Int>()
        let share = 200
        try withThreads { scope in
            for producer in 0..<50 {
                try scope.start { for number in 0..<share { try queue.put(producer * share + number) } }
            }
            let consumers = try (0..<50).map { _ in
                try scope.start { () -> [Int] in
                    var got: [Int] = []
                    while got.count < share {
                        switch way {
                        case .waiting: got.append(try queue.get())
                        case .trying: if let number = try? queue.tryGet() { got.append(number) }
                        case .timed: if let number = try? queue.get(timeout: .microseconds(10)) { got.append(number) }
                        }
                    }
                    return got
                }
            }
            let all = try consumers.flatMap { try $0.join() }
            #expect(all.sorted() == Array(0..<50 * share))
        }
        #expect(queue.isEmpty)
    }

    @Test func `it can be shut down`() throws {
        let queue = SimpleQueue<Int>()
        try queue.put(1)
        try queue.put(2)
        try withThreads { scope in
            let getters = try (0..<3).map { _ in try scope.start { () -> Int? in try? queue.get() } }
            queue.shutdown()
            #expect(try getters.compactMap { try $0.join() }.sorted() == [1, 2])
        }
        #expect(throws: PutError.closed) { try queue.put(3) }
        #expect(queue.shutdown(immediate: true) == [])
    }

    @Test func `an item may put another one when it is destroyed`() throws {
        let queue = SimpleQueue<Phoenix>()
        try queue.put(Phoenix(lives: 3, queue: queue))
        for _ in 0..<4 { _ = try queue.tryGet() }
        #expect(throws: GetError.empty) { _ = try queue.tryGet() }
    }
}

private struct Phoenix: ~Copyable {
    let lives: Int
    let queue: SimpleQueue<Phoenix>

    deinit {
        if lives > 0 { try? queue.put(Phoenix(lives: lives - 1, queue: queue)) }
    }
}
