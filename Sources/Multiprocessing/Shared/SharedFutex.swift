import CLinux
import Linux
import Synchronization

/// A word of shared memory on which threads of several processes wait in the kernel, as `Futex` is one within a
/// process.
///
/// A process can be killed at any moment, also between changing a word and waking those who wait for that. So the two
/// are one step of the kernel here (FUTEX_WAKE_OP), wherever somebody may wait.
@safe struct SharedFutex: @unchecked Sendable {
    private let place: UnsafeMutablePointer<Atomic<UInt32>>

    init(in region: SharedRegion, at offset: Int) { unsafe place = region.place(offset, as: Atomic<UInt32>.self) }

    init(at place: UnsafeMutableRawPointer) {
        unsafe self.place = place.assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    /// A change that the kernel makes together with a wake-up; each with an amount below 2048.
    enum Change {
        case set(Int32)
        case add(Int32)
        case union(Int32)
    }

    @inline(__always) var value: UInt32 { unsafe place.pointee.load(ordering: .acquiring) }

    @inline(__always) func store(_ value: UInt32) { unsafe place.pointee.store(value, ordering: .releasing) }

    @inline(__always) func exchange(_ expected: UInt32, for value: UInt32) -> Bool {
        unsafe place.pointee.compareExchange(
            expected: expected, desired: value, ordering: .acquiringAndReleasing
        ).exchanged
    }

    /// Blocks while the word is `expected`, until it is woken or the deadline has passed; may return early.
    ///
    /// - Returns: false if the deadline had passed.
    @discardableResult
    func wait(while expected: UInt32, until deadline: Int64?) -> Bool {
        let result: Int32
        if let deadline {
            var moment = timespec(deadline)
            result = unsafe roost_shared_futex_wait(place, expected, &moment)
        } else {
            result = unsafe roost_shared_futex_wait(place, expected, nil)
        }
        if result == 0 { return true }
        let code = roost_errno()
        precondition(code == EAGAIN || code == EINTR || code == ETIMEDOUT, "futex: \(SystemError.name(code))")
        return code != ETIMEDOUT
    }

    /// Wakes up to `count` threads that wait on the word.
    func wake(_ count: Int32 = .max) { _ = unsafe roost_shared_futex_wake(place, count) }

    /// Changes the word and wakes up to `count` of those that wait on `sleepers`, in one step.
    ///
    /// - Returns: how many were woken.
    @discardableResult
    func change(_ change: Change, waking count: Int32 = .max, on sleepers: SharedFutex? = nil) -> Int {
        // What was written before is published by this: a sanitizer does not see what the kernel writes.
        unsafe place.pointee.wrappingAdd(0, ordering: .acquiringAndReleasing)
        let target = unsafe sleepers?.place ?? place
        let (operation, amount) =
            switch change {
            case .set(let amount): (Int32(FUTEX_OP_SET), amount)
            case .add(let amount): (Int32(FUTEX_OP_ADD), amount)
            case .union(let amount): (Int32(FUTEX_OP_OR), amount)
            }
        let woken = unsafe roost_shared_futex_change_and_wake(target, count, place, operation, amount)
        precondition(woken >= 0, "futex: \(SystemError.name(roost_errno()))")
        return Int(woken)
    }
}
