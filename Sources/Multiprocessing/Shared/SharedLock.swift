import Linux
import Threading

/// What a `SharedCondition` can be built on: `SharedLock` and `SharedRLock`.
public protocol SharedLockable: AnyObject, Codable, Sendable {
    /// A lock that is free.
    init() throws(SharedMemoryError)

    /// Takes the lock.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether it was taken, and whether the one who had it before died with it.
    func acquire(timeout: Duration?) -> Acquisition

    /// Gives the lock back, once.
    ///
    /// - Throws: `SharedLockError.notOwner` if the calling thread does not hold it, and then it stays as it is.
    func release() throws(SharedLockError)

    /// Who holds the lock at this moment. By the time the caller looks at the answer it may be wrong.
    var owner: LockOwner? { get }

    /// Whether the calling thread holds the lock. This answer stays right.
    var isMine: Bool { get }

    /// Gives the lock back completely, for a wait on a condition.
    ///
    /// - Returns: how often the calling thread had taken it.
    func releaseCompletely() -> Int

    /// Takes the lock again as often as it was taken before `releaseCompletely()`; waits without limit.
    func acquire(levels: Int) -> Acquisition
}

extension SharedLockable {
    /// Takes the lock, however long that takes.
    ///
    /// - Returns: whether the one who had it before died with it.
    @discardableResult
    public func acquire() -> Acquisition { acquire(timeout: nil) }

    /// Takes the lock if that is possible at once.
    public func tryAcquire() -> Acquisition { acquire(timeout: .zero) }

    /// Whether any thread of any process holds the lock at this moment. By the time the caller looks at the answer it
    /// may be wrong.
    public var isLocked: Bool { owner != nil }

    /// Runs `body` with the lock held, and releases it whether `body` returns or throws.
    ///
    /// - Parameters:
    ///   - recover: runs before `body`, with the lock held, if the one who had it before died with it: puts in order
    ///     what the lock guards.
    ///   - body: what to do with the lock held.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withLock<Result: ~Copyable, Failure: Error>(
        recover: (LockOwner?) -> Void = { _ in }, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if case .abandoned(let owner) = acquire(timeout: nil) { recover(owner) }
        // Who releases too often in the body has nothing left to release.
        defer { try? release() }
        return try body()
    }

    /// Runs `body` with the lock held, unless the lock cannot be had in time.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for the lock at most; zero or less to try once.
    ///   - recover: as for `withLock(recover:_:)`.
    ///   - body: what to do with the lock held.
    /// - Returns: what `body` returned; nil if it did not run.
    /// - Throws: what `body` threw.
    public func withLock<Result: ~Copyable, Failure: Error>(
        timeout: Duration, recover: (LockOwner?) -> Void = { _ in }, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        let acquisition = acquire(timeout: timeout)
        guard acquisition.isHeld else { return nil }
        if case .abandoned(let owner) = acquisition { recover(owner) }
        defer { try? release() }
        return try body()
    }
}

/// A lock that one thread of all processes holds at a time: Python's `multiprocessing.Lock`.
///
///     let lock = try SharedLock()             // pass it to other processes like any value
///     lock.withLock { log.append(line) }
///
/// It belongs to the thread that took it, and only that one can release it; in Python anybody can. In return a death
/// is no deadlock: when the holder ends, by `kill -9` or otherwise, the kernel frees the lock, and the next one to take
/// it is told (`Acquisition.abandoned`). A thread that takes it twice waits for itself; `SharedRLock` allows that.
///
/// It is one page of memory and one descriptor, without a name. Passing it to another process passes the descriptor.
/// All threads of all processes that have it may use it. A lock that is held stays mapped.
///
/// An uncontended acquire or release costs about what pthread's robust mutex costs; whoever has to wait sleeps in the
/// kernel (futex).
///
/// - Important: The lock is the C library's, in memory that everybody who has it can write to, with pointers in it that
///   are followed. Whoever shares it can make the others crash, or write where they did not mean to: as threads, those
///   who share memory must trust each other. Do not decode a lock, or anything else in this library that is shared
///   memory, from a process that is not trusted: see `Connection`.
public final class SharedLock: SharedLockable {
    let held: SharedMutex

    /// A lock that is free.
    ///
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init() throws(SharedMemoryError) { held = try SharedMutex(.lock) }

    /// Receives a lock from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws { held = try SharedMutex(.lock, from: decoder) }

    /// Passes the lock to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try held.region.encode(to: encoder) }

    /// As `SharedLockable.acquire(timeout:)`.
    public func acquire(timeout: Duration?) -> Acquisition { held.acquire(until: Deadline(after: timeout)) }

    /// As `SharedLockable.release()`.
    public func release() throws(SharedLockError) { try held.release() }

    /// As `SharedLockable.owner`.
    public var owner: LockOwner? { held.mutex.owner }

    /// As `SharedLockable.isMine`.
    public var isMine: Bool { held.mutex.isMine }

    /// As `SharedLockable.releaseCompletely()`.
    public func releaseCompletely() -> Int { held.releaseCompletely() }

    /// As `SharedLockable.acquire(levels:)`.
    public func acquire(levels: Int) -> Acquisition { held.acquire(levels: levels) }
}

/// A lock between processes that its holder may take again: Python's `multiprocessing.RLock`.
///
/// It is free again when it has been released as often as it was acquired. For all else it is as `SharedLock`.
public final class SharedRLock: SharedLockable {
    let held: SharedMutex

    /// A lock that is free.
    ///
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init() throws(SharedMemoryError) { held = try SharedMutex(.recursiveLock) }

    /// Receives a lock from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws { held = try SharedMutex(.recursiveLock, from: decoder) }

    /// A lock inside of something else that is shared.
    init(in region: SharedRegion, at offset: Int) { held = SharedMutex(in: region, at: offset) }

    /// Passes the lock to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws {
        guard held.offset == SharedRegion.labelSize, held.isAlone else {
            throw EncodingError.invalidValue(
                self,
                .init(
                    codingPath: encoder.codingPath,
                    debugDescription: "the lock is a part of a value: pass the value to the other process"))
        }
        try held.region.encode(to: encoder)
    }

    /// As `SharedLockable.acquire(timeout:)`.
    public func acquire(timeout: Duration?) -> Acquisition { held.acquire(until: Deadline(after: timeout)) }

    /// As `SharedLockable.release()`.
    public func release() throws(SharedLockError) { try held.release() }

    /// As `SharedLockable.owner`.
    public var owner: LockOwner? { held.mutex.owner }

    /// As `SharedLockable.isMine`.
    public var isMine: Bool { held.mutex.isMine }

    /// As `SharedLockable.releaseCompletely()`.
    public func releaseCompletely() -> Int { held.releaseCompletely() }

    /// As `SharedLockable.acquire(levels:)`.
    public func acquire(levels: Int) -> Acquisition { held.acquire(levels: levels) }
}
