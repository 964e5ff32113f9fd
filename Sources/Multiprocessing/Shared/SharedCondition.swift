import Linux
import Threading

/// Why a thread could not wait.
public enum SharedConditionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// So many threads wait already.
    case tooManyWaiters(limit: Int)

    /// “cannot wait …: reason; what to do”.
    public var description: String {
        switch self {
        case .tooManyWaiters(let limit):
            "cannot wait: \(limit) threads wait already; make the condition for more (maximumWaiters)"
        }
    }
}

/// Where threads of several processes wait until another one says that something has changed: Python's
/// `multiprocessing.Condition`.
///
///     let condition = try SharedCondition(lock: SharedLock())
///     // one process                                    // another one
///     try condition.withLock { held in                  condition.withLock { held in
///         try held.wait(until: { memory.isReady })          memory.isReady = true
///     }                                                     held.notifyAll()
///                                                       }
///
/// Waiting and notifying need the lock, which is a matter of types: both are methods of `SharedHeld`, which exists only
/// while the lock is held. Several conditions may share one lock. Threads are woken in the order in which they began to
/// wait, and a notification that has chosen a thread is never lost to its timeout. A thread that was killed while it
/// waited is passed over, and holds up nobody; in Python `notify` waits for it for ever.
///
/// If it is killed after it was notified and before it had the lock again, its notification goes to another one that
/// waits, as soon as anybody has the lock through this condition. Until then nobody knows of that death: where it must
/// not be waited for, wait with a timeout and look again. One that is killed in the middle of `notifyAll` has woken
/// some of the others; the next one to have the lock is told of the death (`SharedHeld.acquisition`), and can notify
/// again.
public final class SharedCondition<Mutex: SharedLockable>: Codable, Sendable {
    /// The lock that is held while waiting begins and ends.
    public let lock: Mutex
    /// How many threads of all processes can wait at once.
    public let maximumWaiters: Int

    private let region: SharedRegion
    fileprivate let table: WaiterTable

    /// A condition on a lock, which other conditions may share.
    ///
    /// - Parameters:
    ///   - lock: the lock.
    ///   - maximumWaiters: how many threads of all processes can wait at once, from 1 to 2²⁰. Each takes 128 bytes.
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left, or the number is out of range.
    public init(lock: Mutex, maximumWaiters: Int = 256) throws(SharedMemoryError) {
        guard maximumWaiters >= 1 else { throw .notPositive(maximumWaiters) }
        guard maximumWaiters <= WaiterTable.greatest else {
            throw .tooMany(maximumWaiters, limit: WaiterTable.greatest)
        }
        self.lock = lock
        self.maximumWaiters = maximumWaiters
        region = try SharedRegion(
            .condition, size: WaiterTable.size(maximumWaiters), shape: .init(first: UInt64(maximumWaiters)))
        table = WaiterTable(in: region, at: SharedRegion.labelSize, capacity: maximumWaiters, passesOn: true)
        try table.make()
    }

    /// Receives a condition, with its lock, from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or these are of something else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        lock = try container.decode(Mutex.self, forKey: .lock)
        region = try SharedRegion(
            from: container.superDecoder(forKey: .waiters), .condition,
            size: {
                Int(exactly: $0.first).flatMap { (1...WaiterTable.greatest).contains($0) ? WaiterTable.size($0) : nil }
            })
        maximumWaiters = Int(region.shape.first)
        table = WaiterTable(in: region, at: SharedRegion.labelSize, capacity: maximumWaiters, passesOn: true)
    }

    /// Passes the condition, with its lock, to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(lock, forKey: .lock)
        try region.encode(to: container.superEncoder(forKey: .waiters))
    }

    private enum Key: CodingKey {
        case lock
        case waiters
    }

    /// Runs `body` with the lock held, and releases it whether `body` returns or throws.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for the lock at most; zero or less to try once.
    ///   - body: gets the right to wait and to notify, for as long as it runs.
    /// - Returns: what `body` returned; nil if it did not run.
    /// - Throws: what `body` threw.
    public func withLock<Result: ~Copyable, Failure: Error>(
        timeout: Duration, _ body: (borrowing SharedHeld<Mutex>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        let acquisition = lock.acquire(timeout: timeout)
        guard acquisition.isHeld else { return nil }
        defer { try? lock.release() }
        return try body(SharedHeld(self, acquisition))
    }

    /// Runs `body` with the lock held, and releases it whether `body` returns or throws.
    ///
    /// - Parameter body: gets the right to wait and to notify, for as long as it runs.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (borrowing SharedHeld<Mutex>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let acquisition = lock.acquire(timeout: nil)
        defer { try? lock.release() }
        return try body(SharedHeld(self, acquisition))
    }
}

