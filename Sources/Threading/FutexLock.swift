import Linux
public import Synchronization

/// A lock in one word of memory, the core of every lock of the toolkit.
///
/// Free, it is taken by one atomic exchange. Taken, the caller first spins for a moment, because most locks are held
/// for less time than going to sleep takes, and then sleeps in the kernel. After Drepper, "Futexes Are Tricky": the
/// word remembers whether somebody may be sleeping, so that a release without sleepers asks the kernel nothing.
///
/// It has no owner: any thread may release it. There is no order among those who wait.
@safe @usableFromInline package struct FutexLock: ~Copyable, Sendable {
    @usableFromInline internal enum Word {
        @inlinable static var free: UInt32 { 0 }
        @inlinable static var held: UInt32 { 1 }
        /// Held, and a thread may be sleeping until it is released.
        @inlinable static var contended: UInt32 { 2 }
    }

    /// Not a `Futex`, so that code elsewhere can take a free lock by itself: that module is nobody else's business.
    @usableFromInline internal let word = Atomic(Word.free)

    @inlinable package init() {}

    /// Whether anybody holds it at this moment; no more than a snapshot.
    package var isHeld: Bool { word.load(ordering: .relaxed) != Word.free }

    /// Takes the lock if it is free.
    @inlinable package borrowing func tryAcquire() -> Bool {
        word.compareExchange(expected: Word.free, desired: Word.held, ordering: .acquiring).exchanged
    }

    /// Takes the lock, however long that takes.
    @inlinable package borrowing func acquire() {
        if !tryAcquire() { _ = acquireSlowly(until: nil) }
    }

    /// Takes the lock unless the deadline passes first.
    ///
    /// - Returns: whether the lock was taken. A wait that gave up leaves nothing behind.
    package borrowing func acquire(until deadline: Deadline) -> Bool {
        if tryAcquire() { return true }
        if deadline.isImmediate { return false }
        return acquireSlowly(until: deadline.nanoseconds)
    }

    @usableFromInline internal borrowing func acquireSlowly(until deadline: Int64?) -> Bool {
        // Each look takes the word away from the holder, so the looks become rarer.
        var pauses = 1
        var left = Spinning.briefly
        while left > 0 {
            for _ in 0..<pauses { Futex.pause() }
            if word.load(ordering: .relaxed) == Word.free, tryAcquire() { return true }
            left -= pauses
            pauses = min(pauses * 2, 16)
        }
        // From here on it is taken as contended: others may sleep, too, and whoever releases it must wake one of them.
        while word.exchange(Word.contended, ordering: .acquiring) != Word.free {
            guard Futex.wait(on: word, while: Word.contended, until: deadline) else {
                // Too late, but perhaps it was released at this very moment and the wake-up came to us: take it.
                return word.exchange(Word.contended, ordering: .acquiring) == Word.free
            }
        }
        return true
    }

    /// Frees the lock and wakes one thread that sleeps for it.
    ///
    /// - Precondition: somebody holds it.
    @inlinable package borrowing func release() {
        let before = word.exchange(Word.free, ordering: .releasing)
        if before == Word.held { return }
        precondition(before == Word.contended, "a lock that nobody holds was released")
        wakeSleeper()
    }

    @usableFromInline internal borrowing func wakeSleeper() { Futex.wake(on: word) }

    /// Runs `body` with the lock held.
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { release() }
        return try body()
    }
}
