import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// A server in a process of its own, and what becomes of it and of its clients when somebody dies.
@Suite(.leavesNothing, .watchdog) struct ManagedProcessTests {
    private func withWorkers(_ body: (Manager) throws -> Void) throws {
        try withManager(Manager(in: TestContext.spawn, server: Bank.server), body)
    }

    /// Starts a process that does something until it is killed, once it has come so far; kills it, and waits for that.
    private func kill<Output>(
        _ function: RemoteFunction<ObjectJob, Output>, _ job: ObjectJob, when isReady: () throws -> Bool
    ) throws {
        let process = try Process(function, job, in: TestContext.spawn)
        try eventually("the process has come so far", isReady)
        try process.kill()
        #expect(try process.join() == .signaled(signal: 9, coreDumped: false))
    }

    private func alive(_ pid: Int32) -> Bool {
        guard Foundation.kill(pid, 0) == 0 else { return false }
        // One that nobody has collected yet is there, but dead.
        let words = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.split(separator: " ") ?? []
        return words.count > 2 && words[2] != "Z"
    }

    @Test func `MP-101 a manager is started once, used, and shut down as often as one likes`() throws {
        try TestContext.each { context in
            let manager = Manager(in: context)
            #expect(throws: ObjectError.notRunning) { _ = try manager.event() }
            #expect(throws: ObjectError.notRunning) { try manager.shutdown() }
            try manager.start()
            #expect(throws: ObjectError.alreadyStarted) { try manager.start() }
            let list = try manager.list([1, 2])
            let process = try #require(manager.process)
            #expect(try list.elements() == [1, 2])
            try manager.shutdown()
            try manager.shutdown()
            #expect(try process.join() == .exited(code: 0))
            #expect(throws: ObjectError.alreadyStarted) { try manager.start() }
            #expect(throws: ObjectError.notRunning) { _ = try list.elements() }
        }
    }

    @Test func `a program without the server is a clear error`() throws {
        let manager = Manager(in: Context(.spawn, program: "/bin/true"))
        #expect(throws: ObjectError.self) { try manager.start() }
    }

