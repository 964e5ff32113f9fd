/// A limit on how often something may happen within a period: OTP's restart intensity (`supervisor:add_restart`).
///
/// Holds at most `intensity + 1` moments, so its size is bounded by its limit.
public struct RestartWindow: Hashable, Sendable {
    /// How many restarts are allowed within `period`.
    public let intensity: Int
    /// The length of the sliding window.
    public let period: Duration
    private var moments: [Instant] = []

    /// A window that allows `intensity` restarts within `period`.
    public init(intensity: Int, period: Duration) {
        precondition(intensity >= 0, "an intensity is at least 0")
        self.intensity = intensity
        self.period = period
    }

    /// Notes one restart. Returns false when it is one too many: more than `intensity` within `period`.
    ///
    /// A restart exactly `period` ago still counts, as in OTP. Complexity: O(`intensity`).
    public mutating func record(at now: Instant) -> Bool {
        moments.append(now)
        forget(before: now)
        if moments.count > intensity + 1 { moments.removeFirst(moments.count - intensity - 1) }
        return moments.count <= intensity
    }

    /// How many restarts count at this moment.
    public func count(at now: Instant) -> Int {
        moments.count { now - $0 <= period }
    }

    /// Forgets everything, as a new start by hand does.
    public mutating func reset() { moments.removeAll() }

    private mutating func forget(before now: Instant) {
        moments.removeAll { now - $0 > period }
    }
}
