/// Again and again after the same time, whatever the calendar says.
public struct Interval: Hashable, Sendable, CustomStringConvertible {
    /// What the time is counted from.
    public enum Pace: Hashable, Sendable {
        /// At fixed moments: the anchor, and all that are whole periods away from it. How long a run takes and when
        /// it started changes nothing, so nothing drifts; what was missed is missed, so nothing comes in a burst.
        case fixedRate(anchor: WallTime)
        /// So long after the last run has ended. The first is due at once.
        case afterFinish
    }

    /// The time between two runs; at least a microsecond.
    public let period: Duration
    /// What it is counted from.
    public let pace: Pace

    /// Every so often, at fixed moments.
    ///
    /// - Parameters:
    ///   - period: at least a microsecond.
    ///   - anchor: one of the moments; the start of 1970 makes `6h` run at 00:00, 06:00… UTC, on any machine.
    public init(every period: Duration, anchor: WallTime = WallTime(microseconds: 0)) {
        precondition(period >= .microseconds(1), "a period is at least a microsecond")
        self.period = period
        pace = .fixedRate(anchor: anchor)
    }

    /// So long after each end.
    ///
    /// - Parameter delay: at least a microsecond.
    public init(afterFinish delay: Duration) {
        precondition(delay >= .microseconds(1), "a delay is at least a microsecond")
        period = delay
        pace = .afterFinish
    }

    /// The first of its moments after another.
    ///
    /// - Parameters:
    ///   - base: the answer is strictly later.
    ///   - lastFinish: when the last run ended; nil when there was none. Only ``Pace/afterFinish`` asks.
    /// - Returns: nil when it is too far away to be told.
    /// - Complexity: O(1), no allocation.
    public func next(after base: WallTime, lastFinish: WallTime? = nil) -> WallTime? {
        let found: WallTime
        switch pace {
        case .fixedRate(let anchor):
            let step = period.saturatingMicroseconds
            let (distance, isFar) = base.microseconds.subtractingReportingOverflow(anchor.microseconds)
            if isFar { return nil }
            let steps = distance.dividedDown(by: step)
            let (reached, overflow) = (steps + 1).multipliedReportingOverflow(by: step)
            let (moment, carried) = anchor.microseconds.addingReportingOverflow(reached)
            if overflow || carried { return nil }
            found = WallTime(microseconds: moment)
        case .afterFinish:
            let due = lastFinish.map { $0 + period } ?? base
            // One that is overdue is due now, which is as soon as can be.
            found = max(due, base + .microseconds(1))
        }
        return found > base ? found : nil
    }

    /// `every 6h`, or `10m after the last has ended`.
    public var description: String {
        switch pace {
        case .fixedRate: "every \(period)"
        case .afterFinish: "\(period) after each end"
        }
    }
}
