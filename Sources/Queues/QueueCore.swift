import Scheduling
import Synchronization
import Threading

/// What all queues have in common: one lock, the count of what is in them, and those who wait.
///
/// This is the engine under `Queue`, `LifoQueue`, `PriorityQueue`, `SimpleQueue` and `StoredQueue`; it is of no use by
/// itself. Each of them adds only where it keeps its elements, which is why only that is generic.
///
/// Who is woken is decided in one place, from the state in which the lock is given back (`Waiters.next`). So a wake-up
/// that came to nothing, because its thread gave up at that moment, is made up for by whoever has the lock next.
public class QueueCore: @unchecked Sendable {
    /// The most that the queue holds; `.max` if it is unbounded.
    internal let limit: Int

    internal let lock = FutexLock()
    // The two words that others look at without the lock; they are changed only with it.
    internal let held = Atomic<Int>(0)
    internal let closed = Atomic<Bool>(false)
    /// How many items were put and not yet reported as done. Reaches zero only with the lock held.
    internal let pending = Atomic<Int>(0)

    internal var getters = Waiters()
    internal var putters = Waiters()
    internal var joiners = WaitQueue()

    @usableFromInline internal init(limit: Int) {
        self.limit = limit
    }

    /// How many items are in the queue at this moment. By the time the caller looks at the answer it may be wrong.
    public final var count: Int { held.load(ordering: .relaxed) }

    /// Whether nothing is in the queue at this moment. By the time the caller looks at the answer it may be wrong.
    public final var isEmpty: Bool { count == 0 }

    /// Whether the queue was shut down. Once true, it stays true.
    public final var isShutDown: Bool { closed.load(ordering: .acquiring) }

    // MARK: Putting

    /// Returns with the lock held and room in the queue, or throws with neither.
    @usableFromInline internal final func beginPut(_ timeout: Duration?) throws(PutError) {
        lock.acquire()
        if closed.load(ordering: .relaxed) || held.load(ordering: .relaxed) >= limit { try waitForRoom(timeout) }
    }

    /// Ends what `beginPut` began, after one more item was stored.
    @usableFromInline internal final func endPut() {
        pending.wrappingAdd(1, ordering: .relaxed)
        let count = held.load(ordering: .relaxed) + 1
        held.store(count, ordering: .relaxed)
        releaseAndWake(count)
    }

    private func waitForRoom(_ timeout: Duration?) throws(PutError) {
        let deadline = Deadline(after: timeout)
        var hasTried = false
        var hasSlept = false
        var mustSleep = Spinning.patiently == 0
        while true {
            if closed.load(ordering: .relaxed) {
                abandon()
                throw .closed
            }
            if held.load(ordering: .relaxed) < limit { return }
            if deadline.isImmediate || hasTried && deadline.hasPassed {
                abandon()
                throw .full
            }
            if mustSleep {
                sleep(until: deadline, for: .room, again: hasSlept)
                hasSlept = true
                mustSleep = Spinning.patiently == 0
            } else {
                // The lock was given back meanwhile, so look again before sleeping.
                mustSleep = !spin(until: { held.load(ordering: .relaxed) < limit })
            }
            hasTried = true
        }
    }

    // MARK: Getting

    /// Returns with the lock held and something in the queue, or throws with neither.
    @usableFromInline internal final func beginGet(_ timeout: Duration?) throws(GetError) {
        lock.acquire()
        if held.load(ordering: .relaxed) == 0 { try waitForItem(timeout) }
    }

    /// Ends what `beginGet` began, after an item was removed.
    @usableFromInline internal final func endGet() {
        let count = held.load(ordering: .relaxed) - 1
        held.store(count, ordering: .relaxed)
        releaseAndWake(count)
    }

    private func waitForItem(_ timeout: Duration?) throws(GetError) {
        let deadline = Deadline(after: timeout)
        var hasTried = false
        var hasSlept = false
        var mustSleep = Spinning.patiently == 0
        while true {
            if held.load(ordering: .relaxed) > 0 { return }
            if closed.load(ordering: .relaxed) {
                abandon()
                throw .closed
            }
            if deadline.isImmediate || hasTried && deadline.hasPassed {
                abandon()
                throw .empty
            }
            if mustSleep {
                sleep(until: deadline, for: .item, again: hasSlept)
                hasSlept = true
                mustSleep = Spinning.patiently == 0
            } else {
                // The lock was given back meanwhile, so look again before sleeping.
                mustSleep = !spin(until: { held.load(ordering: .relaxed) > 0 })
            }
            hasTried = true
        }
    }

    // MARK: Giving the lock back

    /// Ends what `beginPut` or `beginGet` began, when nothing was stored or removed after all.
    @usableFromInline internal final func abandon() { releaseAndWake(held.load(ordering: .relaxed)) }

    /// Gives the lock back, and wakes those whom `count` items are good news for.
    private func releaseAndWake(_ count: Int) {
        let getter = getters.next(of: count)
        let putter = putters.next(of: limit - count)
        // Woken earlier, they would only run into the lock.
        lock.release()
        getter?.wake()
        putter?.wake()
    }
}
