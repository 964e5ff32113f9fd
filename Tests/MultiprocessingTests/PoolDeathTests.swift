import Foundation
import Futures
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// What becomes of tasks, and of the others, when workers die.
@Suite(.leavesNothing, .watchdog) struct PoolDeathTests {
    @Test func `FU-048 the task of a killed worker says so`() throws {
        try withExecutor(1) { pool throws in
            let (here, there) = try Pipe.duplex()
            let future = try pool.submit(Tasks.hold, Gate(there))
            there.close()
            kill(try here.receive(Int32.self), SIGKILL)
            #expect(future.poolFailure == .workerDied(.signaled(signal: SIGKILL, coreDumped: false)))
            #expect(try pool.submit(Tasks.square, 4).get() == 16)
        }
    }

    @Test func `★ FU-049 the death of a worker concerns no other task`() throws {
        try repeatedly { _ in
            try withExecutor(2) { pool throws in
                let before = try (0..<5).map { try pool.submit(Tasks.square, $0) }
                let killed = try pool.submit(Tasks.raise, SIGKILL)
                let after = try (5..<20).map { try pool.submit(Tasks.square, $0) }
                #expect(killed.poolFailure == .workerDied(.signaled(signal: SIGKILL, coreDumped: false)))
                #expect(try (before + after).map { try $0.get() } == (0..<20).map { $0 * $0 })
            }
        }
    }

    @Test func `FU-050 a task that crashes, traps or exits fails at once`() throws {
        try withExecutor(2) { pool throws in
            guard case .workerDied(.signaled(SIGSEGV, _)) = try pool.submit(Tasks.raise, SIGSEGV).poolFailure else {
                Issue.record("no crash")
                return
            }
            guard case .workerDied(.signaled(SIGILL, _)) = try pool.submit(Tasks.trap).poolFailure else {
                Issue.record("no trap")
                return
            }
            #expect(try pool.submit(Tasks.leaveAtOnce, 7).poolFailure == .workerDied(.exited(code: 7)))
            #expect(try pool.submit(Tasks.exitInC, 0).poolFailure == .workerDied(.exited(code: 0)))
            #expect(try pool.submit(Tasks.square, 4).get() == 16)
        }
    }

    @Test(arguments: [Misbehaviour.Way.crash, .exit, .throwError])
    func `a worker that misbehaves while it decodes an argument or encodes a result fails that task only`(
        _ way: Misbehaviour.Way
    ) throws {
        try withExecutor(1) { pool throws in
            let decoding = try pool.submit(Tasks.accept, Misbehaviour(way: way, at: .decoding))
            let encoding = try pool.submit(Tasks.returnBadly, way)
            let good = try pool.submit(Tasks.square, 4)
            for result in [decoding.result().map { _ in 0 }, encoding.result().map { _ in 0 }] {
                guard case .failure(let error) = result else { Issue.record("no error"); continue }
                switch (way, error.poolFailure) {
                case (.throwError, nil): #expect(error.failure is RemoteError)
                case (.crash, .workerDied(.signaled)): break
                case (.exit, let failure): #expect(failure == .workerDied(.exited(code: 7)))
                case _: Issue.record("unexpected \(error)")
                }
            }
            #expect(try good.get() == 16)
        }
    }

    @Test(arguments: [true, false])
    func `a worker that hangs while it decodes or encodes holds up no other task`(_ decodes: Bool) throws {
        let pool = try ProcessPoolExecutor(maxWorkers: 2, context: TestContext.spawn)
        let stuck: AnyFuture =
            decodes
            ? try pool.submit(Tasks.accept, Misbehaviour(way: .hang, at: .decoding))
            : try pool.submit(Tasks.returnBadly, .hang)
        let others = try (0..<20).map { try pool.submit(Tasks.square, $0) }
        #expect(try others.map { try $0.get() } == (0..<20).map { $0 * $0 })
        #expect(stuck.isRunning)
        pool.killWorkers()
        try pool.shutdown()
        #expect(stuck.isDone)
    }

