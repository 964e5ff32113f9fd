import Synchronization
import Threading

extension QueueCore {
    /// Closes the queue: from now on nothing can be put, and what is in it can still be got. Python's
    /// `Queue.shutdown()`.
    ///
    /// Whoever waits to put gets `PutError.closed`. Whoever waits to get gets an item if there is one, and
    /// `GetError.closed` otherwise. A queue that was shut down stays so; doing it again does nothing.
    public final func shutdown() {
        beginShutdown()
        endShutdown(removed: 0)
    }

    /// Closes the queue, and returns with the lock held, so that the items can be taken out.
    @usableFromInline internal final func beginShutdown() {
        lock.acquire()
        closed.store(true, ordering: .releasing)
    }

    /// Ends what `beginShutdown` began, after so many items were taken out: they count as done.
    @usableFromInline internal final func endShutdown(removed: Int) {
        held.store(held.load(ordering: .relaxed) - removed, ordering: .relaxed)
        var wakes = WakeList()
        getters.selectAll(into: &wakes)
        putters.selectAll(into: &wakes)
        if removed > 0, settle(removed) { wakes.append(joiners.select(.max)) }
        lock.release()
        wakes.wakeAll()
    }

    /// Counts tasks as done, as far as there are any. With the lock held, because the count may reach zero.
    ///
    /// - Returns: whether that was the last one.
    private func settle(_ tasks: Int) -> Bool {
        var before = pending.load(ordering: .relaxed)
        while true {
            let (done, current) = pending.weakCompareExchange(
                expected: before, desired: max(0, before - tasks), ordering: .acquiringAndReleasing)
            if done { return before <= tasks }
            before = current
        }
    }
}
