import Linux

/// How often to look at something that another thread is about to change, before going to sleep.
///
/// With one processor it is never: nobody can change anything while we look. Each look takes some 20 nanoseconds.
package enum Spinning {
    /// Whether there is another processor for those who are waited for.
    package static let hasCompany = Futex.processorCount > 1

    /// For what usually takes less time than a call of the kernel: a lock that is held for a few instructions.
    package static let briefly = hasCompany ? 120 : 0

    /// For what takes as long as sending a thread to sleep and waking it.
    package static let patiently = hasCompany ? 400 : 0
}
