import CLinux
import Linux
import Threading

/// A lock at some place of shared memory, which survives the death of its holder: pthread's robust mutex.
///
/// It does not keep the memory alive; whoever has it does. See docs/decisions/0015-process-shared-locks.md.
@safe struct RobustMutex: @unchecked Sendable {
    /// How much room it takes. It begins at a multiple of this, so that no two are in one line of the cache.
    static let size = 64

    private let place: UnsafeMutablePointer<roost_shared_mutex>

    init(in region: SharedRegion, at offset: Int) {
        unsafe place = region.place(offset, as: roost_shared_mutex.self)
    }

    init(at address: UnsafeMutableRawPointer) {
        unsafe place = address.assumingMemoryBound(to: roost_shared_mutex.self)
    }

    /// Makes a free one of zeroed memory.
    func make(recursive: Bool = false) throws(SharedMemoryError) {
        let refusal = unsafe roost_shared_mutex_make(place, recursive ? 1 : 0)
        guard refusal == 0 else { throw .refused(operation: "make a lock in shared memory", errno: refusal) }
    }

    /// Takes it without waiting.
    @inline(__always) func tryAcquire() -> Acquisition {
        var previous: UInt64 = 0
        return unsafe RobustMutex.answer(roost_shared_mutex_trylock(place, &previous), previous)
    }

    /// Takes it unless the deadline passes first.
    func acquire(until deadline: Deadline = Deadline(after: nil)) -> Acquisition {
        let first = tryAcquire()
        if first.isHeld || deadline.isImmediate { return first }
        // Most locks are held for less time than going to sleep takes. Each look takes the word away from the holder,
        // so the looks become rarer.
        var left = Spinning.briefly
        var pauses = 1
        while left > 0 {
            for _ in 0..<pauses { Futex.pause() }
            if owner == nil, case let attempt = tryAcquire(), attempt.isHeld { return attempt }
            left -= pauses
            pauses = min(pauses * 2, 16)
        }
        var previous: UInt64 = 0
        guard let nanoseconds = deadline.nanoseconds else {
            return unsafe RobustMutex.answer(roost_shared_mutex_lock(place, nil, &previous), previous)
        }
        var moment = timespec(nanoseconds)
        return unsafe RobustMutex.answer(roost_shared_mutex_lock(place, &moment, &previous), previous)
    }

    /// Gives it back once.
    ///
    /// - Returns: false if the calling thread has it not; nothing has changed then.
    @discardableResult
    @inline(__always) func release() -> Bool { unsafe roost_shared_mutex_unlock(place) == 0 }

    /// Who has it at this moment.
    var owner: LockOwner? { unsafe LockOwner(roost_shared_mutex_owner(place)) }

    /// Whether the calling thread has it.
    var isMine: Bool { unsafe roost_shared_mutex_is_mine(place) != 0 }

    /// Whether a living thread of this process has it. Its memory must stay mapped then: the kernel looks there when
    /// the thread dies.
    var isHeldHere: Bool { unsafe roost_shared_mutex_is_held_here(place) != 0 }

    /// How often its holder has it; for the holder.
    var depth: Int { unsafe Int(place.pointee.depth) }

    private static func answer(_ result: Int32, _ previous: UInt64) -> Acquisition {
        switch result {
        case 0: .acquired
        case EOWNERDEAD: .abandoned(LockOwner(previous))
        case EBUSY, ETIMEDOUT: .timedOut
        // The memory was overwritten by somebody who had no business there; going on would make it worse.
        default: preconditionFailure("a lock in shared memory is damaged: \(SystemError.name(result))")
        }
    }
}

extension timespec {
    /// A moment of the monotonic clock in the kernel's form, which knows no negative times.
    init(_ nanoseconds: Int64) {
        let moment = max(nanoseconds, 0)
        self.init(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
    }
}