    @Test func `★ FU-051 a worker that dies while a large argument is on its way fails its task, and nothing hangs`()
        throws
    {
        try repeatedly { _ in
            try withExecutor(1) { pool throws in
                let large = [UInt8](repeating: 1, count: 4 << 20)
                let (here, there) = try Pipe.duplex()
                let held = try pool.submit(Tasks.hold, Gate(there))
                there.close()
                let results = try pool.map(Tasks.count, Array(repeating: large, count: 10))
                kill(try here.receive(Int32.self), SIGKILL)
                #expect(held.poolFailure == .workerDied(.signaled(signal: SIGKILL, coreDumped: false)))
                #expect(try results.collect() == Array(repeating: 4 << 20, count: 10))
            }
        }
    }

    @Test func `☆ FU-052 workers that die at any moment hold nothing that others need`() throws {
        try repeatedly { round in
            try withExecutor(2) { pool throws in
                let futures = try (0..<200).map { try pool.submit(Tasks.square, $0) }
                if round % 2 == 0 { _ = futures[0].result() }
                for worker in pool.workers { _ = try? worker.kill() }
                var lost = 0
                for (number, future) in futures.enumerated() {
                    switch future.result() {
                    case .success(let square): #expect(square == number * number)
                    case .failure: lost += 1
                    }
                }
                // Each of those that were killed can have had one.
                #expect(lost <= 2)
                #expect(try pool.submit(Tasks.square, 4).get() == 16)
            }
        }
    }

    @Test func `★ FU-055 a result or an error that cannot be decoded fails its task only`() throws {
        try withExecutor(1) { pool throws in
            let pid = try pool.submit(Tasks.pid).get()
            try repeatedly { _ in
                let result = try pool.submit(Tasks.returnUnreadable)
                let error = try pool.submit(Tasks.throwUnreadable)
                let good = try pool.submit(Tasks.square, 4)
                guard case .failure(.failed) = result.result() else { Issue.record("no error"); return }
                guard case .failure(.failed(let words)) = error.result() else { Issue.record("no error"); return }
                #expect((words as? RemoteError)?.typeName == "MultiprocessingTasks.Unreadable")
                #expect(try good.get() == 16)
            }
            #expect(try pool.submit(Tasks.pid).get() == pid)
        }
    }

    @Test func `★ a task is lost only if it had begun`() throws {
        try repeatedly { _ in
            let file = Scratch()
            try withExecutor(1) { pool throws in
                // Quick ones first, so that the next ones are sent together.
                for number in 0..<3 { _ = try pool.submit(Tasks.square, number).get() }
                var futures: [Future<Nothing, any Error>] = []
                for number in 0..<30 {
                    futures.append(try pool.submit(Tasks.appendLine, Pair(file.path, number)))
                    if number % 10 == 5 { _ = try pool.submit(Tasks.raise, SIGKILL) }
                }
                for future in futures { _ = try future.get() }
                #expect(file.text.split(separator: "\n").map { Int($0) } == Array(0..<30))
            }
        }
    }

    @Test func `a task is done again if its worker has died and it may be`() throws {
        let file = Scratch()
        try withExecutor(1, retries: 1) { pool throws in
            #expect(try pool.submit(Tasks.dieOnce, file.path + "-once").get() == "alive")
            let failure = try pool.submit(Tasks.raise, SIGKILL).poolFailure
            #expect(failure == .workerDied(.signaled(signal: SIGKILL, coreDumped: false)))
        }
        unlink(file.path + "-once")
    }

    @Test func `★ FU-061 what is queued fails with the reason when no worker can be started any more`() throws {
        try repeatedly { _ in
            let copy = FileManager.default.temporaryDirectory.path + "/worker-\(UUID().uuidString)"
            try FileManager.default.createSymbolicLink(atPath: copy, withDestinationPath: TestContext.program)
            try withExecutor(1, maxTasksPerWorker: 1, context: Context(.spawn, program: copy)) { pool throws in
                let (here, there) = try Pipe.duplex()
                let first = try pool.submit(Tasks.hold, Gate(there))
                there.close()
                let queued = try (0..<5).map { try pool.submit(Tasks.square, $0) }
                _ = try here.receive(Int32.self)
                try FileManager.default.removeItem(atPath: copy)
                here.close()
                #expect(try first.get() == 0)
                for future in queued {
                    guard case .cannotStart = future.poolFailure else { Issue.record("\(future.result())"); continue }
                }
            }
        }
    }
}