extension SharedCondition where Mutex == SharedRLock {
    /// A condition with a recursive lock of its own, as in Python.
    ///
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public convenience init() throws(SharedMemoryError) { try self.init(lock: SharedRLock()) }
}

/// The right to wait and to notify, which whoever holds the lock of a `SharedCondition` has.
///
/// It is lent for the time of `SharedCondition.withLock` and can be neither copied nor kept.
public struct SharedHeld<Mutex: SharedLockable>: ~Copyable {
    private let condition: SharedCondition<Mutex>
    private let state: State

    fileprivate init(_ condition: SharedCondition<Mutex>, _ acquisition: Acquisition) {
        self.condition = condition
        condition.table.buryDead(answered: true)
        state = State(acquisition)
    }

    /// How the lock was had, at first or after the last wait: whether the one before had died with it.
    public var acquisition: Acquisition { state.acquisition }

    /// Waits until another thread notifies, or until the timeout has passed.
    ///
    /// The lock is released completely meanwhile, and taken again before this returns.
    ///
    /// - Parameter timeout: nil for no limit; zero or less gives the lock back and takes it again at once.
    /// - Returns: false if the timeout passed before anybody notified.
    /// - Throws: `SharedConditionError.tooManyWaiters`; the lock was not given back then.
    @discardableResult
    public borrowing func wait(timeout: Duration? = nil) throws(SharedConditionError) -> Bool {
        try wait(Deadline(after: timeout))
    }

    /// Waits until `predicate` holds, which is asked now and after every notification, always with the lock held.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait in all; nil for no limit, zero or less to ask once.
    ///   - predicate: what is waited for.
    /// - Returns: the last answer of `predicate`: false only if the timeout passed.
    /// - Throws: `SharedConditionError.tooManyWaiters`.
    @discardableResult
    public borrowing func wait(
        timeout: Duration? = nil, until predicate: () -> Bool
    ) throws(SharedConditionError) -> Bool {
        let deadline = Deadline(after: timeout)
        while !predicate() {
            if deadline.hasPassed { return false }
            if try !wait(deadline) { return predicate() }
        }
        return true
    }

    /// Wakes up to `count` threads, those that have waited longest. Where nobody waits it does nothing.
    ///
    /// - Parameter count: how many threads; none if it is zero or less.
    /// - Returns: how many there were.
    @discardableResult
    public borrowing func notify(_ count: Int = 1) -> Int {
        condition.table.answer(count, with: WaiterTable.firstAnswer)
    }

    /// Wakes all threads that wait.
    ///
    /// - Returns: how many there were.
    @discardableResult
    public borrowing func notifyAll() -> Int { notify(.max) }

    /// How many threads wait. Right for as long as the lock is held.
    public var waiterCount: Int { condition.table.count }

    private borrowing func wait(_ deadline: Deadline) throws(SharedConditionError) -> Bool {
        guard let slot = condition.table.enlist() else { throw .tooManyWaiters(limit: condition.maximumWaiters) }
        let levels = condition.lock.releaseCompletely()
        if !deadline.isImmediate { condition.table.park(slot, until: deadline) }
        state.acquisition = condition.lock.acquire(levels: levels)
        let isNotified = condition.table.leave(slot) != nil
        condition.table.buryDead(answered: true)
        return isNotified
    }

    /// A class, because the right is only lent and yet remembers.
    private final class State {
        var acquisition: Acquisition
        init(_ acquisition: Acquisition) { self.acquisition = acquisition }
    }
}
