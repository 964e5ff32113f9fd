// Local time here is microseconds since 1970-01-01 00:00 on the clock of some place, with no zone in sight.

extension CompiledCalendar {
    /// The first local time that matches and is not before `local`; nil when there is none.
    ///
    /// A year that cannot match costs one look, so that the longest gap of all, 40 years between two Mondays the
    /// 29th of February, takes well below a microsecond. No allocation.
    func firstMatch(from local: Int64) -> Int64? {
        let dayNumber = Int(local.dividedDown(by: Micro.day))
        var date = CivilDate(dayNumber: dayNumber)
        let lowest = years == nil ? Int.min : Self.firstYear
        if date.year < lowest { date = CivilDate(year: lowest, month: 1, day: 1) }
        let isLeap = CivilDate.isLeap(date.year)
        if hasYear(date.year), months & 1 << UInt16(truncatingIfNeeded: date.month) != 0 {
            let days = days(year: date.year, month: date.month, isLeap: isLeap)
            let today = date.dayNumber
            if days & 1 << UInt32(truncatingIfNeeded: date.day) != 0,
                let time = firstTime(from: today == dayNumber ? local &- Int64(dayNumber) &* Micro.day : 0)
            {
                return Int64(today) &* Micro.day &+ time
            }
            let later = days & ~((2 << UInt32(truncatingIfNeeded: date.day)) &- 1)
            if later != 0 {
                return Int64(today &- date.day &+ later.trailingZeroBitCount) &* Micro.day &+ firstTime
            }
        }
        return firstMatch(year: date.year, after: date.month)
    }

    /// The first in a month after `month`, or in a year after `year`.
    private func firstMatch(year: Int, after month: Int) -> Int64? {
        var year = year
        var wanted: UInt16 = ~((2 << UInt16(truncatingIfNeeded: month)) &- 1)
        // No two matches are more than 40 years apart. One year more is the rest of this one.
        let last = years == nil ? year &+ 41 : Self.lastYear
        while year <= last {
            if hasYear(year) {
                let found = monthsOfYear[Self.yearKind(year)] & wanted
                if found != 0 {
                    let month = found.trailingZeroBitCount
                    let days = days(year: year, month: month, isLeap: CivilDate.isLeap(year))
                    let first = CivilDate(year: year, month: month, day: days.trailingZeroBitCount)
                    return Int64(first.dayNumber) &* Micro.day &+ firstTime
                }
            }
            wanted = .max
            year &+= 1
        }
        return nil
    }

    @inline(__always)
    private func hasYear(_ year: Int) -> Bool {
        guard let years else { return true }
        guard year >= Self.firstYear, year <= Self.lastYear else { return false }
        let place = year &- Self.firstYear
        return years[place >> 6] & 1 << UInt64(truncatingIfNeeded: place & 63) != 0
    }

    @inline(__always)
    private func days(year: Int, month: Int, isLeap: Bool) -> UInt32 {
        let first = CivilDate(year: year, month: month, day: 1).dayNumber
        return days.mask(
            length: CivilDate.length(ofMonth: month, isLeap: isLeap),
            firstWeekday: CivilDate.weekday(dayNumber: first))
    }

    /// The first time of a day that is not before `time`, both in microseconds from midnight.
    @inline(__always)
    private func firstTime(from time: Int64) -> Int64? {
        if time <= firstTime { return firstTime }
        let hour = time / Micro.hour
        let withinHour = time &- hour &* Micro.hour
        if hours & 1 << UInt32(truncatingIfNeeded: hour) != 0, let found = firstTime(inHourFrom: withinHour) {
            return hour &* Micro.hour &+ found
        }
        let later = hours & ~((2 << UInt32(truncatingIfNeeded: hour)) &- 1)
        guard later != 0 else { return nil }
        let firstOfHour = firstTime &- Int64(hours.trailingZeroBitCount) &* Micro.hour
        return Int64(later.trailingZeroBitCount) &* Micro.hour &+ firstOfHour
    }

    @inline(__always)
    private func firstTime(inHourFrom time: Int64) -> Int64? {
        let minute = time / Micro.minute
        if minutes & 1 << UInt64(truncatingIfNeeded: minute) != 0,
            let found = firstTime(inMinuteFrom: time &- minute &* Micro.minute)
        {
            return minute &* Micro.minute &+ found
        }
        let later = minutes & ~((2 << UInt64(truncatingIfNeeded: minute)) &- 1)
        guard later != 0 else { return nil }
        let firstOfMinute = firstTime % Micro.minute
        return Int64(later.trailingZeroBitCount) &* Micro.minute &+ firstOfMinute
    }

    @inline(__always)
    private func firstTime(inMinuteFrom time: Int64) -> Int64? {
        if fractions.isEmpty {
            let second = (time &+ Micro.second &- 1) / Micro.second
            let later = seconds & ~((1 << UInt64(truncatingIfNeeded: second)) &- 1)
            return later == 0 ? nil : Int64(later.trailingZeroBitCount) &* Micro.second
        }
        var earliest = Int64.max
        for range in fractions {
            if let found = range.next(from: time), found < earliest { earliest = found }
        }
        return earliest == .max ? nil : earliest
    }
}
