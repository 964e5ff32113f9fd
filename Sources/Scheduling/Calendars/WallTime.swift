/// A moment as the world's clocks tell it: microseconds since 1970-01-01 00:00:00 UTC, leap seconds not counted.
///
/// Calendars are about wall time, and supervision is about ``Instant``, the time of a monotonic clock. They are two
/// types so that nobody adds one to the other: the wall clock may be set, and a monotonic one stops in suspend.
public struct WallTime: Hashable, Comparable, Sendable {
    /// Microseconds since the start of 1970 in UTC; negative before.
    public let microseconds: Int64

    /// The moment `microseconds` after the start of 1970.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// The moment `seconds` after the start of 1970, or the nearest that can be told.
    public init(seconds: Int64) {
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : scaled
    }

    /// Whole seconds since the start of 1970, rounded down.
    public var seconds: Int64 { microseconds.dividedDown(by: 1_000_000) }

    /// The moment `delay` after `moment`, in whole microseconds; saturates.
    public static func + (moment: WallTime, delay: Duration) -> WallTime {
        let (sum, overflow) = moment.microseconds.addingReportingOverflow(delay.saturatingMicroseconds)
        return WallTime(microseconds: overflow ? (delay < .zero ? .min : .max) : sum)
    }

    /// The time from `earlier` to `later`; negative when `later` is the earlier one.
    public static func - (later: WallTime, earlier: WallTime) -> Duration {
        .microseconds(later.microseconds) - .microseconds(earlier.microseconds)
    }

    /// Earlier moments order first.
    public static func < (left: WallTime, right: WallTime) -> Bool { left.microseconds < right.microseconds }
}

extension Duration {
    /// This duration in whole microseconds, rounded towards zero and clamped to what an `Int64` holds.
    var saturatingMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }
}

extension FixedWidthInteger {
    /// Division that rounds towards negative infinity, as civil time needs it before 1970.
    @inline(__always)
    func dividedDown(by divisor: Self) -> Self {
        let quotient = self / divisor
        return quotient &* divisor > self ? quotient &- 1 : quotient
    }
}
