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

    /// Takes it as the turn to wait for something, which one thread has at a time.
    ///
    /// Whoever has the turn may stand still for as long as somebody likes (SIGSTOP, a debugger, a frozen cgroup), and
    /// everything that comes would be for that one. So the others look for themselves now and then: after 50 ms, and
    /// once a second in the end. They are not woken for what comes then, but none waits for ever.
    ///
    /// - Parameter attempt: takes what is waited for, if it is there.
    /// - Returns: `mine` if the calling thread has the turn now, and gives it back.
    func acquireTurn<Result>(until deadline: Deadline, _ attempt: () -> Result?) -> Turn<Result> {
        var pause = Duration.milliseconds(50)
        while true {
            let look = Deadline(after: pause)
            let isLast = deadline.isBefore(look)
            if acquire(until: isLast ? deadline : look).isHeld { return .mine }
            if let found = attempt() { return .found(found) }
            if isLast { return .late }
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// What became of the wait for a turn.
    enum Turn<Result> {
        case mine
        /// It was not needed.
        case found(Result)
        case late
    }

    /// Takes it where it is only held for moments. Nobody who only tries, or whose time is over, waits longer than a
    /// tenth of a second for a holder that stands still.
    ///
    /// - Returns: whether the calling thread has it, and whether the one before had died.
    @inline(__always) func acquireBriefly(until deadline: Deadline) -> Acquisition {
        let first = tryAcquire()
        return first.isHeld ? first : acquireSlowly(deadline)
    }

    private func acquireSlowly(_ deadline: Deadline) -> Acquisition {
        if deadline.moment == nil { return acquire() }
        let least = Deadline(after: .milliseconds(100))
        return acquire(until: deadline.isBefore(least) ? least : deadline)
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

extension Deadline {
    /// Whether this one comes first.
    func isBefore(_ other: Deadline) -> Bool {
        guard let moment else { return false }
        return isImmediate || (other.moment.map { moment < $0 } ?? true)
    }
}

extension timespec {
    /// A moment of the monotonic clock in the kernel's form, which knows no negative times.
    init(_ nanoseconds: Int64) {
        let moment = max(nanoseconds, 0)
        self.init(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
    }
}
