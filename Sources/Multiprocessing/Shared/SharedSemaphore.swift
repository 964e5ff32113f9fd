public import Threading

/// A number of permits that threads of several processes take and give back: Python's `multiprocessing.Semaphore`.
///
///     let downloads = try SharedSemaphore(4)
///     try downloads.withPermit { try fetch(url) }        // four at a time, in all processes together
///
/// A release may come from any thread, and without an acquire before it. So a permit has no owner, and the permits of a
/// process that is killed are lost; for one permit with an owner there is `SharedLock`. A process that is killed while
/// it waits is none the others would notice.
///
/// An uncontended acquire or release is one atomic operation; whoever has to wait sleeps in the kernel (futex).
public final class SharedSemaphore: Codable, Sendable {
    let core: SharedSemaphoreCore

    /// A semaphore with this many permits to begin with.
    ///
    /// - Precondition: `permits` is from 0 to 2³⁰.
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init(_ permits: Int = 1) throws(SharedMemoryError) {
        core = try SharedSemaphoreCore(permits: permits, limit: nil)
    }

    /// Receives a semaphore from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws {
        core = try SharedSemaphoreCore(from: decoder, isBounded: false)
    }

    /// Passes the semaphore to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try core.region.encode(to: encoder) }

    /// Takes a permit, and waits until there is one.
    public func acquire() { _ = core.acquire(timeout: nil) }

    /// Takes a permit.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether a permit was taken.
    public func acquire(timeout: Duration?) -> Bool { core.acquire(timeout: timeout) }

    /// Takes a permit if there is one.
    ///
    /// - Returns: whether there was.
    public func tryAcquire() -> Bool { core.tryAcquire() }

    /// Gives permits, and wakes whoever waits for them. Any thread of any process may call it.
    ///
    /// - Parameter count: how many.
    /// - Throws: `SemaphoreError` if `count` is less than 1 or there would be more than 2³⁰ permits.
    public func release(_ count: Int = 1) throws(SemaphoreError) { try core.release(count) }

    /// Runs `body` with a permit, and gives it back whether `body` returns or throws.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withPermit<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { try? core.release(1) }
        return try body()
    }

    /// How many permits there are at this moment: Python's `get_value()`. It may be wrong by the time it is looked at.
    public var availablePermits: Int { core.available }
}

/// A semaphore between processes that never has more permits than it began with: Python's
/// `multiprocessing.BoundedSemaphore`. A release too many is an error.
public final class SharedBoundedSemaphore: Codable, Sendable {
    let core: SharedSemaphoreCore
    /// The number of permits that it began with, and the most that it may have.
    public var limit: Int { core.limit ?? 0 }

    /// A semaphore with this many permits.
    ///
    /// - Precondition: `permits` is from 0 to 2³⁰.
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init(_ permits: Int = 1) throws(SharedMemoryError) {
        core = try SharedSemaphoreCore(permits: permits, limit: permits)
    }

    /// Receives a semaphore from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws { core = try SharedSemaphoreCore(from: decoder, isBounded: true) }

    /// Passes the semaphore to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try core.region.encode(to: encoder) }

    /// Takes a permit, and waits until there is one.
    public func acquire() { _ = core.acquire(timeout: nil) }

    /// Takes a permit.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to try once.
    /// - Returns: whether a permit was taken.
    public func acquire(timeout: Duration?) -> Bool { core.acquire(timeout: timeout) }

    /// Takes a permit if there is one.
    ///
    /// - Returns: whether there was.
    public func tryAcquire() -> Bool { core.tryAcquire() }

    /// Gives permits back, all of them or none, and wakes whoever waits for them.
    ///
    /// - Parameter count: how many.
    /// - Throws: `SemaphoreError` if `count` is less than 1 or there would be more than `limit`; nothing has changed.
    public func release(_ count: Int = 1) throws(SemaphoreError) { try core.release(count) }

    /// Runs `body` with a permit, and gives it back whether `body` returns or throws.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withPermit<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { try? core.release(1) }
        return try body()
    }

    /// How many permits there are at this moment: Python's `get_value()`. It may be wrong by the time it is looked at.
    public var availablePermits: Int { core.available }
}
