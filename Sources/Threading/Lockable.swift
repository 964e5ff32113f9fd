/// What a `Condition` can be built on: `Lock` and `RLock`.
public protocol Lockable: AnyObject, Sendable {
    /// A lock that is free.
    init()

    /// Whether a thread that has the lock may take it again.
    static var isRecursive: Bool { get }

    /// Takes the lock.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether the lock was taken.
    func acquire(timeout: Duration?) -> Bool

    /// Gives the lock back, once.
    func release()

    /// Whether any thread holds the lock at this moment. By the time the caller looks at the answer it may be wrong.
    var isLocked: Bool { get }

    /// Gives the lock back completely, however often the calling thread has taken it.
    ///
    /// - Returns: how often that was, for `acquire(levels:)`.
    func releaseCompletely() -> Int

    /// Takes the lock again as often as it was taken before `releaseCompletely()`; waits without limit.
    func acquire(levels: Int)
}

extension Lockable {
    /// Takes the lock, however long that takes.
    public func acquire() { _ = acquire(timeout: nil) }

    /// Takes the lock if that is possible at once.
    ///
    /// - Returns: whether it was.
    public func tryAcquire() -> Bool { acquire(timeout: .zero) }

    /// Runs `body` with the lock held, and releases it whether `body` returns or throws.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    @inlinable public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { release() }
        return try body()
    }

    /// Runs `body` with the lock held, unless the lock cannot be had in time.
    ///
    /// - Parameter timeout: how long to wait for the lock at most; zero or less to try once.
    /// - Returns: what `body` returned; nil if it did not run.
    /// - Throws: what `body` threw.
    @inlinable public func withLock<Result: ~Copyable, Failure: Error>(
        timeout: Duration, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard acquire(timeout: timeout) else { return nil }
        defer { release() }
        return try body()
    }
}
