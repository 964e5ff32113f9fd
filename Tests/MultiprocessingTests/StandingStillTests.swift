import Foundation
import Linux
@testable import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// Processes that are stopped with what others need in their hands: none of these waits for ever.
@Suite(.leavesNothing, .watchdog) struct StandingStillTests {
    private func stop(_ process: Multiprocessing.Process) throws {
        try process.send(signal: SIGSTOP)
        try eventually("it is stopped") {
            let words = try String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)
            return words.split(separator: ")").last?.hasPrefix(" T") ?? false
        }
    }

    @Test func `a consumer that is stopped while it waits does not keep elements from others`() throws {
        let queue = try ProcessQueue<[UInt8]>()
        let stopped = try begin(Tasks.getForever) { Using(queue, ready: $0) }
        let ring = queue.elements.ring
        try eventually("it has the turn") { ring.getTurn.owner?.process == stopped.pid && ring.itemSleeper.value == 1 }
        try stop(stopped)
        let others = try Crew(2) { _ in try queue.get(timeout: .seconds(60)) }
        for number in 0..<2 { try queue.put([UInt8(number)]) }
        #expect(try others.join().count == 2)
        #expect(throws: ProcessGetError.self) { try queue.get(timeout: .milliseconds(60)) }
        try kill(stopped)
    }

    @Test func `a producer that is stopped while it waits does not keep room from others`() throws {
        let queue = try ProcessQueue<[UInt8]>(capacity: 1)
        let stopped = try begin(Tasks.putForever) { Using(queue, 1, ready: $0) }
        let ring = queue.elements.ring
        try eventually("it has the turn") { ring.putTurn.owner?.process == stopped.pid && ring.roomSleeper.value == 1 }
        try stop(stopped)
        let other = try Crew(1) { _ in try queue.put([], timeout: .seconds(60)) }
        _ = try queue.get()
        try other.join()
        try kill(stopped)
    }

    @Test func `a thread that is stopped while it waits for a permit does not keep permits from others`() throws {
        let semaphore = try SharedSemaphore(0)
        let stopped = try begin(Tasks.takePermits) { Using(semaphore, ready: $0) }
        try eventually("it has the turn") { semaphore.core.turn.owner?.process == stopped.pid }
        try stop(stopped)
        let others = try Crew(2) { _ in semaphore.acquire(timeout: .seconds(60)) }
        try semaphore.release(2)
        #expect(try others.join() == [true, true])
        try kill(stopped)
    }

    @Test func `whoever only tries does not wait for one that stands still within a queue`() throws {
        let queue = try ProcessQueue<[UInt8]>()
        try queue.put([1])
        let ring = queue.elements.ring
        let (isHeld, isDone) = (Event(), Event())
        let holder = try Crew(1) { _ in
            _ = ring.getLock.acquire()
            _ = ring.putLock.acquire()
            isHeld.set()
            isDone.wait()
            ring.putLock.release()
            ring.getLock.release()
        }
        isHeld.wait()
        #expect(throws: ProcessGetError.self) { try queue.tryGet() }
        #expect(throws: ProcessGetError.self) { try queue.get(timeout: .milliseconds(1)) }
        #expect(throws: ProcessPutError.self) { try queue.tryPut([2]) }
        isDone.set()
        try holder.join()
        #expect(try queue.tryGet() == [1])
    }

    @Test func `a fork server that stands still is replaced`() throws {
        let server = ForkServer(program: TestContext.program, answerTime: .milliseconds(300))
        defer { server.stop() }
        try server.start()
        let first = try #require(server.pid)
        #expect(Foundation.kill(first, SIGSTOP) == 0)
        let launch = Launch(name: "test", program: nil, input: .null, output: .null, error: .null)
        let (handle, control) = try server.makeProcess(for: launch)
        #expect(try control.receive(Hello.self, timeout: .seconds(60)).hello == handle.pid)
        #expect(server.pid != first)
        // Without its task it ends.
        control.close()
        #expect(handle.wait(until: Deadline(after: .seconds(60))) != nil)
    }

    @Test func `a thread that joins a queue with items of its own is told`() throws {
        let queue = try JoinableQueue<Int>()
        try queue.put(1)
        _ = try queue.get()
        #expect(throws: QueueJoinError.ownItems(1)) { try queue.join() }
        #expect(try !queue.join(timeout: .milliseconds(1)))
        try queue.taskDone()
        #expect(try queue.join())
    }

    @Test func `a notification goes on to another thread when the one that was notified is killed`() throws {
        let condition = try SharedCondition(lock: SharedLock())
        let doomed = try begin(Tasks.waitOnCondition) { Using(condition, ready: $0) }
        try eventually("it waits") { condition.withLock { $0.waiterCount } == 1 }
        let other = try Crew(1) { _ in try condition.withLock { try $0.wait(timeout: .seconds(60)) } }
        try eventually("both wait") { condition.withLock { $0.waiterCount } == 2 }
        try stop(doomed)
        #expect(condition.withLock { $0.notify() } == 1)
        try kill(doomed)
        condition.withLock { _ in }
        #expect(try other.join() == [true])
    }

    @Test func `conditions and barriers for more threads than there can be are refused`() throws {
        #expect(throws: SharedMemoryError.self) {
            _ = try SharedCondition(lock: SharedLock(), maximumWaiters: (1 << 20) + 1)
        }
        #expect(throws: SharedMemoryError.self) { _ = try SharedCondition(lock: SharedLock(), maximumWaiters: .max) }
        #expect(throws: SharedMemoryError.self) { _ = try SharedBarrier(parties: .max) }
    }
}
