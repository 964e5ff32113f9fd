import Testing
import Threading
import ToolkitTesting

/// A plain variable, which only a lock can keep whole.
private final class Plain: @unchecked Sendable {
    var value = 0
}

@Suite(.leavesNothing, .watchdog) struct LockTests {
    @Test func `TH-002 a held lock is not taken by another thread`() throws {
        let lock = Lock()
        lock.acquire()
        #expect(try !Thread { lock.tryAcquire() }.join())
        lock.release()
        #expect(!lock.isLocked)
    }

    @Test func `TH-003 nobody passes before the release, and everybody after it`() throws {
        let lock = Lock()
        lock.acquire()
        let entered = Counter()
        let crew = try Crew(5) { _ in
            entered.add()
            lock.withLock {}
        }
        try eventually("all have come") { entered.value == 5 }
        #expect(crew.finishedCount == 0)
        lock.release()
        try crew.join()
        #expect(!lock.isLocked)
    }

    @Test func `TH-004 another thread may release it, for it has no owner`() throws {
        let lock = Lock()
        lock.acquire()
        try Thread { lock.release() }.join()
        #expect(lock.tryAcquire())
        lock.release()
    }

    @Test func `TH-006 a body that throws leaves the lock free`() {
        let lock = Lock()
        #expect(throws: Failure()) { try lock.withLock { throw Failure() } }
        #expect(!lock.isLocked)
        #expect(throws: Failure()) { try lock.withLock(timeout: .seconds(1)) { throw Failure() } }
        #expect(!lock.isLocked)
    }

    @Test func `TH-007 a free lock is taken at once, whatever the timeout`() {
        let lock = Lock()
        let time = elapsed { #expect(lock.acquire(timeout: .seconds(60))) }
        #expect(time < .seconds(30))
        lock.release()
    }

    @Test func `TH-008 a lock that somebody holds is given up after the timeout`() throws {
        let lock = Lock()
        lock.acquire()
        let (taken, time) = try Thread {
            var taken = true
            let time = elapsed { taken = lock.acquire(timeout: .milliseconds(500)) }
            return (taken, time)
        }.join()
        #expect(!taken)
        #expect(time >= .milliseconds(500))
        #expect(time < .seconds(20))
        lock.release()
    }

    @Test func `TH-009 a wait that gave up leaves nothing behind`() {
        let lock = Lock()
        lock.acquire()
        #expect(!lock.acquire(timeout: .milliseconds(10)))
        lock.release()
        #expect(!lock.isLocked)
        #expect(lock.tryAcquire())
        lock.release()
    }

    @Test func `TH-010 a timeout of zero or less tries once`() {
        let lock = Lock()
        #expect(lock.acquire(timeout: .zero))
        #expect(!lock.acquire(timeout: .zero))
        #expect(!lock.acquire(timeout: .seconds(-1)))
        lock.release()
        #expect(lock.withLock(timeout: .zero) { 1 } == 1)
        lock.acquire()
        #expect(lock.withLock(timeout: .zero) { 1 } == nil)
        lock.release()
    }

    @Test func `TH-012 a timeout longer than any clock is as good as none`() throws {
        let lock = Lock()
        lock.acquire()
        let entered = Event()
        let thread = try Thread {
            entered.set()
            return lock.acquire(timeout: .seconds(1_000_000_000_000))
        }
        entered.wait()
        #expect(try thread.join(timeout: .milliseconds(20)) == nil)
        lock.release()
        #expect(try thread.join())
        lock.release()
    }

    @Test func `TH-013 a thread goes on when another one releases for it`() throws {
        let lock = Lock()
        let phase = Counter()
        let thread = try Thread {
            lock.acquire()
            phase.add()
            lock.acquire()
            phase.add()
        }
        try eventually("the thread waits for itself") { phase.value == 1 }
        lock.release()
        try thread.join()
        #expect(phase.value == 2)
        #expect(lock.isLocked)
        lock.release()
    }

    @Test func `☆ TH-014 threads that add to a plain number lose nothing`() throws {
        let lock = Lock()
        let plain = Plain()
        let count = 100_000 / 15
        try repeatedly { _ in
            plain.value = 0
            try Crew(15) { _ in
                for _ in 0..<count { lock.withLock { plain.value += 1 } }
            }.join()
            #expect(plain.value == 15 * count)
        }
    }

    @Test func `a release of a free lock ends the program`() throws {
        #expect(try Ending(of: "release-free-lock").isTrap)
    }
}

@Suite(.leavesNothing, .watchdog) struct RLockTests {
    @Test func `TH-016 it stays locked until it was released as often as acquired`() {
        let lock = RLock()
        for _ in 0..<3 { lock.acquire() }
        for _ in 0..<3 {
            #expect(lock.isLocked)
            lock.release()
        }
        #expect(!lock.isLocked)
    }

    @Test func `TH-017 one release of two does not let another thread in`() throws {
        let lock = RLock()
        lock.acquire()
        lock.acquire()
        lock.release()
        #expect(lock.isLocked)
        #expect(try !Thread { lock.tryAcquire() }.join())
        lock.release()
        #expect(try Thread { lock.withLock(timeout: .zero) {} != nil }.join())
    }

    @Test func `TH-018 only the holder can release it`() throws {
        let lock = RLock()
        lock.acquire()
        let thread = try Thread { () throws(RLockError) in try lock.releaseIfOwned() }
        #expect { try thread.join() } throws: { "\($0)".contains("does not hold it") }
        #expect(lock.isMine)
        lock.release()
    }

    @Test func `TH-020 a release too many is an error, whatever came before`() throws {
        let lock = RLock()
        lock.acquire()
        lock.acquire()
        lock.release()
        lock.acquire()
        lock.release()
        lock.release()
        #expect(throws: RLockError.notOwner) { try lock.releaseIfOwned() }
        #expect(!lock.isLocked)
    }

    @Test func `TH-021 the holder takes it once more by trying`() throws {
        let lock = RLock()
        lock.acquire()
        #expect(lock.tryAcquire())
        lock.release()
        #expect(lock.isMine)
        lock.release()
        #expect(!lock.isMine)
    }

    @Test func `a new thread does not inherit the lock of one that has ended`() throws {
        let lock = RLock()
        try Thread { lock.acquire() }.join()
        for _ in 0..<50 {
            #expect(try Thread { lock.isMine || lock.tryAcquire() }.join() == false)
        }
    }

    @Test func `a release by another thread ends the program`() throws {
        #expect(try Ending(of: "release-others-rlock").isTrap)
    }

    @Test func `threads that add recursively lose nothing`() throws {
        let lock = RLock()
        let plain = Plain()
        try Crew(4) { _ in
            for _ in 0..<5_000 { lock.withLock { lock.withLock { plain.value += 1 } } }
        }.join()
        #expect(plain.value == 20_000)
    }
}
