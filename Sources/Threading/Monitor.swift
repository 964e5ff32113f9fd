import Scheduling

/// A value with its own lock and condition: nobody can touch the value without the lock, and threads can wait until it
/// is as they need it.
///
///     let inbox = Monitor<[Letter]>([])
///     inbox.withLock { $0.append(letter) }                                           // one thread
///     let first = inbox.wait(until: { !$0.isEmpty }, then: { $0.removeFirst() })     // another one
///
/// Every thread that waits asks again after each `withLock`, because whoever changes a value cannot know who waits for
/// what. The lock is not recursive: using a monitor within its own `withLock` waits for ever. Where many threads wait
/// for different things, a `Condition` for each wakes only those concerned.
public final class Monitor<Value: ~Copyable>: @unchecked Sendable {
    private let lock = FutexLock()
    private var value: Value
    private var queue = WaitQueue()

    /// Takes over the value.
    public init(_ value: consuming sending Value) {
        self.value = value
    }

    /// Runs `body` with the lock held, and lets all waiting threads look at what it made of the value.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw; the value stays as it was left.
    public func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        lock.acquire()
        defer { releaseAndWakeAll() }
        return try body(&value)
    }

    /// Waits until `predicate` holds, and then runs `body` before anybody else can touch the value.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait; nil for no limit, zero or less to look once.
    ///   - predicate: asked now and after every change, always with the lock held. It may be asked more than once for
    ///     one change, and should not change the value itself.
    ///   - body: what to do with the value.
    /// - Returns: what `body` returned; nil if the timeout passed, and `body` did not run.
    /// - Throws: what `body` threw; the value stays as it was left.
    public func wait<Result: ~Copyable, Failure: Error>(
        timeout: Duration? = nil, until predicate: (inout sending Value) -> Bool,
        then body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result? {
        let deadline = Deadline(after: timeout)
        lock.acquire()
        while !predicate(&value) {
            if deadline.hasPassed || !sleep(until: deadline), !predicate(&value) {
                lock.release()
                return nil
            }
        }
        defer { releaseAndWakeAll() }
        return try body(&value)
    }

    /// Waits until `predicate` holds.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: whether it held; by now another thread may have changed the value again.
    @discardableResult
    public func wait(timeout: Duration? = nil, until predicate: (inout sending Value) -> Bool) -> Bool {
        let deadline = Deadline(after: timeout)
        lock.acquire()
        defer { lock.release() }
        while !predicate(&value) {
            if deadline.hasPassed || !sleep(until: deadline) { return predicate(&value) }
        }
        return true
    }

    /// Releases the lock, sleeps until the value was changed, and takes the lock again. False if it was too late.
    private func sleep(until deadline: Deadline) -> Bool {
        let waiter = Waiter()
        queue.append(waiter)
        lock.release()
        waiter.park(until: deadline)
        lock.acquire()
        return !queue.remove(waiter)
    }

    private func releaseAndWakeAll() {
        var wakes = queue.select(.max)
        lock.release()
        wakes.wakeAll()
    }
}
