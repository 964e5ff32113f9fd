import CLinux

/// A timer that becomes readable at an absolute time.
package struct TimerDescriptor: ~Copyable {
    private let descriptor: OwnedDescriptor

    package enum Clock: Sendable {
        /// Stands still while the machine is suspended.
        case monotonic
        /// Goes on while the machine is suspended.
        case boot

        fileprivate var id: clockid_t {
            switch self {
            case .monotonic: CLOCK_MONOTONIC
            case .boot: CLOCK_BOOTTIME
            }
        }
    }

    package init(clock: Clock = .monotonic) throws(SystemError) {
        let raw = try retrying("create a timer") {
            timerfd_create(clock.id, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK))
        }
        descriptor = OwnedDescriptor(adopting: raw)
    }

    package var raw: Int32 { descriptor.raw }

    /// Makes the timer expire at `nanoseconds` on its clock; a time that has passed expires at once.
    package borrowing func arm(at nanoseconds: Int64) throws(SystemError) {
        // Zero would mean "disarm", and a negative time is as much in the past as 1 ns.
        let moment = max(nanoseconds, 1)
        try set(timespec(tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000)))
    }

    package borrowing func disarm() throws(SystemError) {
        try set(timespec())
    }

    private borrowing func set(_ moment: timespec) throws(SystemError) {
        let raw = descriptor.raw
        var setting = itimerspec(it_interval: timespec(), it_value: moment)
        _ = try retrying("set a timer") { unsafe timerfd_settime(raw, Int32(TFD_TIMER_ABSTIME), &setting, nil) }
    }
}
