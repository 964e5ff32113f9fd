/// A span of time in which local time is UTC plus one offset.
struct ZoneSegment: Hashable, Sendable {
    /// Its first second in UTC; `.min` for the first segment of a zone.
    var start: Int64
    /// The first second in UTC after it; `.max` for the last segment of a zone.
    var end: Int64
    /// Seconds east of UTC.
    var offset: Int64
    /// How much later the clocks were set when it began; negative when they were set back.
    var shift: Int64
    /// Its place in the table, and how far the table has been moved from there by whole cycles.
    fileprivate var index: Int
    fileprivate var moved: Int64

    /// Clocks that are set by more than this are corrected, as for a change of the date line. No summer does that.
    static let largestShift: Int64 = 3 * 3600

    /// Microseconds of local time at which it ends; `.max` when it does not.
    @inline(__always)
    var localEnd: Int64 { end == .max ? .max : (end &+ offset) &* Micro.second }

    /// Microseconds of local time at which it starts.
    @inline(__always)
    var localStart: Int64 { start == .min ? .min : (start &+ offset) &* Micro.second }

    /// Local time before this, in microseconds, was there before the clocks were set back and comes a second time.
    @inline(__always)
    var coveredUntil: Int64 {
        shift < 0 && shift >= -Self.largestShift ? (start &+ offset &- shift) &* Micro.second : .min
    }

    /// Whether the clocks were set forward to begin it, by no more than a summer would do.
    @inline(__always)
    var followsGap: Bool { shift > 0 && shift <= Self.largestShift }
}

extension TimeZoneRules {
    /// The segment that holds a second of UTC. O(log changes), no allocation.
    @inline(__always)
    func segment(containing second: Int64) -> ZoneSegment {
        var moved: Int64 = 0
        if let firstRepeated, second >= starts[firstRepeated &+ Self.segmentsPerCycle] {
            let cycles = (second &- starts[firstRepeated]) / CivilDate.secondsPerCycle
            moved = cycles &* CivilDate.secondsPerCycle
        }
        let wanted = second &- moved
        // The last start that is not later. The first is `.min`, so there always is one.
        var low = 0
        var high = starts.count
        while high &- low > 1 {
            let middle = (low &+ high) / 2
            if starts[middle] <= wanted { low = middle } else { high = middle }
        }
        return segment(at: low, moved: moved)
    }

    /// The one after it; nil when it goes on for ever. O(1).
    @inline(__always)
    func segment(after segment: ZoneSegment) -> ZoneSegment? {
        guard segment.end != .max else { return nil }
        var index = segment.index &+ 1
        var moved = segment.moved
        if let firstRepeated, index >= firstRepeated &+ Self.segmentsPerCycle {
            index &-= Self.segmentsPerCycle
            moved &+= CivilDate.secondsPerCycle
        }
        return self.segment(at: index, moved: moved)
    }

    @inline(__always)
    private func segment(at index: Int, moved: Int64) -> ZoneSegment {
        var before = index &- 1
        // The first of a later cycle follows the last of the cycle before it.
        if moved > 0, index == firstRepeated { before = index &+ Self.segmentsPerCycle &- 1 }
        let offset = Int64(offsets[index])
        return ZoneSegment(
            start: index == 0 ? .min : starts[index] &+ moved,
            end: index &+ 1 < starts.count ? starts[index &+ 1] &+ moved : .max,
            offset: offset, shift: index == 0 ? 0 : offset &- Int64(offsets[before]), index: index, moved: moved)
    }
}
