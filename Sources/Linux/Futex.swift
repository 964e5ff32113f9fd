import CLinux
package import Synchronization

/// A word of memory on which threads wait in the kernel until another one changes it, as futex(2) describes.
///
/// The word is read and written as any atomic; only who has to wait asks the kernel.
@safe package struct Futex: ~Copyable, Sendable {
    package let word: Atomic<UInt32>

    package init(_ value: UInt32 = 0) { word = Atomic(value) }

    /// Blocks while the word is `expected`, until it is woken or the deadline has passed. May also return early, for no
    /// reason: the caller looks at the word again.
    ///
    /// - Parameter deadline: nanoseconds of `MonotonicClock`; nil for no limit. One that has passed returns at once.
    /// - Returns: false if the deadline had passed.
    @discardableResult
    package borrowing func wait(while expected: UInt32, until deadline: Int64? = nil) -> Bool {
        unsafe withUnsafePointer(to: word) { address in
            guard let deadline else { return unsafe Futex.wait(address, expected, nil) }
            // The kernel takes no negative times, and they are as much in the past as 0.
            let moment = max(deadline, 0)
            var time = timespec(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
            return unsafe Futex.wait(address, expected, &time)
        }
    }

    /// Wakes up to `count` of the threads that wait, in no promised order. Async-signal-safe.
    package borrowing func wake(_ count: Int32 = 1) {
        unsafe withUnsafePointer(to: word) { _ = unsafe roost_futex_wake($0, count) }
    }

    /// Wakes all threads that wait. Async-signal-safe.
    package borrowing func wakeAll() { wake(.max) }

    private static func wait(
        _ address: UnsafePointer<Atomic<UInt32>>, _ expected: UInt32, _ deadline: UnsafePointer<timespec>?
    ) -> Bool {
        if unsafe roost_futex_wait(address, expected, deadline) == 0 { return true }
        let code = roost_errno()
        // Anything else would be a bug of this file: the address and the time are valid.
        precondition(code == EAGAIN || code == EINTR || code == ETIMEDOUT, "futex: \(SystemError.name(code))")
        return code != ETIMEDOUT
    }

    /// What a loop does that waits for another processor for a few moments.
    package static func pause() { roost_pause() }

    /// How many processors the calling thread may run on, as sched_setaffinity(2) and cpusets leave them to it.
    package static var processorCount: Int { Int(roost_processor_count()) }
}
