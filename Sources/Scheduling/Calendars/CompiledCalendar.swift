/// What both dialects become: which local times match, as bits that can be searched without looking at each.
struct CompiledCalendar: Hashable, Sendable {
    /// Bit 1 is January.
    var months: UInt16 = 0b1_1111_1111_1110
    var days = DayPattern()
    /// Bit 0 is midnight.
    var hours: UInt32 = 0xFF_FFFF
    var minutes: UInt64 = Self.everyMinute
    var seconds: UInt64 = 1
    /// Instead of `seconds`, when they have parts: a minute in microseconds.
    var fractions: [MicroRange] = []
    /// The years, counted from 1970; nil when all match.
    var years: SIMD4<UInt64>?
    /// Runs again and again within an hour or a day, so that it follows real time when the clocks are set.
    var isPeriodic = false

    /// For each of the 14 years there can be (that start on a weekday, with or without a leap day): the months in
    /// which any day matches. See `yearKind`.
    private(set) var monthsOfYear = SIMD16<UInt16>()
    private(set) var firstTime: Int64 = 0
    /// Whether no day ever matches: February 30, or the 29th in years that have none. A proof, not a search that gave
    /// up.
    private(set) var neverMatches = false

    static let everyMinute: UInt64 = (1 << 60) - 1
    static let firstYear = 1970
    static let lastYear = 2199

    /// Every so many microseconds between two points of a minute, both included.
    struct MicroRange: Hashable, Sendable {
        var first: Int64
        var last: Int64
        var step: Int64

        /// The first that is not before `micro`. O(1).
        @inline(__always)
        func next(from micro: Int64) -> Int64? {
            if micro <= first { return first }
            let found = first &+ (micro &- first &+ step &- 1) / step &* step
            return found <= last ? found : nil
        }
    }

    /// To be called once all is set.
    mutating func seal() {
        for kind in 0..<14 {
            let isLeap = kind >= 7
            var found: UInt16 = 0
            for month in 1...12 where months & 1 << month != 0 {
                let weekday = (kind % 7 + CivilDate.daysBefore(month: month, isLeap: isLeap)) % 7
                let length = CivilDate.length(ofMonth: month, isLeap: isLeap)
                if days.mask(length: length, firstWeekday: weekday) != 0 { found |= 1 << month }
            }
            monthsOfYear[kind] = found
        }
        let second = fractions.map(\.first).min() ?? Int64(seconds.trailingZeroBitCount) * Micro.second
        firstTime =
            Int64(hours.trailingZeroBitCount) * Micro.hour
            + Int64(minutes.trailingZeroBitCount) * Micro.minute + second
        neverMatches = findsNoYear()
    }

    /// Each year there can be has been looked at.
    private func findsNoYear() -> Bool {
        guard let years else { return monthsOfYear == SIMD16<UInt16>() }
        return !(Self.firstYear...Self.lastYear).contains { year in
            let place = year - Self.firstYear
            return years[place >> 6] & 1 << (place & 63) != 0 && monthsOfYear[Self.yearKind(year)] != 0
        }
    }

    /// 0 to 13: the weekday of January 1, and 7 more in a leap year.
    @inline(__always)
    static func yearKind(_ year: Int) -> Int {
        CivilDate.weekday(dayNumber: CivilDate(year: year, month: 1, day: 1).dayNumber)
            &+ (CivilDate.isLeap(year) ? 7 : 0)
    }
}

/// Which days of a month match: by number, from the end, by weekday, or by both.
struct DayPattern: Hashable, Sendable {
    /// Bit 1 is the first, one mask for each length of a month from 28 to 31, so that days counted from the end are
    /// days like others.
    var byLength = SIMD4<UInt32>(repeating: Self.everyDay)
    /// Bit 0 is Monday.
    var weekdays: UInt8 = 0x7F
    /// The first, second… of a weekday: seven bits for each of the five.
    var numbered: UInt64 = 0
    /// The last of a weekday.
    var last: UInt8 = 0
    /// The weekday, Monday to Friday, that is nearest to a day and in its month. Bit 1 is the first.
    var nearest: UInt32 = 0
    /// The last day that is Monday to Friday.
    var hasLastWorkday = false
    /// One of number and weekday is enough: cron's rule when both are set.
    var isEither = false

    static let everyDay: UInt32 = 0xFFFF_FFFE

    var hasWeekdays: Bool { weekdays != 0x7F || numbered != 0 || last != 0 }

    /// Adds a day that is counted from the end of the month; 1 is the last.
    mutating func insert(fromEnd place: Int) {
        for length in 28...31 where place <= length { byLength[length - 28] |= 1 << UInt32(length + 1 - place) }
    }

    mutating func insert(_ day: Int) {
        for index in 0..<4 { byLength[index] |= 1 << UInt32(day) }
    }

    /// The days of one month that match. O(1).
    @inline(__always)
    func mask(length: Int, firstWeekday: Int) -> UInt32 {
        let month: UInt32 = (2 << UInt32(truncatingIfNeeded: length)) &- 2
        var dates = byLength[length &- 28] & month
        if nearest != 0 || hasLastWorkday { dates |= workdays(length: length, firstWeekday: firstWeekday) }
        var named = Self.repeated(Self.turned(weekdays, by: firstWeekday))
        if numbered != 0 || last != 0 { named |= special(length: length, firstWeekday: firstWeekday) }
        return (isEither ? dates | named : dates & named) & month
    }

    /// Seven bits that begin at another weekday.
    @inline(__always)
    private static func turned(_ week: UInt8, by weekday: Int) -> UInt32 {
        let bits = UInt32(week)
        return (bits >> UInt32(weekday) | bits << UInt32(7 &- weekday)) & 0x7F
    }

    @inline(__always)
    private static func repeated(_ week: UInt32) -> UInt32 {
        (week | week << 7 | week << 14 | week << 21 | week << 28) << 1
    }

    private func special(length: Int, firstWeekday: Int) -> UInt32 {
        var days: UInt32 = 0
        for week in 0..<5 {
            let bits = UInt8(truncatingIfNeeded: numbered >> UInt64(7 * week)) & 0x7F
            days |= Self.turned(bits, by: firstWeekday) << UInt32(7 * week)
        }
        days <<= 1
        // The last seven days hold each weekday once.
        return days | Self.turned(last, by: (firstWeekday + length - 7) % 7) << UInt32(length - 6)
    }

    private func workdays(length: Int, firstWeekday: Int) -> UInt32 {
        var found: UInt32 = 0
        for day in 1...length where nearest & 1 << UInt32(day) != 0 {
            switch (firstWeekday + day - 1) % 7 {
            case 5: found |= 1 << UInt32(day > 1 ? day - 1 : day + 2)
            case 6: found |= 1 << UInt32(day < length ? day + 1 : day - 2)
            default: found |= 1 << UInt32(day)
            }
        }
        if hasLastWorkday {
            let beyondFriday = (firstWeekday + length - 1) % 7 - 4
            found |= 1 << UInt32(length - max(0, beyondFriday))
        }
        return found
    }
}
