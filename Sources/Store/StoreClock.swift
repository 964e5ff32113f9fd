import Linux
import Scheduling

/// Between the core's monotonic moments, which mean nothing after a reboot, and the wall clock's, which are stored.
struct StoreClock {
    /// The wall clock's lead in nanoseconds, as it is now.
    private let lead = WallClock.now() - MonotonicClock.now()

    func stored(_ moment: Instant) -> Int64 { moment.nanoseconds.addingSaturating(lead) }

    func moment(_ stored: Int64) -> Instant { Instant(nanoseconds: stored.addingSaturating(-lead)) }
}

extension Int64 {
    fileprivate func addingSaturating(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
