import Synchronization
import Threading

/// What the queues have in common that may have a capacity, and that keep account of the tasks in them.
///
/// An item that was put is a task until `taskDone()` was called for it, also after somebody got it. `join()` waits
/// until no task is left. Python's `queue.Queue` counts in the same way.
public class TaskQueue: QueueCore, @unchecked Sendable {
    /// - Parameter capacity: how many items it holds at most; nil, zero or less for no limit.
    @usableFromInline internal init(capacity: Int?) {
        super.init(limit: capacity.map { $0 > 0 ? $0 : .max } ?? .max)
    }

    /// How many items the queue holds at most; nil if it is unbounded.
    public final var capacity: Int? { limit == .max ? nil : limit }

    /// Whether the queue holds as much as it can at this moment; never, if it is unbounded. By the time the caller
    /// looks at the answer it may be wrong.
    public final var isFull: Bool { count >= limit }

    /// How many items were put for which `taskDone()` was not called yet: Python's `unfinished_tasks`. By the time the
    /// caller looks at the answer it may be wrong.
    public final var pendingCount: Int { pending.load(ordering: .acquiring) }

    /// Says that the work with one item is finished. When that was the last one, whoever waits in `join()` goes on.
    ///
    /// `withItem` calls it by itself, and cannot forget it.
    ///
    /// - Throws: `TaskDoneError.calledTooOften` if nothing is pending; nothing has changed then.
    public final func taskDone() throws(TaskDoneError) {
        var before = pending.load(ordering: .relaxed)
        // The last one needs the lock, so that nobody begins to wait for it at the moment in which it is done.
        while before > 1 {
            let (done, current) = pending.weakCompareExchange(
                expected: before, desired: before - 1, ordering: .acquiringAndReleasing)
            if done { return }
            before = current
        }
        try finishLastTask()
    }

    /// Waits until every item that was put has been reported as done, by `taskDone()` or `withItem`.
    ///
    /// It returns at once if nothing is pending. Items that are put later are waited for by later calls.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once. Python's has none.
    /// - Returns: false if the timeout passed before that.
    @discardableResult
    public final func join(timeout: Duration? = nil) -> Bool {
        let deadline = Deadline(after: timeout)
        lock.acquire()
        if pending.load(ordering: .acquiring) == 0 || deadline.isImmediate {
            defer { lock.release() }
            return pending.load(ordering: .acquiring) == 0
        }
        let waiter = Waiter()
        joiners.append(waiter)
        lock.release()
        waiter.park(until: deadline)
        return lock.withLock { !joiners.remove(waiter) }
    }

    private func finishLastTask() throws(TaskDoneError) {
        lock.acquire()
        var before = pending.load(ordering: .relaxed)
        while before > 0 {
            let (done, current) = pending.weakCompareExchange(
                expected: before, desired: before - 1, ordering: .acquiringAndReleasing)
            if done { break }
            before = current
        }
        var wakes = WakeList()
        if before == 1 { wakes.append(joiners.select(.max)) }
        lock.release()
        wakes.wakeAll()
        if before == 0 { throw .calledTooOften }
    }

    /// The same, where an item was got for sure.
    @usableFromInline internal final func endTask() {
        // Too often only if somebody called taskDone() for an item that this call has got, and then there is nothing
        // left to count.
        try? taskDone()
    }
}
