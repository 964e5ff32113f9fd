import Linux
import Synchronization

/// One that waits for its turn. A thread sleeps on a word of its own, so that exactly this one is woken; a task of
/// Swift concurrency leaves a callback instead.
package final class Waiter: @unchecked Sendable {
    private enum Word {
        /// Not woken, and awake: it has not gone to sleep yet.
        static let awake: UInt32 = 0
        /// Not woken, and perhaps in the kernel.
        static let asleep: UInt32 = 1
        static let woken: UInt32 = 2
    }

    private let futex = Futex(Word.awake)
    private let callback: (@Sendable () -> Void)?

    // The links of a `WaitQueue`, guarded by its lock.
    internal var next: Waiter?
    internal unowned(unsafe) var previous: Waiter?
    internal var place = Place.outside

    /// Where a waiter is, as the lock of its `WaitQueue` guards it.
    internal enum Place {
        case outside
        case queued
        /// Somebody took it out of the queue to wake it. What was selected is never lost: a waiter that was selected
        /// and timed out at the same moment counts as woken.
        case selected
    }

    /// A thread, which is going to `park`.
    package init() { callback = nil }

    /// Somebody who wants to be called.
    ///
    /// - Parameter callback: called by whoever wakes, in its thread, with no lock held; it must return soon.
    package init(callback: @escaping @Sendable () -> Void) { self.callback = callback }

    /// Whether it is a thread, rather than somebody to call.
    package var isThread: Bool { callback == nil }

    /// Sleeps until `wake()`, which may have come before, or until the deadline.
    ///
    /// - Parameter spins: whether to look for a while before sleeping: waking a thread takes longer than many things
    ///   that are waited for.
    package func park(until deadline: Deadline, spins: Bool = true) {
        if spins, Spinning.spin(until: { futex.word.load(ordering: .acquiring) == Word.woken }) { return }
        // Only a thread that says so is woken by the kernel; the others are spared the system call.
        let before = futex.word.compareExchange(
            expected: Word.awake, desired: Word.asleep, successOrdering: .relaxed, failureOrdering: .acquiring)
        if before.original == Word.woken { return }
        while futex.word.load(ordering: .acquiring) == Word.asleep {
            if !futex.wait(while: Word.asleep, until: deadline.nanoseconds) { return }
        }
    }

    /// Ends `park`, or calls back. Any thread, once.
    package func wake() {
        if let callback { return callback() }
        if futex.word.exchange(Word.woken, ordering: .releasing) == Word.asleep { futex.wake() }
    }
}
