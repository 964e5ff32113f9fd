import Foundation
import Futures
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// Runs a test with a pool of the tests' worker program, which is gone afterwards.
func withExecutor(
    _ workers: Int, maxTasksPerWorker: Int? = nil, retries: Int = 0, context: Context = TestContext.spawn,
    _ body: (ProcessPoolExecutor) throws -> Void
) throws {
    let pool = try ProcessPoolExecutor(
        maxWorkers: workers, context: context, maxTasksPerWorker: maxTasksPerWorker, retries: retries)
    do {
        try body(pool)
    } catch {
        pool.killWorkers()
        try pool.shutdown()
        throw error
    }
    try pool.shutdown()
}

extension FutureError<any Error> {
    /// What the pool says, if it is that.
    var poolFailure: PoolFailure? {
        guard case .broken(.worker(let error)) = self else { return nil }
        return error as? PoolFailure
    }
}

extension Future where Failure == any Error {
    var poolFailure: PoolFailure? {
        guard case .failure(let error) = result() else { return nil }
        return error.poolFailure
    }
}

@Suite(.leavesNothing, .watchdog) struct PoolTests {
    @Test func `functions run in other processes, and their results come back`() throws {
        try TestContext.each { context in
            try withExecutor(2, context: context) { pool throws in
                let futures = try (0..<50).map { try pool.submit(Tasks.square, $0) }
                #expect(try futures.map { try $0.get() } == (0..<50).map { $0 * $0 })
                #expect(try pool.submit(Tasks.pid).get() != getpid())
                #expect(pool.workers.count <= 2)
            }
        }
    }

    @Test func `an idle worker is used again before another one is started`() throws {
        try withExecutor(4) { pool throws in
            var pids: Set<Int32> = []
            for _ in 0..<10 { pids.insert(try pool.submit(Tasks.pid).get()) }
            #expect(pids.count == 1)
            #expect(pool.workers.count == 1)
        }
    }

    @Test func `map gives the results in order, by chunks and with a buffer`() throws {
        try withExecutor(2) { pool throws in
            let expected = (0..<100).map { $0 * $0 }
            for (chunk, buffer) in [(1, nil), (7, nil), (100, nil), (1, 3), (20, 2)] as [(Int, Int?)] {
                let results = try pool.map(Tasks.square, 0..<100, chunkSize: chunk, bufferSize: buffer)
                #expect(try results.collect() == expected)
            }
            #expect(try pool.map(Tasks.square, sequence(first: 1) { $0 + 1 }, bufferSize: 2).next() == 1)
            #expect(try pool.map(Tasks.add, 0..<10, 10..<20, chunkSize: 3).collect() == (0..<10).map { 10 + 2 * $0 })
            #expect(throws: ExecutorError.self) { try pool.map(Tasks.square, 0..<9, chunkSize: 0) }
        }
    }

    @Test func `an input that fails concerns no other one of its chunk`() throws {
        try withExecutor(1) { pool throws in
            let results = try pool.map(Tasks.halve, 0..<6, chunkSize: 3).results.map { result -> Int? in
                if case .failure(let error) = result { #expect(error.failure is Declared) }
                return try? result.get()
            }
            #expect(results == [0, nil, 1, nil, 2, nil])
        }
    }

    @Test func `an input that cannot be encoded concerns no other one of its chunk`() throws {
        try withExecutor(1) { pool throws in
            let good = Misbehaviour(way: .throwError, at: .decoding)
            let bad = Misbehaviour(way: .throwError, at: .encoding)
            let results = try pool.map(Tasks.accept, [bad, good, bad], chunkSize: 3).results
            let words = results.map { result in
                if case .failure(.failed(let error)) = result { "\(type(of: error))" } else { "none" }
            }
            #expect(words == ["Undeclared", "RemoteError", "Undeclared"])
            #expect(try pool.submit(Tasks.square, 3).get() == 9)
        }
    }

    @Test func `FU-057 an error comes back as what it was, with its type, its message and where it was thrown`() throws
    {
        try withExecutor(1) { pool throws in
            let declared = try pool.submit(Tasks.throwDeclared, 5).result()
            guard case .failure(.failed(let error)) = declared else { Issue.record("no error"); return }
            #expect(error as? Declared == Declared(number: 5))
            guard case .failure(.failed(let other)) = try pool.submit(Tasks.fail).result() else {
                Issue.record("no error")
                return
            }
            let remote = try #require(other as? RemoteError)
            #expect(remote.typeName == "MultiprocessingTasks.Undeclared" && remote.message == "out of cheese")
            #expect(remote.backtrace?.hasPrefix("in fail, in ProcessPool-") == true)
        }
    }

    @Test func `MP-121 a task that ends itself by an error fails, and its worker lives on`() throws {
        try withExecutor(1) { pool throws in
            let pid = try pool.submit(Tasks.pid).get()
            let future = try pool.submit(Tasks.leave, 3)
            guard case .failure(.failed(let error)) = future.result() else { Issue.record("no error"); return }
            #expect((error as? ProcessExit)?.code == 3)
            #expect(try pool.submit(Tasks.pid).get() == pid)
        }
    }

    @Test func `numbers below one are refused`() {
        #expect(throws: ExecutorError.self) { try ProcessPoolExecutor(maxWorkers: 0) }
        #expect(throws: ExecutorError.self) { try ProcessPoolExecutor(maxWorkers: -1) }
        #expect(throws: ExecutorError.self) { try ProcessPoolExecutor(maxTasksPerWorker: 0) }
    }

    @Test func `a pool without work has no workers, and takes none after its end`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 2, context: TestContext.spawn)
        #expect(pool.workers.isEmpty)
        try pool.shutdown()
        #expect(throws: ExecutorError.shutDown) { try pool.submit(Tasks.nothing) }
        try pool.shutdown()
    }

    @Test func `handles go to a worker and come back`() throws {
        try withExecutor(1) { pool throws in
            let (here, there) = try Pipe.duplex()
            let future = try pool.submit(Tasks.hold, Gate(there, 5))
            there.close()
            #expect(try here.receive(Int32.self) == pool.workers[0].pid)
            #expect(future.isRunning)
            here.close()
            #expect(try future.get() == 5)
        }
    }

    @Test func `large arguments and results`() throws {
        try withExecutor(2) { pool throws in
            let sizes = [0, 1, 65_000, 66_000, 300_000, 5 << 20]
            let counts = try sizes.map { try pool.submit(Tasks.count, [UInt8](repeating: 1, count: $0)) }
            let made = try sizes.map { try pool.submit(Tasks.makeBytes, $0) }
            #expect(try counts.map { try $0.get() } == sizes)
            #expect(try made.map { try $0.get().count } == sizes)
        }
    }

    @Test func `an unknown function fails its task only`() throws {
        try withExecutor(1) { pool throws in
            let unknown = RemoteFunction("no such function") { () in 1 }
            guard case .failure(.failed(let error)) = try pool.submit(unknown).result() else {
                Issue.record("no error")
                return
            }
            #expect("\(error)".contains("no such function"))
            #expect(try pool.submit(Tasks.square, 3).get() == 9)
        }
    }

    @Test func `the initializer runs in each worker before its first task`() throws {
        let pool = try ProcessPoolExecutor(
            maxWorkers: 2, context: TestContext.spawn, initializer: Tasks.prepare, argument: 42, maxTasksPerWorker: 1)
        #expect(try (0..<4).map { _ in try pool.submit(Tasks.prepared) }.map { try $0.get() } == [42, 42, 42, 42])
        try pool.shutdown()
    }
}
