import Linux
import Synchronization

/// Why a recursive lock could not be released.
public enum RLockError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The calling thread does not hold the lock.
    case notOwner

    /// “cannot release …: reason; what to do”.
    public var description: String {
        "cannot release the lock: this thread does not hold it; release it in the thread that acquired it, or use "
            + "withLock"
    }
}

/// A lock that its holder may take again: Python's `threading.RLock`.
///
/// It is free again when it has been released as often as it was acquired. Only the holder may release it. Recursion
/// hides at which point what the lock guards is whole; prefer `Lock` or `Monitor` where a choice is.
public final class RLock: Lockable {
    private let core = FutexLock()
    /// Which thread holds it; 0 for none. Only the holder writes its own number here, so whoever reads its own number
    /// is the holder.
    private let owner = Atomic<UInt>(0)
    /// How often the holder has it; only the holder reads and writes.
    private nonisolated(unsafe) var depth = 0

    /// Yes.
    public static var isRecursive: Bool { true }

    /// A lock that is free.
    public init() {}

    /// Takes the lock, or takes it once more.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether the lock was taken.
    public func acquire(timeout: Duration?) -> Bool {
        if isMine {
            unsafe depth += 1
            return true
        }
        guard core.tryAcquire() || core.acquire(until: Deadline(after: timeout)) else { return false }
        becomeOwner(levels: 1)
        return true
    }

    /// Gives the lock back once; the last time frees it and wakes one thread that waits for it.
    ///
    /// - Precondition: the calling thread holds the lock. `releaseIfOwned()` throws instead.
    public func release() {
        do { try releaseIfOwned() } catch { preconditionFailure(error.description) }
    }

    /// Gives the lock back once, like `release()`.
    ///
    /// - Throws: `RLockError.notOwner` if the calling thread does not hold the lock, which then stays as it is.
    public func releaseIfOwned() throws(RLockError) {
        guard isMine else { throw .notOwner }
        unsafe depth -= 1
        if unsafe depth == 0 { letGo() }
    }

    /// Whether any thread holds the lock at this moment. By the time the caller looks at the answer it may be wrong.
    public var isLocked: Bool { core.isHeld }

    /// Whether the calling thread holds the lock. This answer stays right.
    public var isMine: Bool { owner.load(ordering: .relaxed) == RLock.thisThread }

    /// Frees the lock, for a wait on a condition.
    ///
    /// - Precondition: the calling thread holds the lock.
    /// - Returns: how often it had taken it.
    public func releaseCompletely() -> Int {
        precondition(isMine, "a recursive lock was released by a thread that does not hold it")
        let levels = unsafe depth
        unsafe depth = 0
        letGo()
        return levels
    }

    /// Takes the lock again, `levels` deep, after a wait on a condition.
    ///
    /// - Precondition: `levels` is at least 1.
    public func acquire(levels: Int) {
        precondition(levels >= 1, "a lock is held once at least, or not at all")
        core.acquire()
        becomeOwner(levels: levels)
    }

    private func becomeOwner(levels: Int) {
        owner.store(RLock.thisThread, ordering: .relaxed)
        unsafe depth = levels
    }

    private func letGo() {
        owner.store(0, ordering: .relaxed)
        core.release()
    }

    /// Not `pthread_self()`, which a new thread may have from a dead one, and with it a lock that the dead one held.
    private static var thisThread: UInt { ThreadNumber.current }
}
