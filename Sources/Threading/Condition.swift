import Scheduling

/// Where threads wait until another one says that something has changed: Python's `threading.Condition`.
///
///     let condition = Condition(Lock())
///     // one thread                                     // another one
///     condition.withLock { held in                      condition.withLock { held in
///         held.wait(until: { !box.isEmpty })                box.put(1)
///         take(from: box)                                   held.notify()
///     }                                                 }
///
/// Waiting and notifying need the lock, and here that is a matter of types: both are methods of `Held`, which exists
/// only while the lock is held and which cannot be kept. A condition has a lock of its own unless it is given one;
/// several conditions may share one lock. For data with its own lock and condition, `Monitor` is shorter.
///
/// Threads are woken in the order in which they began to wait. A notification that has chosen a thread is never lost:
/// if that thread's timeout passes at the same moment, its wait still returns true.
public final class Condition<Mutex: Lockable>: Sendable {
    /// The lock that is held while waiting begins and ends.
    public let lock: Mutex

    /// The threads that wait. Under a lock of its own, for `lock` is in the hands of others: one that is released too
    /// early, or that does not lock at all, must not break the queue.
    private let guardian = FutexLock()
    private nonisolated(unsafe) var queue = WaitQueue()

    /// A condition on a lock, which other conditions may share.
    public init(_ lock: Mutex) {
        self.lock = lock
    }

    /// Runs `body` with the lock held, and releases it whether `body` returns or throws.
    ///
    /// - Parameter body: gets the right to wait and to notify, for as long as it runs.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (borrowing Held<Mutex>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock.acquire()
        let held = Held(self)
        defer {
            lock.release()
            held.wakeSelected()
        }
        return try body(held)
    }

    /// Runs `body` with the lock held, unless the lock cannot be had in time.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for the lock at most; zero or less to try once.
    ///   - body: gets the right to wait and to notify, for as long as it runs.
    /// - Returns: what `body` returned; nil if it did not run.
    /// - Throws: what `body` threw.
    public func withLock<Result: ~Copyable, Failure: Error>(
        timeout: Duration, _ body: (borrowing Held<Mutex>) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard lock.acquire(timeout: timeout) else { return nil }
        let held = Held(self)
        defer {
            lock.release()
            held.wakeSelected()
        }
        return try body(held)
    }

    /// How many threads wait. Unless the lock is held, the answer may be out of date at once.
    public var waiterCount: Int { guardian.withLock { unsafe queue.count } }

    fileprivate func enqueue(_ waiter: Waiter) { guardian.withLock { unsafe queue.append(waiter) } }

    /// Takes out one that gives up; false if it was chosen before.
    fileprivate func dequeue(_ waiter: Waiter) -> Bool { guardian.withLock { unsafe queue.remove(waiter) } }

    fileprivate func select(_ count: Int) -> WakeList { guardian.withLock { unsafe queue.select(count) } }
}

extension Condition where Mutex == RLock {
    /// A condition with a recursive lock of its own, as in Python.
    public convenience init() { self.init(RLock()) }
}

/// The right to wait and to notify, which whoever holds the lock of a `Condition` has.
///
/// It is lent for the time of `Condition.withLock` and can be neither copied nor kept nor given to another thread.
public struct Held<Mutex: Lockable>: ~Copyable {
    private let condition: Condition<Mutex>
    private let selected = Selection()

    fileprivate init(_ condition: Condition<Mutex>) {
        self.condition = condition
    }

    /// Waits until another thread notifies, or until the timeout has passed.
    ///
    /// The lock is released completely while the thread waits, however often it has taken a recursive one, and taken
    /// again, as often, before this returns.
    ///
    /// - Parameters:
    ///   - timeout: nil for no limit; zero or less gives the lock back and takes it again at once.
    ///   - other: another condition of the same lock to wait for; nil for the one whose lock was taken.
    /// - Returns: false if the timeout passed before anybody notified.
    @discardableResult
    public borrowing func wait(timeout: Duration? = nil, on other: Condition<Mutex>? = nil) -> Bool {
        wait(Deadline(after: timeout), on: target(other))
    }

    /// Waits until `predicate` holds, which is asked now and after every notification, always with the lock held.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait in all; nil for no limit, zero or less to ask once.
    ///   - other: another condition of the same lock to wait for; nil for the one whose lock was taken.
    /// - Returns: the last answer of `predicate`: false only if the timeout passed.
    /// - Throws: what `predicate` threw.
    @discardableResult
    public borrowing func wait<Failure: Error>(
        timeout: Duration? = nil, on other: Condition<Mutex>? = nil,
        until predicate: () throws(Failure) -> Bool
    ) throws(Failure) -> Bool {
        let deadline = Deadline(after: timeout)
        while try !predicate() {
            if deadline.hasPassed { return false }
            if !wait(deadline, on: target(other)) { return try predicate() }
        }
        return true
    }

    /// Chooses up to `count` threads, those that have waited longest, and wakes them once the lock is released.
    ///
    /// Where nobody waits it does nothing: notifications are not remembered. It does not release the lock.
    ///
    /// - Parameters:
    ///   - count: how many threads; none if it is zero or less.
    ///   - other: another condition of the same lock to notify; nil for the one whose lock was taken.
    public borrowing func notify(_ count: Int = 1, on other: Condition<Mutex>? = nil) {
        selected.wakes.append(target(other).select(count))
        // Whoever holds a recursive lock may release it completely by a wait further in, which knows nothing of these.
        if Mutex.isRecursive { wakeSelected() }
    }

    /// Chooses all threads that wait, and wakes them once the lock is released.
    ///
    /// - Parameter other: another condition of the same lock to notify; nil for the one whose lock was taken.
    public borrowing func notifyAll(on other: Condition<Mutex>? = nil) {
        notify(.max, on: other)
    }

    private borrowing func target(_ other: Condition<Mutex>?) -> Condition<Mutex> {
        guard let other else { return condition }
        precondition(other.lock === condition.lock, "a condition of another lock was waited for or notified")
        return other
    }

    private borrowing func wait(_ deadline: Deadline, on target: Condition<Mutex>) -> Bool {
        let waiter = Waiter()
        target.enqueue(waiter)
        let levels = condition.lock.releaseCompletely()
        // Whoever was notified in this turn must not sleep on while we do.
        wakeSelected()
        if !deadline.isImmediate { waiter.park(until: deadline) }
        condition.lock.acquire(levels: levels)
        return !target.dequeue(waiter)
    }

    fileprivate borrowing func wakeSelected() { selected.wakes.wakeAll() }
}

extension Condition where Mutex == Lock {
    /// A condition with a lock of its own: `Condition<Lock>()`. Where neither kind of lock is named, it is recursive.
    @_disfavoredOverload
    public convenience init() { self.init(Lock()) }
}

/// What one holder of a lock has chosen to wake. A class, because `Held` is only lent and yet collects.
private final class Selection {
    var wakes = WakeList()
}
