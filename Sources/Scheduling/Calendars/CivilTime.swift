/// What a clock on the wall shows: a date, a time of day, and how far the clock is ahead of UTC.
public struct CivilTime: Hashable, Sendable, CustomStringConvertible {
    /// Whether a day shows this time more than once.
    public enum Repetition: Hashable, Sendable {
        /// The day has this time once, as most.
        case none
        /// The clocks will be set back and show it again.
        case first
        /// The clocks were set back and show it for the second time.
        case second
    }

    /// The year; the year before 1 is 0.
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    /// 0 to 23.
    public let hour: Int
    /// 0 to 59.
    public let minute: Int
    /// 0 to 59.
    public let second: Int
    /// 0 to 999,999.
    public let microsecond: Int
    /// How far the clock is ahead of UTC, in whole seconds.
    public let offset: Duration
    /// Whether the day shows this time twice.
    public let repetition: Repetition
    /// 0 is Monday, 6 is Sunday.
    public let weekday: Int

    /// What the clocks of a place show at a moment. O(log changes of the zone).
    public init(_ time: WallTime, in rules: TimeZoneRules) {
        let segment = rules.segment(containing: time.seconds)
        let local = time.microseconds &+ segment.offset &* Micro.second
        let dayNumber = local.dividedDown(by: Micro.day)
        let date = CivilDate(dayNumber: Int(dayNumber))
        (year, month, day) = (date.year, date.month, date.day)
        weekday = CivilDate.weekday(dayNumber: Int(dayNumber))
        let withinDay = Int(local &- dayNumber &* Micro.day)
        hour = withinDay / Int(Micro.hour)
        minute = withinDay / Int(Micro.minute) % 60
        second = withinDay / Int(Micro.second) % 60
        microsecond = withinDay % Int(Micro.second)
        offset = .seconds(segment.offset)
        if local < segment.coveredUntil {
            repetition = .second
        } else if let next = rules.segment(after: segment), local >= next.localStart, local < next.coveredUntil {
            repetition = .first
        } else {
            repetition = .none
        }
    }

    /// `2026-03-29T03:00:00+02:00`, with six places when it has parts of a second, and `Z` for UTC.
    public var description: String { dateAndTime(separator: "T") + offsetText(utc: "Z", separator: "") }

    /// `Sun 2026-03-29 03:00:00 +02:00`, for people.
    public var text: String {
        "\(CalendarParser.shortName(weekday)) " + dateAndTime(separator: " ") + offsetText(utc: "UTC", separator: " ")
    }

    private func dateAndTime(separator: String) -> String {
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let part = microsecond == 0 ? "" : ".\(padded(microsecond, 6))"
        return "\(date)\(separator)\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))\(part)"
    }

    private func offsetText(utc: String, separator: String) -> String {
        let seconds = Int(offset.components.seconds)
        if seconds == 0 { return separator + utc }
        let size = abs(seconds)
        let part = size % 60 == 0 ? "" : ":\(padded(size % 60, 2))"
        return "\(separator)\(seconds < 0 ? "-" : "+")\(padded(size / 3600, 2)):\(padded(size / 60 % 60, 2))\(part)"
    }
}
