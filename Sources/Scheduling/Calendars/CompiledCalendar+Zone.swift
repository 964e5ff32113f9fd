extension CompiledCalendar {
    /// No search goes further: the calendar repeats itself after 400 years, and so does a zone.
    private static let horizon: Int64 = 401 * 366 * Micro.day
    /// A segment that starts later than this after a moment does not show a local time again that was before it.
    private static let farFromBase: Int64 = 3 * 86_400
    /// The years that can be told: 0 to 200,000.
    private static let sensible = -62_000_000_000 * Micro.second...6_000_000_000_000 * Micro.second

    /// The first moment after `base` at which this elapses in a zone.
    ///
    /// Walks from segment to segment of the zone. Inside of one, local time is linear and the search is about bits
    /// alone; what happens at the seams is the policy.
    func next(after base: WallTime, in zone: TimeZoneRules, policy: ClockChangePolicy) -> WallTime? {
        guard !neverMatches, base.microseconds < Self.sensible.upperBound else { return nil }
        let base = max(base.microseconds, Self.sensible.lowerBound)
        var segment = zone.segment(containing: base.dividedDown(by: Micro.second))
        let runsOnce = policy == .systemd || !isPeriodic
        var lower = base &+ 1 &+ segment.offset &* Micro.second
        if runsOnce, lower < segment.coveredUntil, policy != .systemd { lower = segment.coveredUntil }
        let latest = base &+ Self.horizon
        var match = firstMatch(from: lower)

        while true {
            if let match, match < segment.localEnd { return checked(match &- segment.offset &* Micro.second, base) }
            guard let following = zone.segment(after: segment) else { return nil }
            if let match, following.followsGap, policy == .cron, !isPeriodic, match < following.localStart {
                return checked(following.start &* Micro.second, base)
            }
            let isFar = following.start > base.dividedDown(by: Micro.second) &+ Self.farFromBase
            if isFar, match == nil { return nil }
            segment = following
            var start = segment.localStart
            if runsOnce, start < segment.coveredUntil { start = segment.coveredUntil }
            if start < lower || (match ?? .max) < start {
                lower = start
                match = firstMatch(from: start)
            }
            guard isFar, let found = match, found >= segment.localEnd else { continue }
            if found > latest { return nil }
            // Nothing matches before it in any segment, so go to where its local time may be.
            let about =
                found.dividedDown(by: Micro.second) &- Int64(TimeZoneRules.largestOffset)
                &- ZoneSegment.largestShift
            let candidate = zone.segment(containing: about)
            if candidate.start > segment.start { segment = candidate }
        }
    }

    /// The promise that a schedule never stands still; worth checking at each answer.
    @inline(__always)
    private func checked(_ found: Int64, _ base: Int64) -> WallTime {
        precondition(found > base, "a calendar elapses strictly later")
        return WallTime(microseconds: found)
    }

    /// Whether a local time, in microseconds, is one of those that the expression names.
    func matches(local: Int64) -> Bool { firstMatch(from: local) == local }
}
