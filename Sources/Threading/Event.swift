import Linux
import Synchronization

/// A flag for which threads can wait: Python's `threading.Event`.
///
///     let ready = Event()
///     ready.wait()                    // one thread
///     ready.set()                     // another one
///
/// Setting it releases every thread that waits at that moment, even if the flag is cleared again before they run: a
/// pulse is never lost. Everything here is free of locks, so `set()` may also be called by a signal handler, and by a
/// thread that is interrupted in `wait()`. (A global event is made at its first use, and
/// making it is nothing for a handler: touch it before.)
public final class Event: Sendable {
    /// The lowest bit is the flag; the others count how often it was set, which tells a waiter of a pulse that it
    /// missed.
    private let state = Futex()

    /// An event that is not set.
    public init() {}

    /// Whether the flag is set at this moment.
    public var isSet: Bool { Event.flag(state.word.load(ordering: .acquiring)) }

    /// Sets the flag and releases all threads that wait. Async-signal-safe.
    public func set() {
        var before = state.word.load(ordering: .relaxed)
        while true {
            // Setting a set flag releases nobody, for nobody waits; but it publishes what was written before.
            let after = Event.flag(before) ? before : (before &+ 2) | 1
            let (exchanged, original) = state.word.weakCompareExchange(
                expected: before, desired: after, ordering: .releasing)
            if exchanged {
                if before != after { state.wakeAll() }
                return
            }
            before = original
        }
    }

    /// Clears the flag; who waits from now on waits until it is set again. Async-signal-safe.
    public func clear() {
        state.word.bitwiseAnd(~1, ordering: .acquiringAndReleasing)
    }

    /// Waits until the flag is set.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: true if the flag was set, at the beginning or at any time during the wait; false if the timeout
    ///   passed before.
    @discardableResult
    public func wait(timeout: Duration? = nil) -> Bool {
        let before = state.word.load(ordering: .acquiring)
        if Event.flag(before) { return true }
        let deadline = Deadline(after: timeout)
        if deadline.isImmediate { return false }
        // As long as the word is the same, the flag was not set in between: only 2³¹ pulses would bring it back.
        while state.word.load(ordering: .acquiring) == before {
            if !state.wait(while: before, until: deadline.nanoseconds) {
                return state.word.load(ordering: .acquiring) != before
            }
        }
        return true
    }

    private static func flag(_ word: UInt32) -> Bool { word & 1 == 1 }
}
