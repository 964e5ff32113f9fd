import Scheduling

/// A time in which a log target takes nothing: when to try again, and what it cost.
struct Outage {
    static let firstDelay = Duration.seconds(1)
    static let longestDelay = Duration.seconds(30)

    let began: Instant
    private(set) var nextAttempt: Instant
    private var delay = Outage.firstDelay
    /// The bytes thrown away so far, where the policy is to drop.
    var dropped: Int64 = 0

    init(at now: Instant) {
        began = now
        nextAttempt = now + delay
    }

    /// Another attempt has failed.
    mutating func goOn(at now: Instant) {
        delay = min(delay * 2, Self.longestDelay)
        nextAttempt = now + delay
    }
}
