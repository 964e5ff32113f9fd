import CLinux

/// The clock that only goes forward; it stands still while the machine is suspended.
package enum MonotonicClock {
    /// Nanoseconds since boot.
    package static func now() -> Int64 { nanoseconds(of: CLOCK_MONOTONIC) }
}

/// The clock on the wall, which an operator or NTP may set.
package enum WallClock {
    /// Nanoseconds since 1970-01-01 00:00 UTC.
    package static func now() -> Int64 { nanoseconds(of: CLOCK_REALTIME) }
}

private func nanoseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    let result = unsafe clock_gettime(clock, &time)
    precondition(result == 0, "both clocks exist on every Linux")
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
