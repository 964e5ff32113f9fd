import Futures
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct MapTests {
    @Test func `FU-002 two ranges of unequal lengths make as many results as the shorter one, in order`() throws {
        try withThreadPool(maxWorkers: 3) { pool in
            for size in [1, 3, 100] {
                let powers = try pool.map(1..<10, 2..., chunkSize: size) { $0 * $1 }.collect()
                #expect(powers == (1..<10).map { $0 * ($0 + 1) })
            }
        }
    }

    @Test func `FU-004 results that come in time are there before it is told that the time is over`() throws {
        try withThreadPool(maxWorkers: 2) { pool in
            let gate = Event()
            let results = try pool.map([0, 0, 1], timeout: .milliseconds(300)) { $0 == 0 ? 0 : gate.wait() ? 1 : 2 }
            #expect(try [results.next(), results.next()] == [0, 0])
            let time = elapsed {
                #expect(throws: FutureError<Never>.timedOut) { try results.next() }
            }
            #expect(time < .seconds(30))
            #expect(try results.next() == nil)
            gate.set()
        }
    }

    @Test func `the time runs from the call on`() throws {
        try withThreadPool(maxWorkers: 1) { pool in
            let gate = Event()
            let time = try elapsed {
                let results = try pool.map([0], timeout: .milliseconds(50)) { _ in gate.wait() }
                #expect(throws: FutureError<Never>.timedOut) { try results.next() }
            }
            #expect(time >= .milliseconds(50))
            gate.set()
        }
    }

    @Test func `FU-005 a map whose results nobody gets is done all the same`() throws {
        let done = Counter()
        let pool = try ThreadPoolExecutor(maxWorkers: 2)
        let results = try pool.map(0..<10) { _ in done.add() }
        try pool.shutdown()
        #expect(done.value == 10)
        #expect(try results.collect().count == 10)
    }

    @Test func `☆ FU-006 with a buffer, inputs without end are read as results are`() throws {
        try repeatedly { _ in
            try withThreadPool(maxWorkers: 2) { pool in
                let pulled = Counter()
                let numbers = sequence(first: 0) { number in
                    pulled.add()
                    return number + 1
                }
                let results = try pool.map(numbers, bufferSize: 4) { $0 * 2 }
                #expect(pulled.value <= 4)
                for number in 0..<10 { #expect(try results.next() == number * 2) }
                #expect(pulled.value <= 14)
            }
        }
    }

    @Test func `FU-007 sizes below one are refused`() throws {
        try withThreadPool(maxWorkers: 1) { pool in
            for size in [0, -1] {
                #expect(throws: ExecutorError.notPositive("the buffer size", size)) {
                    try pool.map([1], bufferSize: size) { $0 }
                }
                #expect(throws: ExecutorError.notPositive("the chunk size", size)) {
                    try pool.map([1], chunkSize: size) { $0 }
                }
            }
        }
    }

    @Test func `the first error is thrown at its place, and the rest is cancelled`() throws {
        try withThreadPool(maxWorkers: 1) { pool in
            let gate = Event()
            let ran = Counter()
            let results = try pool.map([0, 1, 2, 3, 4]) { (number: Int) throws(Mishap) in
                ran.add()
                if number == 1 { throw Mishap.burnt }
                if number == 2 { gate.wait() }
                return number
            }
            #expect(try results.next() == 0)
            #expect(throws: FutureError<Mishap>.failed(.burnt)) { try results.next() }
            #expect(try results.next() == nil)
            gate.set()
            try pool.shutdown()
            #expect(ran.value <= 3)
        }
    }

    @Test func `each position has its own result, also within a chunk`() throws {
        try withThreadPool(maxWorkers: 2) { pool in
            for size in [1, 2, 10] {
                let results = try pool.map(0..<7, chunkSize: size, bufferSize: 2) { (number: Int) throws(Mishap) in
                    if number % 3 == 1 { throw Mishap.spilled }
                    return number
                }
                let found = results.results.map { try? $0.get() }
                #expect(found == [0, nil, 2, 3, nil, 5, 6])
            }
        }
    }

    @Test func `what has not begun is cancelled when the results are let go`() throws {
        try withThreadPool(maxWorkers: 1) { pool in
            let gate = Event()
            let running = Event()
            let ran = Counter()
            do {
                let results = try pool.map(0..<10) { _ in
                    ran.add()
                    running.set()
                    gate.wait()
                }
                running.wait()
                withExtendedLifetime(results) {}
            }
            gate.set()
            try pool.shutdown()
            #expect(ran.value == 1)
        }
    }

    @Test func `★ FU-047 after a timeout, what waits behind a busy worker is cancelled and never runs`() throws {
        try repeatedly { _ in
            let pool = try ThreadPoolExecutor(maxWorkers: 1)
            let gate = Event()
            let ran = Counter()
            let results = try pool.map([0, 1, 2], timeout: .milliseconds(2)) { number in
                if number == 0 { gate.wait() } else { ran.add() }
            }
            #expect(throws: FutureError<Never>.timedOut) { try results.next() }
            gate.set()
            try pool.shutdown()
            #expect(ran.value == 0)
        }
    }

    @Test func `a chunk that nobody waits for any more stops between two inputs`() throws {
        try withThreadPool(maxWorkers: 1) { pool in
            let gate = Event()
            let running = Event()
            let ran = Counter()
            do {
                let results = try pool.map(0..<100, chunkSize: 100) { _ in
                    ran.add()
                    running.set()
                    gate.wait()
                }
                running.wait()
                withExtendedLifetime(results) {}
            }
            gate.set()
            try pool.shutdown()
            #expect(ran.value == 1)
        }
    }

    @Test func `a pool that is shut down meanwhile gives what it has taken, and then says so`() throws {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let results = try pool.map(0..<10, bufferSize: 3) { $0 }
        try pool.shutdown()
        let found = Array(results.results)
        #expect(found.count == 4)
        #expect(found.prefix(3).compactMap { try? $0.get() } == [0, 1, 2])
        guard case .failure(.broken(.rejected(.shutDown))) = found[3] else {
            Issue.record("the end is no error: \(found[3])")
            return
        }
        #expect(throws: ExecutorError.shutDown) { try pool.map(0..<3) { $0 } }
        #expect(try pool.map([Int]()) { $0 }.collect() == [])
    }

    @Test func `many inputs go through small buffers`() throws {
        try withThreadPool(maxWorkers: 3) { pool in
            let squares = try pool.map(0..<5000, chunkSize: 7, bufferSize: 5) { $0 * $0 }.collect()
            #expect(squares == (0..<5000).map { $0 * $0 })
        }
    }
}
