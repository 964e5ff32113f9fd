import Foundation
import Futures
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// Runs a test with a pool of the tests' worker program, which is gone afterwards.
func withTestPool(_ count: Int, _ body: (Pool) throws -> Void) throws {
    let pool = try Pool(processes: count, context: TestContext.spawn)
    do {
        try body(pool)
    } catch {
        pool.terminate()
        try pool.join()
        throw error
    }
    pool.close()
    try pool.join()
}

/// The pool with the names of Python's `multiprocessing.Pool`.
@Suite(.leavesNothing, .watchdog) struct PoolFaceTests {
    @Test func `MP-114 all maps are equal to what one process finds`() throws {
        try withTestPool(3) { pool throws in
            let inputs = Array(0..<50)
            let expected = inputs.map { $0 * $0 }
            let pairs = inputs.map { ($0, 2 * $0) }
            let sums = inputs.map { 3 * $0 }
            #expect(try pool.apply(Tasks.square, 7) == 49)
            #expect(try pool.map(Tasks.square, inputs) == expected)
            for size in [1, 20, 100] {
                #expect(try pool.map(Tasks.square, inputs, chunkSize: size) == expected)
                #expect(try pool.starmap(Tasks.add, pairs, chunkSize: size) == sums)
                #expect(try pool.imap(Tasks.square, inputs, chunkSize: size).collect() == expected)
                #expect(try pool.mapAsync(Tasks.square, inputs, chunkSize: size).get() == expected)
                #expect(try pool.starmapAsync(Tasks.add, pairs, chunkSize: size).get() == sums)
                let unordered = try pool.imapUnordered(Tasks.square, inputs, chunkSize: size)
                var found: [Int] = []
                while let square = try unordered.next() { found.append(square) }
                #expect(found.sorted() == expected)
            }
        }
    }

    @Test func `MP-115 no inputs, no results, and no wait`() throws {
        try withTestPool(1) { pool throws in
            let none: [Int] = []
            var found = try pool.map(Tasks.square, none)
            found += try pool.starmap(Tasks.add, [(Int, Int)]())
            found += try pool.mapAsync(Tasks.square, none).get(timeout: .zero)
            let firsts = [
                try pool.imap(Tasks.square, none).next(), try pool.imapUnordered(Tasks.square, none).next(),
            ]
            #expect(found.isEmpty && firsts == [nil, nil])
        }
    }

    @Test func `MP-118 a wait for a long task gives up in time, and a later one gets the result`() throws {
        try withTestPool(1) { pool throws in
            let (here, there) = try Pipe.duplex()
            let future = try pool.applyAsync(Tasks.hold, Gate(there, 3))
            there.close()
            _ = try here.receive(Int32.self)
            let taken = elapsed {
                guard case .failure(.timedOut) = future.result(timeout: .milliseconds(200)) else {
                    Issue.record("it was not too late")
                    return
                }
            }
            #expect(taken >= .milliseconds(200))
            here.close()
            #expect(try future.get() == 3)
            #expect(try future.get() == 3)
        }
    }

    @Test func `MP-119 each callback is called once, with the value or the error`() throws {
        try withTestPool(1) { pool throws in
            let log = Log<String>()
            try pool.applyAsync(Tasks.square, 3, callback: { log.add("\($0)") }, errorCallback: { _ in log.add("?") })
            try pool.applyAsync(
                Tasks.throwDeclared, 4, callback: { _ in log.add("?") },
                errorCallback: { log.add("\(($0.failure as? Declared)?.number ?? 0)") })
            try pool.mapAsync(Tasks.square, [1, 2], callback: { log.add("\($0)") })
            try pool.mapAsync(
                Tasks.halve, [2, 3, 5], errorCallback: { log.add("\(($0.failure as? Declared)?.number ?? 0)") })
            try eventually("all were called") { log.entries.count == 4 }
            #expect(log.entries == ["9", "4", "[1, 4]", "3"])
        }
    }

    @Test func `★ MP-120 a callback that throws is reported and harms nobody`() throws {
        try withTestPool(1) { pool throws in
            let before = Thread.uncaughtErrorHandler
            defer { Thread.uncaughtErrorHandler = before }
            let reported = Counter()
            Thread.uncaughtErrorHandler = { uncaught in
                if uncaught.error is Failure { reported.add() } else { before(uncaught) }
            }
            try repeatedly { _ in
                try pool.applyAsync(Tasks.square, 3, callback: { _ in throw Failure() })
                #expect(try pool.apply(Tasks.square, 4) == 16)
            }
            try eventually("all were reported") { reported.value == rounds }
        }
    }

