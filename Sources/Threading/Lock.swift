/// A lock that one thread holds at a time: Python's `threading.Lock`.
///
///     let lock = Lock()
///     lock.withLock { counters["requests", default: 0] += 1 }
///
/// It has no owner: a thread may release what another one acquired, as with `threading.Lock`. There is no order among
/// those who wait. A thread that acquires it twice waits for itself; use `RLock` where that may happen, or better,
/// arrange the code so that it cannot. For data with its own lock, `Monitor` lets the compiler see to it that nobody
/// touches the data without the lock.
///
/// An uncontended acquire or release is one atomic operation; whoever has to wait sleeps in the kernel (futex).
public final class Lock: Lockable {
    @usableFromInline internal let core = FutexLock()

    /// No: a thread that takes it again waits for itself.
    public static var isRecursive: Bool { false }

    /// A lock that is free.
    public init() {}

    /// Takes the lock, however long that takes.
    @inlinable public func acquire() { core.acquire() }

    /// Takes the lock.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether the lock was taken. A wait that gave up leaves nothing behind.
    public func acquire(timeout: Duration?) -> Bool {
        core.tryAcquire() || core.acquire(until: Deadline(after: timeout))
    }

    /// Takes the lock if it is free.
    ///
    /// - Returns: whether it was.
    @inlinable public func tryAcquire() -> Bool { core.tryAcquire() }

    /// Frees the lock and wakes one thread that waits for it. Any thread may call it.
    ///
    /// - Precondition: somebody holds the lock.
    @inlinable public func release() { core.release() }

    /// Whether any thread holds the lock at this moment. By the time the caller looks at the answer it may be wrong.
    public var isLocked: Bool { core.isHeld }

    /// Frees the lock, for a wait on a condition.
    ///
    /// - Returns: 1, because a lock is held once or not at all.
    public func releaseCompletely() -> Int {
        core.release()
        return 1
    }

    /// Takes the lock again after a wait on a condition.
    public func acquire(levels: Int) { core.acquire() }
}
