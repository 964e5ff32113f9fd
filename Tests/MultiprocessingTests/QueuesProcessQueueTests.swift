import Multiprocessing
import Testing
import Threading
import ToolkitTesting

/// Queues between processes, used by threads of one process that have mapped them twice.
@Suite(.leavesNothing, .timeLimit(.minutes(10))) struct QueuesProcessQueueTests {
    @Test func `MP-052 a full queue refuses, at once or in time`() throws {
        let queue = try ProcessQueue<Int>(capacity: 6)
        try queue.put(0)
        try queue.put(1, timeout: nil)
        try queue.put(2, timeout: .seconds(5))
        try queue.put(3, timeout: .zero)
        try queue.put(4, timeout: .seconds(-1))
        try queue.tryPut(5)
        #expect(queue.isFull && queue.count == 6 && queue.capacity == 6)
        for timeout in [Duration.zero, .seconds(-3)] { expectFull { try queue.put(6, timeout: timeout) } }
        expectFull { try queue.tryPut(6) }
        let time = elapsed { expectFull { try queue.put(6, timeout: .milliseconds(50)) } }
        #expect(time >= .milliseconds(50))
        #expect(try (0..<6).map { _ in try queue.get() } == Array(0..<6))
        expectEmpty { try queue.tryGet() }
        let wait = elapsed { expectEmpty { try queue.get(timeout: .milliseconds(40)) } }
        #expect(wait >= .milliseconds(40))
    }

    @Test func `MP-054 a queue knows how much is in it`() throws {
        let queue = try ProcessQueue<String>()
        var counts = [queue.count]
        try queue.put("a")
        counts.append(queue.count)
        try queue.put("b")
        counts.append(queue.count)
        _ = try queue.get()
        counts.append(queue.count)
        _ = try queue.get()
        #expect(counts + [queue.count] == [0, 1, 2, 1, 0])
        #expect(queue.isEmpty)
    }

    @Test func `MP-055 joining a queue waits until all is done`() throws {
        let queue = try JoinableQueue<Int>()
        let copy = try Parcel(queue).decode(JoinableQueue<Int>.self)
        let done = Counter()
        let workers = try Crew(4) { _ in
            while true {
                let isLast = try copy.withItem { item in
                    if item >= 0 { done.add() }
                    return item < 0
                }
                if isLast { return }
            }
        }
        for item in 0..<10 { try queue.put(item) }
        #expect(try queue.join())
        #expect(done.value == 10)
        for _ in 0..<4 { try queue.put(-1) }
        try workers.join()
        #expect(try queue.join(timeout: .zero))
        #expect(queue.pendingCount == 0)
    }

    @Test func `MP-056 reporting more than one has is an error`() throws {
        let queue = try JoinableQueue<Int>()
        #expect(throws: (any Error).self) { try queue.taskDone() }
        try queue.put(1)
        #expect(throws: (any Error).self) { try queue.taskDone() }
        #expect(try !queue.join(timeout: .milliseconds(1)))
        _ = try queue.get()
        #expect(try !queue.join(timeout: .milliseconds(1)))
        try queue.taskDone()
        #expect(throws: (any Error).self) { try queue.taskDone() }
        #expect(try queue.join())
    }

    @Test func `MP-059 an element that cannot be encoded is not put, and takes no room`() throws {
        let queue = try ProcessQueue<Stubborn>(capacity: 1)
        let error = #expect(throws: ProcessPutError.self) { try queue.put(Stubborn(isGood: false)) }
        guard case .unencodable(let reason) = error, reason is Failure else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(queue.count == 0)
        try queue.put(Stubborn(isGood: true))
        #expect(try queue.get().isGood)
        #expect(queue.count == 0)
    }

    @Test func `MP-060 a closed queue is closed, and stays so`() throws {
        let queue = try ProcessQueue<Int>()
        let other = try Parcel(queue).decode(ProcessQueue<Int>.self)
        queue.close()
        queue.close()
        expectClosed { try queue.put(1) }
        #expect(throws: ProcessGetError.self) { try queue.get() }
        try other.put(2)
        other.shutdown()
        other.shutdown()
        expectClosed { try other.put(3) }
        #expect(try other.get() == 2)
        let error = #expect(throws: ProcessGetError.self) { try other.get() }
        guard case .closed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a shutdown releases those who wait, and gives back what is left`() throws {
        let queue = try ProcessQueue<Int>(capacity: 2)
        let empty = try ProcessQueue<Int>()
        let getters = try Crew(3) { _ in try? empty.get() }
        for number in 1...2 { try queue.put(number) }
        let putter = try Thread { () throws(any Error) in expectClosed { try queue.put(3) } }
        #expect(queue.shutdown(immediate: true) == [1, 2] || queue.isShutDown)
        empty.shutdown()
        try putter.join()
        #expect(try getters.join() == [nil, nil, nil])
    }

    @Test func `MP-061 what was put can be got at once`() throws {
        let queue = try ProcessQueue<Int>()
        for number in 0..<1_000 {
            try queue.put(number)
            #expect(try queue.tryGet() == number)
        }
    }

    @Test func `MP-065 elements of one producer come in its order`() throws {
        let queue = try ProcessQueue<[Int]>(capacity: 50)
        let copy = try Parcel(queue).decode(ProcessQueue<[Int]>.self)
        let producers = try Crew(3) { producer in
            for number in 0..<1_000 { try (producer == 1 ? copy : queue).put([producer, number]) }
        }
        let consumers = try Crew(2) { index in
            var last = [-1, -1, -1]
            for _ in 0..<1_500 {
                let element = try (index == 1 ? copy : queue).get()
                #expect(element[1] > last[element[0]])
                last[element[0]] = element[1]
            }
        }
        try producers.join()
        _ = try consumers.join()
        #expect(queue.isEmpty)
    }

    @Test func `☆ nothing is lost and nothing comes twice, with sizes of all kinds and a ring that is too small`()
        throws
    {
        try repeatedly { round in
            let queue = try ProcessQueue<[UInt8]>(byteCapacity: 64 << 10)
            let copy = try Parcel(queue).decode(ProcessQueue<[UInt8]>.self)
            let sum = Counter()
            let producers = try Crew(2) { producer in
                for number in 1...200 {
                    let size = (number * 7919 + round * 131 + producer) % (number % 10 == 0 ? 40_000 : 300) + 1
                    try queue.put([UInt8](repeating: UInt8(number), count: size))
                }
            }
            let consumers = try Crew(2) { _ in
                for _ in 0..<200 {
                    let bytes = try copy.get()
                    #expect(bytes.allSatisfy { $0 == bytes[0] })
                    sum.add(Int(bytes[0]))
                }
            }
            try producers.join()
            try consumers.join()
            #expect(sum.value == 2 * (1...200).reduce(0, +))
        }
    }

    @Test func `an element that is larger than the queue is refused`() throws {
        let queue = try ProcessQueue<[UInt8]>(byteCapacity: 4096)
        let error = #expect(throws: ProcessPutError.self) { try queue.put([UInt8](repeating: 1, count: 5000)) }
        guard case .tooLarge = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try queue.put([UInt8](repeating: 1, count: 4000))
        expectFull { try queue.tryPut([UInt8](repeating: 1, count: 4000)) }
        #expect(try queue.get().count == 4000)
    }

    @Test func `an element that carries a descriptor is refused`() throws {
        let queue = try ProcessQueue<SharedLock>()
        let error = #expect(throws: ProcessPutError.self) { try queue.put(SharedLock()) }
        guard case .carriesDescriptors = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(queue.isEmpty)
    }

    @Test func `an element of another type is an error, and is out of the queue`() throws {
        let queue = try ProcessQueue<String>()
        let other = try Parcel(queue).decode(ProcessQueue<Int>.self)
        try queue.put("one")
        try queue.put("two")
        let error = #expect(throws: ProcessGetError.self) { try other.get() }
        guard case .undecodable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try queue.get() == "two")
    }

    @Test func `large elements pass, and the memory of a long queue is given back`() throws {
        let queue = try ProcessQueue<[UInt8]>()
        let element = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<20 { try queue.put(element) }
        for _ in 0..<20 { #expect(try queue.get() == element) }
        for _ in 0..<200 {
            try queue.put(element)
            #expect(try queue.get().count == element.count)
        }
    }

    @Test func `a simple queue passes elements, and closes`() throws {
        let queue = try Multiprocessing.SimpleQueue<Int?>()
        let copy = try Parcel(queue).decode(Multiprocessing.SimpleQueue<Int?>.self)
        try queue.put(1)
        try queue.put(nil)
        #expect(!copy.isEmpty)
        #expect(try copy.get() == 1)
        #expect(try copy.get() == nil)
        #expect(copy.isEmpty)
        expectEmpty { try copy.get(timeout: .zero) }
        queue.close()
        queue.close()
        expectClosed { try queue.put(1) }
        try copy.put(2)
    }

    @Test func `MP-064 a thread that ends with items does not hold up join`() throws {
        let queue = try JoinableQueue<Int>()
        for number in 0..<3 { try queue.put(number) }
        let worker = try Thread { () throws(any Error) in
            _ = try queue.get()
            _ = try queue.get()
            try queue.taskDone()
        }
        try worker.join()
        let error = #expect(throws: QueueJoinError.self) { try queue.join() }
        guard case .abandoned(items: 1, by: _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try !queue.join(timeout: .zero))
        try queue.withItem { #expect($0 == 2) }
        #expect(try queue.join())
    }
}

/// Cannot be encoded unless it is good.
private struct Stubborn: Codable, Sendable {
    let isGood: Bool

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(isGood, forKey: .isGood)
        if !isGood { throw Failure() }
    }
    private enum CodingKeys: CodingKey { case isGood }
    init(isGood: Bool) { self.isGood = isGood }
}

private func expectFull(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: ProcessPutError.self, sourceLocation: sourceLocation, performing: body)
    if case .full = error { return }
    Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
}

private func expectClosed(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: ProcessPutError.self, sourceLocation: sourceLocation, performing: body)
    if case .closed = error { return }
    Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
}

private func expectEmpty<Result>(
    _ body: () throws -> Result, sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = #expect(throws: ProcessGetError.self, sourceLocation: sourceLocation) { _ = try body() }
    if case .empty = error { return }
    Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
}
