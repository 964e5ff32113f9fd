import Foundation
import Futures
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// How workers come and go, how work is cancelled, and how pools end.
@Suite(.leavesNothing, .watchdog) struct PoolLifeTests {
    @Test func `★ FU-059 workers that are replaced after two tasks do all of them`() throws {
        try repeatedly { _ in
            for (workers, tasks) in [(1, 6), (2, 8)] {
                try withExecutor(workers, maxTasksPerWorker: 2) { pool throws in
                    let futures = try (0..<tasks).map { try pool.submit(Tasks.square, $0) }
                    #expect(try futures.map { try $0.get() } == (0..<tasks).map { $0 * $0 })
                }
            }
        }
    }

    @Test func `FU-060 workers of one task each do all tasks before a shutdown ends`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 3, context: TestContext.spawn, maxTasksPerWorker: 1)
        let futures = try (0..<6).map { _ in try pool.submit(Tasks.pid) }
        try pool.shutdown()
        #expect(Set(try futures.map { try $0.get(timeout: .zero) }).count == 6)
    }

    @Test func `FU-062 what is queued is done though a worker ends after a shutdown that does not wait`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn, maxTasksPerWorker: 1)
        let futures = try (0..<3).map { try pool.submit(Tasks.square, $0) }
        #expect(try pool.shutdown(timeout: .zero) == false)
        #expect(try futures.map { try $0.get() } == [0, 1, 4])
        try pool.shutdown()
    }

    @Test func `FU-063 terminated workers get SIGTERM, and nothing more is taken`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn)
        let (here, there) = try Pipe.duplex()
        let running = try pool.submit(Tasks.hold, Gate(there))
        there.close()
        let queued = try pool.submit(Tasks.square, 1)
        _ = try here.receive(Int32.self)
        pool.terminateWorkers()
        #expect(running.poolFailure == .workerDied(.signaled(signal: SIGTERM, coreDumped: false)))
        #expect(queued.isCancelled)
        #expect(throws: ExecutorError.shutDown) { try pool.submit(Tasks.square, 1) }
        try pool.shutdown()
    }

    @Test func `FU-064 killed workers get SIGKILL`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn)
        let (here, there) = try Pipe.duplex()
        let running = try pool.submit(Tasks.ignoreTermination, there)
        there.close()
        _ = try here.receive(Int32.self)
        pool.killWorkers()
        #expect(running.poolFailure == .workerDied(.signaled(signal: SIGKILL, coreDumped: false)))
        try pool.shutdown()
    }

    @Test func `a worker that ignores SIGTERM is killed after a grace period`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn)
        let (here, there) = try Pipe.duplex()
        let running = try pool.submit(Tasks.ignoreTermination, there)
        there.close()
        _ = try here.receive(Int32.self)
        pool.terminateWorkers(grace: .milliseconds(50))
        #expect(running.poolFailure == .workerDied(.signaled(signal: SIGKILL, coreDumped: false)))
        try pool.shutdown()
    }

    @Test func `FU-065 to terminate or kill nobody, or the dead, does nothing`() throws {
        let fresh = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn)
        fresh.terminateWorkers()
        fresh.killWorkers()
        try fresh.shutdown()
        let used = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn)
        _ = try used.submit(Tasks.nothing).get()
        try used.shutdown()
        used.killWorkers()
        used.terminateWorkers()
        try used.shutdown()
    }

    @Test func `FU-066 there are never more processes than workers`() throws {
        try withExecutor(2) { pool throws in
            let (here, there) = try Pipe.duplex()
            let futures = try (0..<30).map { try pool.submit(Tasks.hold, Gate(there, $0)) }
            for number in 0..<30 {
                _ = try here.receive(Int32.self)
                #expect(pool.workers.count <= 2)
                if number >= 1 { try here.send(bytes: [1]) }
            }
            try here.send(bytes: [1])
            #expect(try futures.map { try $0.get() } == Array(0..<30))
            there.close()
        }
    }

    @Test func `FU-068 a full wake-up is a wake-up`() throws {
        try withExecutor(2) { pool throws in
            pool.fillBell()
            let futures = try (0..<100).map { try pool.submit(Tasks.square, $0) }
            pool.fillBell()
            #expect(try futures.map { try $0.get() } == (0..<100).map { $0 * $0 })
        }
    }

    // MARK: - Cancelling

    @Test func `★ a task that was cancelled never runs, though it was sent already`() throws {
        try repeatedly { _ in
            let file = Scratch()
            try withExecutor(1) { pool throws in
                for number in 0..<5 { _ = try pool.submit(Tasks.square, number).get() }
                let futures = try (0..<40).map { try pool.submit(Tasks.appendLine, Pair(file.path, $0)) }
                let cancelled = Set((0..<40).filter { $0 % 3 == 1 && futures[$0].cancel() })
                for (number, future) in futures.enumerated() where !cancelled.contains(number) {
                    _ = try future.get()
                }
                let ran = file.text.split(separator: "\n").compactMap { Int($0) }
                #expect(ran == (0..<40).filter { !cancelled.contains($0) })
            }
        }
    }

    @Test func `a task that runs cannot be cancelled, and one behind it can`() throws {
        try withExecutor(1) { pool throws in
            let (here, there) = try Pipe.duplex()
            let running = try pool.submit(Tasks.hold, Gate(there, 1))
            let behind = try pool.submit(Tasks.hold, Gate(there, 2))
            there.close()
            _ = try here.receive(Int32.self)
            #expect(!running.cancel() && running.isRunning)
            #expect(behind.cancel())
            try here.send(bytes: [1])
            #expect(try running.get() == 1)
        }
    }

    @Test func `work that waits behind a long task goes to a worker that has nothing to do`() throws {
        try withExecutor(2) { pool throws in
            for number in 0..<20 { _ = try pool.submit(Tasks.square, number).get() }
            let (here, there) = try Pipe.duplex()
            let long = try pool.submit(Tasks.hold, Gate(there, 1))
            let short = try (0..<50).map { try pool.submit(Tasks.square, $0) }
            #expect(try short.map { try $0.get() } == (0..<50).map { $0 * $0 })
            there.close()
            _ = try here.receive(Int32.self)
            here.close()
            #expect(try long.get() == 1)
        }
    }

    @Test func `a shutdown that cancels leaves only what runs`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn)
        let (here, there) = try Pipe.duplex()
        let running = try pool.submit(Tasks.hold, Gate(there, 1))
        let queued = try (0..<5).map { try pool.submit(Tasks.square, $0) }
        there.close()
        _ = try here.receive(Int32.self)
        #expect(try pool.shutdown(cancelPending: true, timeout: .zero) == false)
        #expect(queued.count { $0.isCancelled } == 5)
        here.close()
        #expect(try running.get() == 1)
        try pool.shutdown()
    }

    @Test func `a chunk that was asked to stop does not go on`() throws {
        try withExecutor(1) { pool throws in
            _ = try pool.submit(Tasks.pid).get()
            var results = try Optional(pool.map(Tasks.nap, Array(repeating: 20, count: 500), chunkSize: 500))
            withExtendedLifetime(results) {}
            results = nil
            let taken = try elapsed { _ = try pool.submit(Tasks.pid).get() }
            #expect(taken < .seconds(5))
        }
    }

    // MARK: - Callbacks, and the end

    @Test func `callbacks may wait for other tasks, and throw, and shut the pool down`() throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 1, context: TestContext.spawn)
        let log = Log<Int>()
        let first = try pool.submit(Tasks.square, 2)
        first.onCompletion { _ in log.add(try pool.submit(Tasks.square, 3).get()) }
        first.onCompletion { _ in throw ThreadExit() }
        first.onCompletion { _ in
            try pool.shutdown()
            log.add(1)
        }
        try eventually("the callbacks have run") { log.entries == [9, 1] }
        try pool.shutdown()
    }

    @Test func `a pool that nobody has any more does what it was given`() throws {
        var pool: ProcessPoolExecutor? = try ProcessPoolExecutor(maxWorkers: 2, context: TestContext.spawn)
        let futures = try (0..<20).map { try pool!.submit(Tasks.square, $0) }
        _ = try futures[0].get()
        let last = try #require(pool?.workers)
        pool = nil
        #expect(try futures.map { try $0.get() } == (0..<20).map { $0 * $0 })
        for worker in last { #expect(try worker.join() == .exited(code: 0)) }
    }

    @Test func `☆ MP-127 an initializer that fails breaks the pool at once, and says why`() throws {
        try repeatedly { _ in
            let pool = try ProcessPoolExecutor(
                maxWorkers: 2, context: TestContext.spawn, initializer: Tasks.failToPrepare, argument: Nothing())
            let futures = (0..<5).compactMap { try? pool.submit(Tasks.square, $0) }
            for future in futures {
                guard case .failure(.broken(.initializer(let error))) = future.result() else {
                    Issue.record("\(future.result())")
                    continue
                }
                #expect((error as? RemoteError)?.message == "out of cheese")
            }
            #expect(throws: ExecutorError.self) { try pool.submit(Tasks.square, 1) }
            try pool.shutdown()
        }
    }

    @Test func `☆ MP-127 an initializer that kills its worker is not tried for ever`() throws {
        try repeatedly { _ in
            let pool = try ProcessPoolExecutor(
                maxWorkers: 1, context: TestContext.spawn, initializer: Tasks.dieToPrepare, argument: Nothing())
            let failure = try pool.submit(Tasks.square, 1).poolFailure
            #expect(failure == .neverReady(.signaled(signal: SIGKILL, coreDumped: false)))
            try pool.shutdown()
        }
    }

    @Test func `MP-132 a worker may have a pool of its own`() throws {
        try withExecutor(1) { pool throws in
            #expect(try pool.submit(Tasks.nestPool, 5).get() == [0, 1, 4, 9, 16])
        }
    }
}
