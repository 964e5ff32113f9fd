import Foundation
import Multiprocessing
import Testing
import Threading
import ToolkitTesting

/// Locks in shared memory, used by threads of one process: what processes add is in `SharedDeathTests`.
@Suite(.leavesNothing, .timeLimit(.minutes(10))) struct SharedLockTests {
    @Test func `MP-067 a lock that nobody holds cannot be released`() throws {
        #expect(throws: SharedLockError.notOwner) { try SharedLock().release() }
        #expect(throws: SharedLockError.notOwner) { try SharedRLock().release() }
        let lock = try SharedLock()
        lock.acquire()
        try lock.release()
        #expect(throws: SharedLockError.notOwner) { try lock.release() }
        #expect(lock.tryAcquire() == .acquired)
        try lock.release()
    }

    @Test func `MP-067 a bounded semaphore takes no permit too many, an unbounded one does`() throws {
        let bounded = try SharedBoundedSemaphore(1)
        #expect(throws: SemaphoreError.overLimit(1)) { try bounded.release() }
        bounded.withPermit { #expect(bounded.availablePermits == 0) }
        #expect(throws: SemaphoreError.overLimit(1)) { try bounded.release() }
        #expect(bounded.availablePermits == 1)
        #expect(throws: SemaphoreError.notPositive(0)) { try bounded.release(0) }
    }

    @Test func `MP-068 only its holder releases a lock`() throws {
        let (lock, recursive) = (try SharedLock(), try SharedRLock())
        lock.acquire()
        recursive.acquire()
        try Threading.Thread { () throws(any Error) in
            #expect(!lock.isMine)
            #expect(throws: SharedLockError.notOwner) { try lock.release() }
            #expect(throws: SharedLockError.notOwner) { try recursive.release() }
            #expect(lock.tryAcquire() == .timedOut)
            #expect(recursive.tryAcquire() == .timedOut)
        }.join()
        #expect(lock.isMine && recursive.isMine)
        try lock.release()
        try recursive.release()
    }

    @Test func `MP-069 a semaphore counts down to zero and up again`() throws {
        let semaphore = try SharedSemaphore(2)
        var seen = [semaphore.availablePermits]
        semaphore.acquire()
        seen.append(semaphore.availablePermits)
        semaphore.acquire()
        seen.append(semaphore.availablePermits)
        #expect(!semaphore.tryAcquire())
        for _ in 0..<4 {
            try semaphore.release()
            seen.append(semaphore.availablePermits)
        }
        #expect(seen == [2, 1, 0, 1, 2, 3, 4])
    }

    @Test func `MP-070 a semaphore without permits is tried once, or for as long as said`() throws {
        let semaphore = try SharedSemaphore(0)
        #expect(!semaphore.acquire(timeout: .zero))
        #expect(!semaphore.acquire(timeout: .seconds(-5)))
        let time = elapsed { #expect(!semaphore.acquire(timeout: .milliseconds(60))) }
        #expect(time >= .milliseconds(60))
        try semaphore.release()
        #expect(semaphore.acquire(timeout: .seconds(3600)))
    }

    @Test func `a lock is had in time, or not`() throws {
        let lock = try SharedLock()
        lock.acquire()
        try Threading.Thread { () throws(any Error) in
            #expect(lock.acquire(timeout: .zero) == .timedOut)
            let time = elapsed { #expect(lock.acquire(timeout: .milliseconds(40)) == .timedOut) }
            #expect(time >= .milliseconds(40))
            #expect(lock.withLock(timeout: .milliseconds(1)) { 1 } == nil)
        }.join()
        try lock.release()
        #expect(lock.acquire(timeout: .seconds(1_000_000_000_000)) == .acquired)
        // Nobody else can release it, so it waits for itself.
        #expect(lock.acquire(timeout: .milliseconds(5)) == .timedOut)
        try lock.release()
        #expect(!lock.isLocked)
    }

    @Test func `a recursive lock is free when it was released as often as it was taken`() throws {
        let lock = try SharedRLock()
        for _ in 0..<3 { lock.acquire() }
        #expect(lock.releaseCompletely() == 3)
        #expect(!lock.isLocked)
        #expect(lock.acquire(levels: 2) == .acquired)
        try lock.release()
        #expect(lock.isMine)
        try lock.release()
        #expect(lock.owner == nil)
    }

    @Test func `☆ threads that add under the lock lose nothing`() throws {
        try repeatedly { _ in
            let lock = try SharedLock()
            let copy = try Parcel(lock).decode(SharedLock.self)
            // As two processes would have it: each hand has its own view of the lock and of the number.
            let number = try SharedValue(0, lock: .none)
            let sameNumber = try Parcel(number).decode(SharedValue<Int>.self)
            try Crew(4) { index in
                let (lock, number) = index % 2 == 0 ? (lock, number) : (copy, sameNumber)
                for _ in 0..<2_000 { lock.withLock { number.value += 1 } }
            }.join()
            #expect(number.value == 8_000)
        }
    }

    @Test func `☆ a semaphore never lets in more than it has permits`() throws {
        try repeatedly { _ in
            let semaphore = try SharedBoundedSemaphore(2)
            let (inside, most) = (Counter(), Counter())
            try Crew(5) { _ in
                for _ in 0..<300 {
                    semaphore.withPermit {
                        most.raise(to: inside.add())
                        inside.add(-1)
                    }
                }
            }.join()
            #expect(most.value <= 2)
            #expect(semaphore.availablePermits == 2)
        }
    }

    @Test func `MP-074 a lock of a thread that ended with it is abandoned`() throws {
        let lock = try SharedLock()
        let thread = try Threading.Thread { () throws(any Error) in lock.acquire() }
        try thread.join()
        var recovered = 0
        lock.withLock(recover: { _ in recovered += 1 }) {}
        #expect(recovered == 1)
        #expect(lock.acquire() == .acquired)
        try lock.release()
    }

    @Test func `MP-075 a pulse of an event releases all who wait`() throws {
        try repeatedly { _ in
            let event = try SharedEvent()
            let waiting = Counter()
            let crew = try Crew(3) { _ in
                waiting.add()
                return event.wait(timeout: .seconds(60))
            }
            try eventually("all wait") { waiting.value == 3 }
            // One may only be about to wait: it is released by the next pulse.
            while crew.finishedCount < 3 {
                event.set()
                event.clear()
            }
            #expect(try crew.join() == [true, true, true])
            #expect(!event.isSet)
        }
    }

    @Test func `an event waits in time, and is set for all who come`() throws {
        let event = try SharedEvent()
        #expect(!event.wait(timeout: .zero))
        let time = elapsed { #expect(!event.wait(timeout: .milliseconds(30))) }
        #expect(time >= .milliseconds(30))
        event.set()
        event.set()
        #expect(event.isSet && event.wait() && event.wait(timeout: .zero))
        event.clear()
        event.clear()
        #expect(!event.isSet)
    }

    @Test func `a handle is encoded for a message of this library only`() throws {
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(SharedLock()) }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(SharedLock.self, from: Data("1".utf8)) }
        #expect(throws: DecodingError.self) { try Parcel(1).decode(SharedLock.self) }
    }

    @Test func `MP-079 a handle of something else is an error`() throws {
        let parcel = try Parcel(SharedLock())
        let error = #expect(throws: SharedMemoryError.self) { try parcel.decode(SharedEvent.self) }
        guard case .wrongLayout("event", "lock") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
