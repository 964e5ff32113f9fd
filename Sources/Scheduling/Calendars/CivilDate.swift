/// A day of the Gregorian calendar, which is taken to hold for all time.
struct CivilDate: Hashable, Sendable {
    var year: Int
    var month: Int
    var day: Int

    /// The date `dayNumber` days after 1970-01-01. O(1), by Howard Hinnant's `civil_from_days`.
    @inline(__always)
    init(dayNumber: Int) {
        // Counted from 0000-03-01, so that the leap day is the last of its year.
        let shifted = dayNumber &+ 719_468
        let era = shifted.dividedDown(by: Self.daysPerCycle)
        let dayOfEra = UInt32(truncatingIfNeeded: shifted &- era &* Self.daysPerCycle)
        let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let shiftedMonth = (5 &* dayOfYear &+ 2) / 153
        day = Int(dayOfYear &- (153 &* shiftedMonth &+ 2) / 5 &+ 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth &+ 3 : shiftedMonth &- 9)
        year = Int(yearOfEra) &+ era &* 400 &+ (month <= 2 ? 1 : 0)
    }

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Days since 1970-01-01. O(1), by Howard Hinnant's `days_from_civil`.
    @inline(__always)
    var dayNumber: Int {
        let shiftedYear = month <= 2 ? year &- 1 : year
        let era = shiftedYear.dividedDown(by: 400)
        let yearOfEra = shiftedYear &- era &* 400
        let dayOfYear = (153 &* (month > 2 ? month &- 3 : month &+ 9) &+ 2) / 5 &+ day &- 1
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return era &* Self.daysPerCycle &+ dayOfEra &- 719_468
    }

    /// The Gregorian calendar repeats after 400 years, which are whole weeks.
    static let daysPerCycle = 146_097
    static let secondsPerCycle: Int64 = 146_097 * 86_400

    /// 0 is Monday, 6 is Sunday.
    @inline(__always)
    static func weekday(dayNumber: Int) -> Int {
        let shifted = dayNumber &+ 3
        return shifted &- shifted.dividedDown(by: 7) &* 7
    }

    @inline(__always)
    static func isLeap(_ year: Int) -> Bool { year & 3 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Days before the first of `month` in a year that is not a leap year, 9 bits each.
    @inline(__always)
    static func daysBefore(month: Int, isLeap: Bool) -> Int {
        let start = (367 &* month &- 362) / 12
        return month <= 2 ? start : start &- (isLeap ? 1 : 2)
    }

    @inline(__always)
    static func length(ofMonth month: Int, isLeap: Bool) -> Int {
        month == 2 ? (isLeap ? 29 : 28) : 30 | (month ^ (month >> 3)) & 1
    }
}

/// Microseconds, which all of the search counts in.
enum Micro {
    static let second: Int64 = 1_000_000
    static let minute: Int64 = 60 * second
    static let hour: Int64 = 60 * minute
    static let day: Int64 = 24 * hour
}
