import Linux
import Synchronization

/// Looking at something that another thread is about to change, before going to sleep.
///
/// With one processor it is never worth it: nobody can change anything while we look.
package enum Spinning {
    /// Whether there is another processor for those who are waited for.
    package static let hasCompany = Futex.processorCount > 1

    /// For what usually takes less time than a call of the kernel, a lock that is held for a few instructions: so many
    /// pauses of some 25 nanoseconds.
    package static let briefly = hasCompany ? 120 : 0

    // For what takes as long as sending a thread to sleep and waking it.
    private static let most = 400
    private static let least = 25

    /// How many pauses are worth it at present.
    private static let patience = Atomic(most)
    /// How often the least was of no use. Every sixteenth time is a long one again: threads that sleep make each other
    /// slow, and would never find out that they need not.
    private static let failures = Atomic(0)

    /// Looks now and then until something is true, for as long as sleeping and waking up would take.
    ///
    /// Where the one who is waited for has no processor, because others have them all, looking only keeps it from
    /// running. So the time is halved by each spin that was of no use, and is whole again after one that was. All
    /// threads learn from each other: it is the state of the machine rather than of what they wait for.
    ///
    /// - Returns: whether it became true.
    package static func spin(until isTrue: () -> Bool) -> Bool {
        if isTrue() { return true }
        guard hasCompany else { return false }
        let budget = patience.load(ordering: .relaxed)
        let isAttempt = budget == least && failures.load(ordering: .relaxed) & 15 == 15
        var left = isAttempt ? most : budget
        // Each look takes the word away from whoever is about to change it, so the looks become rarer.
        var pauses = 4
        while left > 0 {
            for _ in 0..<pauses { Futex.pause() }
            if isTrue() {
                if budget < most { patience.store(most, ordering: .relaxed) }
                return true
            }
            left -= pauses
            pauses = min(pauses * 2, 32)
        }
        if budget > least {
            patience.store(max(budget / 2, least), ordering: .relaxed)
        } else {
            failures.wrappingAdd(1, ordering: .relaxed)
        }
        return false
    }
}
