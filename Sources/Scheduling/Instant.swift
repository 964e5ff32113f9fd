/// A moment on a monotonic clock: nanoseconds since some fixed origin, usually boot.
///
/// A plain number, so that simulated time is as good as real time. Arithmetic saturates: adding a huge delay
/// gives `.distantFuture`, never a trap.
public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Nanoseconds since the clock's origin.
    public let nanoseconds: Int64

    /// The moment `nanoseconds` after the clock's origin.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The clock's origin.
    public static let origin = Instant(nanoseconds: 0)
    /// Later than anything that will be waited for.
    public static let distantFuture = Instant(nanoseconds: .max)

    /// The time from this moment to `other`; negative when `other` is earlier.
    public func duration(to other: Instant) -> Duration {
        .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
    }

    /// The moment `delay` after `moment`; saturates.
    public static func + (moment: Instant, delay: Duration) -> Instant {
        let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(delay.saturatingNanoseconds)
        if overflow { return Instant(nanoseconds: delay < .zero ? .min : .max) }
        return Instant(nanoseconds: sum)
    }

    /// The time from `earlier` to `later`.
    public static func - (later: Instant, earlier: Instant) -> Duration { earlier.duration(to: later) }

    /// Earlier moments order first.
    public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

    /// The time since the origin, such as `1.5 seconds`.
    public var description: String { "\(Duration.nanoseconds(nanoseconds))" }
}

extension Duration {
    /// This duration in whole nanoseconds, clamped to what an `Int64` holds (± 292 years).
    public var saturatingNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        if carried { return seconds < 0 ? .min : .max }
        return sum
    }
}
