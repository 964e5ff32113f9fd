import Linux
import Synchronization

/// Why permits could not be given to a semaphore.
public enum SemaphoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Fewer than one permit was to be given.
    case notPositive(Int)
    /// There would be more permits than the semaphore may have.
    case overLimit(Int)

    /// “cannot release …: reason; what to do”.
    public var description: String {
        switch self {
        case .notPositive(let count):
            "cannot release \(count) permits: a release gives at least one; check the count before"
        case .overLimit(let limit):
            "cannot release a permit: the semaphore would have more than its limit of \(limit); release each permit "
                + "once, or use withPermit"
        }
    }
}

/// A number of permits that threads take and give back: Python's `threading.Semaphore`.
///
///     let downloads = Semaphore(4)
///     try downloads.withPermit { try fetch(url) }        // four at a time
///
/// A release may come from any thread, and without an acquire before it: a semaphore also counts things that one thread
/// makes and another one takes. Each permit wakes one waiting thread; which one is not promised, and a thread that
/// comes just then may be quicker.
///
/// An uncontended acquire or release is one atomic operation; whoever has to wait sleeps in the kernel (futex).
public final class Semaphore: Sendable {
    private let core: SemaphoreCore

    /// A semaphore with this many permits to begin with.
    ///
    /// - Precondition: `permits` is from 0 to 2³¹ - 1.
    public init(_ permits: Int = 1) {
        core = SemaphoreCore(permits: permits, limit: SemaphoreCore.greatest)
    }

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

    /// Gives one permit, and wakes a thread that waits for it. Any thread may call it.
    ///
    /// - Precondition: there are fewer than 2³¹ - 1 permits.
    public func release() {
        do { try core.release(1) } catch { preconditionFailure(error.description) }
    }

    /// Gives several permits at once, and wakes as many threads.
    ///
    /// - Throws: `SemaphoreError` if `count` is less than 1 or there would be more than 2³¹ - 1 permits; then nothing
    ///   has changed.
    public func release(_ count: Int) throws(SemaphoreError) { try core.release(count) }

    /// Runs `body` with a permit, and gives it back whether `body` returns or throws.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withPermit<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { release() }
        return try body()
    }

    /// Runs `body` with a permit, unless there is none in time, and gives it back.
    ///
    /// - Parameter timeout: how long to wait for a permit at most; zero or less to try once.
    /// - Returns: what `body` returned; nil if it did not run.
    /// - Throws: what `body` threw.
    public func withPermit<Result: ~Copyable, Failure: Error>(
        timeout: Duration, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard acquire(timeout: timeout) else { return nil }
        defer { release() }
        return try body()
    }

    /// How many permits there are at this moment. By the time the caller looks at the answer it may be wrong.
    public var availablePermits: Int { core.available }
}

/// A semaphore that never has more permits than it began with: Python's `threading.BoundedSemaphore`.
///
/// For things of which there is a fixed number: a release too many is a bug somewhere, and is told instead of quietly
/// letting more threads in than there should be.
public final class BoundedSemaphore: Sendable {
    private let core: SemaphoreCore
    /// The number of permits that it began with, and the most that it may have.
    public let limit: Int

    /// A semaphore with this many permits.
    ///
    /// - Precondition: `permits` is from 0 to 2³¹ - 1.
    public init(_ permits: Int = 1) {
        limit = permits
        core = SemaphoreCore(permits: permits, limit: permits)
    }

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

    /// Gives permits back, all of them or none, and wakes as many threads.
    ///
    /// - Throws: `SemaphoreError` if `count` is less than 1 or there would be more than `limit`; then no permit was
    ///   given and nobody woken.
    public func release(_ count: Int = 1) throws(SemaphoreError) { try core.release(count) }

    /// Runs `body` with a permit, and gives it back whether `body` returns or throws.
    ///
    /// - Precondition: `body` gives back no more permits than it takes.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withPermit<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        acquire()
        defer { giveBack() }
        return try body()
    }

    /// How many permits there are at this moment. By the time the caller looks at the answer it may be wrong.
    public var availablePermits: Int { core.available }

    private func giveBack() {
        do { try core.release(1) } catch { preconditionFailure(error.description) }
    }
}

/// What both semaphores do.
private struct SemaphoreCore: ~Copyable, Sendable {
    static let greatest = Int(Int32.max)
    private let permits: Futex
    /// How many threads sleep or are about to, so that a release without them asks the kernel nothing.
    private let sleepers = Atomic<UInt32>(0)
    private let limit: UInt32

    init(permits: Int, limit: Int) {
        precondition((0...SemaphoreCore.greatest).contains(permits), "a semaphore has from 0 to 2³¹ - 1 permits")
        self.permits = Futex(UInt32(permits))
        self.limit = UInt32(limit)
    }

    var available: Int { Int(permits.word.load(ordering: .relaxed)) }

    borrowing func tryAcquire() -> Bool {
        var count = permits.word.load(ordering: .relaxed)
        while count > 0 {
            let (exchanged, original) = permits.word.weakCompareExchange(
                expected: count, desired: count - 1, ordering: .acquiring)
            if exchanged { return true }
            count = original
        }
        return false
    }

    borrowing func acquire(timeout: Duration?) -> Bool {
        if tryAcquire() { return true }
        let deadline = Deadline(after: timeout)
        if deadline.isImmediate { return false }
        if Spinning.spin(until: { tryAcquire() }) { return true }
        // Told before looking again: whoever gives a permit after that look sees a sleeper. The strongest order, since
        // each side writes its own word and then reads the other's.
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { sleepers.wrappingSubtract(1, ordering: .relaxed) }
        while !tryAcquire() {
            // Too late, but perhaps a permit came at this very moment: the last word is with tryAcquire.
            if !permits.wait(while: 0, until: deadline.nanoseconds) { return tryAcquire() }
        }
        return true
    }

    borrowing func release(_ count: Int) throws(SemaphoreError) {
        guard count >= 1 else { throw .notPositive(count) }
        var before = permits.word.load(ordering: .relaxed)
        while true {
            guard count <= Int(limit) - Int(before) else { throw .overLimit(Int(limit)) }
            let (exchanged, original) = permits.word.weakCompareExchange(
                expected: before, desired: before + UInt32(count), ordering: .sequentiallyConsistent)
            if exchanged { break }
            before = original
        }
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { permits.wake(Int32(count)) }
    }
}
