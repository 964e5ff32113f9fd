package import Scheduling
import Linux

/// When a wait gives up: the one rule for every timeout of the toolkit.
///
/// No timeout means no limit; a timeout of zero or less means to try exactly once. Timeouts are measured on the
/// monotonic clock, which nobody sets and which stands still while the machine is suspended. They saturate: a timeout
/// of a million years is no error, it only never comes.
package struct Deadline: Hashable, Sendable {
    /// The moment; nil for no limit.
    package let moment: Instant?
    /// Whether the caller only wants to try, so that the clock need not be read.
    package let isImmediate: Bool

    /// The deadline that is `timeout` from now.
    package init(after timeout: Duration?) {
        let isImmediate = timeout.map { $0 <= .zero } ?? false
        self.isImmediate = isImmediate
        moment = timeout.map { isImmediate ? .origin : Deadline.now + $0 }
    }

    /// The moment at which it is now, on the clock of all timeouts.
    package static var now: Instant { Instant(nanoseconds: MonotonicClock.now()) }

    /// Whether it is too late.
    package var hasPassed: Bool {
        guard let moment else { return false }
        return isImmediate || moment <= Deadline.now
    }

    /// How long is left, at least zero; nil for no limit.
    package var remaining: Duration? {
        moment.map { isImmediate ? .zero : max(.zero, Deadline.now.duration(to: $0)) }
    }

    /// In the form that `Futex.wait` takes.
    package var nanoseconds: Int64? { moment?.nanoseconds }
}
