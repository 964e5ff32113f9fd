/// A thread of some process, as a lock in shared memory remembers its holder.
public struct LockOwner: Hashable, Sendable, CustomStringConvertible {
    /// The process id.
    public let process: Int32
    /// The kernel's number of the thread; that of the first thread is the process id.
    public let thread: Int32

    init?(_ word: UInt64) {
        if word == 0 { return nil }
        process = Int32(truncatingIfNeeded: word >> 32)
        thread = Int32(truncatingIfNeeded: word)
    }

    /// “process 12, thread 34”.
    public var description: String { "process \(process), thread \(thread)" }
}

/// What came of an attempt to take a lock.
public enum Acquisition: Hashable, Sendable {
    /// The caller has the lock.
    case acquired
    /// The caller has the lock, and the one who had it before died holding it: what the lock guards may be in disorder.
    ///
    /// Whose thread it was, or nil if it died in the very moment in which it took the lock. Told once: who gets the
    /// lock next gets it as `acquired`.
    case abandoned(LockOwner?)
    /// The caller has it not: somebody else had it for all of the time.
    case timedOut

    /// Whether the caller has the lock now.
    public var isHeld: Bool { self != .timedOut }

    /// Whether the one who had the lock before died holding it.
    public var isAbandoned: Bool {
        if case .abandoned = self { true } else { false }
    }
}

/// Why a lock in shared memory could not be released.
public enum SharedLockError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The calling thread does not hold the lock.
    case notOwner

    /// “cannot release …: reason; what to do”.
    public var description: String {
        "cannot release the lock: this thread does not hold it; release it in the thread that acquired it, or use "
            + "withLock"
    }
}