    @Test func `MP-121 a task that exits fails, instead of being waited for for ever`() throws {
        try withTestPool(1) { pool throws in
            #expect(try pool.applyAsync(Tasks.leaveAtOnce, 0).poolFailure == .workerDied(.exited(code: 0)))
            #expect(try pool.map(Tasks.square, [1, 2]) == [1, 4])
        }
    }

    @Test func `MP-124 workers are replaced after ten tasks, and no task is lost`() throws {
        let pool = try Pool(processes: 3, context: TestContext.spawn, maxTasksPerChild: 10)
        let first = Set(pool.workers.map(\.pid))
        #expect(first.count == 3)
        #expect(try pool.map(Tasks.square, 0..<100, chunkSize: 1) == (0..<100).map { $0 * $0 })
        pool.close()
        try eventually("none of the first is left") { Set(pool.workers.map(\.pid)).isDisjoint(with: first) }
        try pool.join()
    }

    @Test func `MP-126 a worker cannot be replaced after less than one task`() {
        for number in [0, -1] {
            #expect(throws: ExecutorError.self) { try Pool(processes: 1, maxTasksPerChild: number) }
        }
        #expect(throws: ExecutorError.self) { try Pool(processes: 0) }
    }

    @Test func `MP-128 to terminate ten thousand tasks takes no time`() throws {
        let pool = try Pool(processes: 2, context: TestContext.spawn)
        let future = try pool.mapAsync(Tasks.nap, Array(repeating: 60_000, count: 10_000), chunkSize: 1)
        let taken = try elapsed {
            pool.terminate()
            try pool.join()
        }
        #expect(taken < .seconds(10))
        #expect(throws: (any Error).self) { try future.get() }
    }

    @Test func `MP-130 a pool whose workers cannot be started throws, and leaves none`() {
        do {
            _ = try Pool(processes: 3, context: Context(.spawn, program: "/no/such/program"))
            Issue.record("it was started")
        } catch {
            guard case .broken(.worker(let reason)) = error, case .cannotStart = reason as? PoolFailure else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `MP-131 a pool that is dropped without close terminates its workers`() throws {
        var pool: Pool? = try Pool(processes: 2, context: TestContext.spawn)
        let workers = try #require(pool?.workers)
        _ = try pool?.apply(Tasks.square, 1)
        pool = nil
        for worker in workers { #expect(try worker.join() != nil) }
    }

    @Test func `MP-131 a program that ends with a pool of its own says so, and does not wait for what it does`() throws
    {
        let said = Scratch()
        let process = try Process(Tasks.leavePool, in: TestContext.spawn, error: .file(said.path, .append))
        #expect(try process.join(timeout: .seconds(30)) == .exited(code: 0))
        #expect(said.text.contains("was dropped without close()"))
    }

    @Test func `a program that ends with an executor of its own finishes what it was given`() throws {
        let file = Scratch()
        let process = try Process(Tasks.leaveExecutor, file.path, in: TestContext.spawn)
        #expect(try process.join(timeout: .seconds(30)) == .exited(code: 0))
        #expect(file.text.split(separator: "\n").sorted() == ["0", "1", "2", "3"])
    }

    @Test func `MP-133 many pools one after the other leave nothing`() throws {
        for _ in 0..<20 {
            try withTestPool(1) { pool throws in #expect(try pool.apply(Tasks.square, 2) == 4) }
        }
    }

    @Test func `unordered results come as they are done, and are waited for with a limit`() throws {
        try withTestPool(2) { pool throws in
            let (here, there) = try Pipe.duplex()
            let results = try pool.imapUnordered(Tasks.hold, [Gate(there, 1), Gate(there, 2)])
            _ = try here.receive(Int32.self)
            _ = try here.receive(Int32.self)
            guard case .failure(.timedOut) = results.nextResult(timeout: .zero) else {
                Issue.record("a result without an end")
                return
            }
            try here.send(bytes: [1])
            let first = try results.next()
            try here.send(bytes: [1])
            #expect(Set([first, try results.next()]) == [1, 2])
            #expect(try results.next() == nil)
            there.close()
        }
    }

    @Test func `inputs are read only as far as the buffer has room`() throws {
        try withTestPool(1) { pool throws in
            let read = Counter()
            let inputs = (0..<1000).lazy.map { (number: Int) -> Int in
                read.add()
                return number
            }
            let results = try pool.imap(Tasks.square, inputs, bufferSize: 4)
            #expect(read.value == 4)
            _ = try results.next()
            #expect(read.value <= 6)
        }
    }

    @Test func `a pool that takes work cannot be joined`() throws {
        try withTestPool(1) { pool throws in #expect(throws: PoolUseError.running) { try pool.join() } }
    }
}
