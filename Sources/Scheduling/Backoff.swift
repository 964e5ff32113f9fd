/// How long to wait before trying again: exponential, capped, jittered.
///
///     delay(attempt: n) = min(first · factorⁿ⁻¹, ceiling) · (1 ± jitter)
public struct Backoff: Hashable, Sendable {
    /// The delay before the first retry.
    public var first: Duration
    /// What each further delay is multiplied by; at least 1.
    public var factor: Double
    /// No delay is longer than this, jitter aside.
    public var ceiling: Duration
    /// The fraction, 0…1, by which each delay may be shorter or longer.
    public var jitter: Double

    /// A policy; `factor` below 1 counts as 1, and `jitter` is clamped to 0…1.
    public init(first: Duration, factor: Double = 2, ceiling: Duration, jitter: Double = 0) {
        self.first = max(first, .zero)
        self.factor = max(factor, 1)
        self.ceiling = max(ceiling, .zero)
        self.jitter = min(max(jitter, 0), 1)
    }

    /// The delay before the `attempt`-th retry in a row, counted from 1. O(1), never negative.
    public func delay(attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        precondition(attempt >= 1, "retries are counted from 1")
        let base = min(unjittered(attempt: attempt), ceiling)
        guard jitter > 0 else { return base }
        return base * Double.random(in: (1 - jitter)...(1 + jitter), using: &generator)
    }

    private func unjittered(attempt: Int) -> Duration {
        // Growth stops mattering long before 2¹⁰²⁴; multiplying step by step lets the ceiling end it early.
        var delay = first
        for _ in 1..<attempt {
            if delay >= ceiling || factor == 1 || delay == .zero { break }
            delay = delay * factor
        }
        return delay
    }
}