    @Test func `proxies go to other processes, and no change is lost`() throws {
        try withWorkers { manager in
            var job = ObjectJob()
            job.lock = try manager.lock()
            job.counts = try manager.dictionary(of: String.self, Int.self)
            job.count = 50
            let workers = try (0..<3).map { _ in try Process(Tasks.countUp, job, in: TestContext.spawn) }
            for worker in workers { #expect(try worker.join() == .exited(code: 0)) }
            #expect(try job.counts?.snapshot() == ["added": 150, "updated": 150, "locked": 150])
            try eventually("their references are back") { try manager.census().clients == 1 }
        }
    }

    @Test func `MP-103 MP-104 methods of the program's own types run in the server's process`() throws {
        try withWorkers { manager in
            let account = try manager.create(Bank.account, 1)
            #expect(try account.call(Bank.add, 2) == 3)
            #expect(throws: AccountError(missing: 7)) { try account.call(Bank.overdraw, 10) }
            #expect(throws: ObjectError.notExposed(type: "account", method: "hidden")) { try account.call(Bank.hidden) }
        }
    }

    @Test func `MP-111 the server takes no notice of an interrupt`() throws {
        try withWorkers { manager in
            let process = try #require(manager.process)
            let value = try manager.value(1)
            for _ in 0..<5 { try process.interrupt() }
            #expect(try value.add(1) == 2)
            #expect(process.isAlive)
        }
    }

    @Test func `MP-112 a lock of a client that was killed goes to the next one, who is told`() throws {
        try withWorkers { manager in
            var job = ObjectJob()
            job.lock = try manager.lock()
            job.ready = try manager.event()
            job.never = try manager.event()
            let lock = try #require(job.lock)
            let ready = try #require(job.ready)
            try kill(Tasks.holdRemoteLock, job) { try ready.isSet }
            #expect(try lock.acquire() == .abandoned)
            try lock.release()
            #expect(try lock.acquire() == .acquired)
            try lock.release()
            // One that is waited for when its holder dies.
            try ready.clear()
            let holder = try Process(Tasks.holdRemoteLock, job, in: TestContext.spawn)
            try ready.wait()
            let waiting = try Crew(1) { _ in
                let acquisition = try lock.acquire()
                try lock.release()
                return acquisition
            }
            try holder.kill()
            #expect(try waiting.join() == [.abandoned])
            try holder.join()
            // One that dies while it waits is passed over.
            try ready.clear()
            try lock.acquire()
            try kill(Tasks.waitForLock, job) { try ready.isSet }
            try lock.release()
            #expect(try lock.acquire(timeout: .seconds(20)).isHeld)
        }
    }

    @Test func `clients that are killed give back all they have`() throws {
        try withWorkers { manager in
            var job = ObjectJob()
            job.ready = try manager.event()
            job.never = try manager.event()
            job.queue = try manager.queue()
            job.condition = try manager.condition()
            job.barrier = try manager.barrier(parties: 2)
            job.permits = try manager.boundedSemaphore(3)
            job.counts = try manager.dictionary()
            job.count = 2
            let ready = try #require(job.ready)
            let objects = try manager.census().objects

            try kill(Tasks.waitForItem, job) { try ready.isSet }
            try eventually("it is gone") { try manager.census().clients == 1 }
            try job.queue?.put(1)
            #expect(try job.queue?.get(timeout: .seconds(20)) == 1)

            try kill(Tasks.waitAtCondition, job) { try job.condition?.waiterCount == 1 }
            try eventually("it waits no more") { try job.condition?.waiterCount == 0 }
            try job.condition?.withLock { try job.condition?.notifyAll() }

            try kill(Tasks.waitAtRemoteBarrier, job) { try job.barrier?.waitingCount == 1 }
            try eventually("its place is free") { try job.barrier?.waitingCount == 0 }
            let barrier = try #require(job.barrier)
            #expect(try Crew(2) { _ in try barrier.wait(timeout: .seconds(20)) }.join().sorted() == [0, 1])

            try ready.clear()
            try kill(Tasks.holdPermits, job) { try ready.isSet }
            try eventually("the permits are back") { try job.permits?.availablePermits == 3 }

            try ready.clear()
            try kill(Tasks.holdTurn, job) { try ready.isSet }
            let counts = try #require(job.counts)
            #expect(try counts.update("turn") { $0 } == nil)

            try eventually("nothing is left of them") {
                try manager.census() == (objects, 1)
            }
        }
    }

    @Test func `☆ a server that is killed is a clear error for all, at once`() throws {
        let manager = Manager(in: TestContext.spawn)
        try manager.start()
        let process = try #require(manager.process)
        let queue = try manager.queue(of: Int.self)
        let lock = try manager.lock()
        let crew = try Crew(4) { number in
            do {
                if number < 2 { _ = try queue.get() } else { try manager.event().wait() }
                return false
            } catch ObjectError.serverEnded {
                return true
            }
        }
        try eventually("some wait") { try manager.census().objects >= 4 }
        try process.kill()
        #expect(try crew.join() == [true, true, true, true])
        #expect(throws: ObjectError.serverEnded) { try lock.acquire() }
        try manager.shutdown()
    }

    @Test func `☆ a server ends with the program that started it, even when that is killed`() throws {
        let (here, there) = try Pipe.duplex()
        let parent = try Process(Tasks.beParent, there, in: TestContext.spawn)
        there.close()
        let server = Int32(try here.receive(Int.self))
        #expect(alive(server))
        try parent.kill()
        try parent.join()
        try eventually("the server is gone") { !alive(server) }
    }

    @Test func `a server whose manager and proxies are gone ends by itself`() throws {
        var manager: Manager? = Manager(in: TestContext.spawn)
        try manager?.start()
        let process = try #require(manager?.process)
        var list = try manager?.list([1])
        manager = nil
        #expect(try list?.elements() == [1])
        list = nil
        #expect(try process.join(timeout: .seconds(30)) == .exited(code: 0))
    }
}
