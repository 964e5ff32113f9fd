/// What holds after the last change in a TZif file: a rule as in POSIX's `TZ`, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
enum ZoneFooter: Hashable, Sendable {
    /// Always this many seconds east of UTC.
    case constant(Int32)
    case changing(YearlyRule)

    init?(_ bytes: [UInt8]) {
        var scanner = Scanner(bytes: bytes)
        guard scanner.skipName(), let standard = scanner.offset() else { return nil }
        if scanner.isAtEnd {
            self = .constant(standard)
            return
        }
        guard scanner.skipName() else { return nil }
        var summer = standard + 3600
        if scanner.next != UInt8(ascii: ",") {
            guard let offset = scanner.offset() else { return nil }
            summer = offset
        }
        guard abs(summer) < TimeZoneRules.largestOffset, scanner.skip(","), let start = scanner.day(),
            scanner.skip(","), let end = scanner.day(), scanner.isAtEnd
        else { return nil }
        if summer == standard {
            self = .constant(standard)
            return
        }
        let rule = YearlyRule(standard: standard, summer: summer, start: start, end: end)
        switch rule.order {
        case .alternating: self = .changing(rule)
        case .alwaysSummer: self = .constant(summer)
        case .senseless: return nil
        }
    }
}

/// Clocks that are set twice a year.
struct YearlyRule: Hashable, Sendable {
    /// A day of the year and the time on it, in seconds from midnight on the clock before it is set.
    struct Day: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// 1 to 365; February 29 is never counted.
            case withoutLeapDay(Int)
            /// 0 to 365.
            case withLeapDay(Int)
            /// The `week`-th of a weekday in a month, where 5 is the last one and Sunday is 0.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        var kind: Kind
        var time: Int64 = 7200

        /// Midnight of the day in a year, as if in UTC, plus the time.
        func seconds(in year: Int) -> Int64 {
            let isLeap = CivilDate.isLeap(year)
            let first = CivilDate(year: year, month: 1, day: 1).dayNumber
            let day: Int
            switch kind {
            case .withoutLeapDay(let number): day = first + number - 1 + (isLeap && number >= 60 ? 1 : 0)
            case .withLeapDay(let number): day = first + number
            case .weekday(let month, let week, let weekday):
                let start = first + CivilDate.daysBefore(month: month, isLeap: isLeap)
                // Our Monday is 0, and theirs is 1.
                let ahead = (weekday + 6 - CivilDate.weekday(dayNumber: start) + 7) % 7
                let wanted = ahead + (week - 1) * 7
                day = start + (wanted < CivilDate.length(ofMonth: month, isLeap: isLeap) ? wanted : wanted - 7)
            }
            return Int64(day) * 86_400 + time
        }
    }

    enum Order: Hashable { case alternating, alwaysSummer, senseless }

    var standard: Int32
    var summer: Int32
    var start: Day
    var end: Day

    /// Both changes of some years, in order.
    func changes(years: ClosedRange<Int>) -> [ZoneFile.Change] {
        years.flatMap { year in
            let changes = [
                ZoneFile.Change(time: start.seconds(in: year) - Int64(standard), offset: summer),
                ZoneFile.Change(time: end.seconds(in: year) - Int64(summer), offset: standard),
            ]
            return changes[0].time <= changes[1].time ? changes : [changes[1], changes[0]]
        }
    }

    /// Whether summer and winter take turns, in all of a cycle of the calendar.
    var order: Order {
        let changes = changes(years: 1999...2400)
        var isAlternating = true
        var hasWinter = false
        for (change, next) in zip(changes, changes.dropFirst()) {
            if change.time >= next.time || change.offset == next.offset { isAlternating = false }
            if change.offset == standard, change.time < next.time { hasWinter = true }
        }
        if isAlternating { return .alternating }
        // All year is written as a summer that ends when the next one starts, or later.
        return hasWinter || changes.first?.offset == standard ? .senseless : .alwaysSummer
    }
}

private struct Scanner {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }
    var next: UInt8? { isAtEnd ? nil : bytes[position] }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// `CET`, or `<+0330>`.
    mutating func skipName() -> Bool {
        let start = position
        if skip("<") {
            while let next, next != UInt8(ascii: ">") { position += 1 }
            return skip(">") && position - start >= 3
        }
        while let next, (next | 0x20) >= UInt8(ascii: "a"), (next | 0x20) <= UInt8(ascii: "z") { position += 1 }
        return position - start >= 3
    }

    /// Up to four digits.
    mutating func number(_ range: ClosedRange<Int>) -> Int? {
        var value = 0
        let start = position
        while let next, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9"), position - start < 4 {
            value = value * 10 + Int(next - UInt8(ascii: "0"))
            position += 1
        }
        return position > start && range.contains(value) ? value : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(hours: ClosedRange<Int>) -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hour = number(hours) else { return nil }
        var seconds = hour * 3600
        if skip(":") {
            guard let minute = number(0...59) else { return nil }
            seconds += minute * 60
            if skip(":") {
                guard let second = number(0...59) else { return nil }
                seconds += second
            }
        }
        return isNegative ? -seconds : seconds
    }

    /// POSIX counts west as positive.
    mutating func offset() -> Int32? { time(hours: 0...24).map { Int32(-$0) } }

    /// `Jn`, `n` or `Mm.w.d`, and perhaps a time of up to a week either way.
    mutating func day() -> YearlyRule.Day? {
        let kind: YearlyRule.Day.Kind
        if skip("J") {
            guard let number = number(1...365) else { return nil }
            kind = .withoutLeapDay(number)
        } else if skip("M") {
            guard let month = number(1...12), skip("."), let week = number(1...5), skip("."),
                let weekday = number(0...6)
            else { return nil }
            kind = .weekday(month: month, week: week, weekday: weekday)
        } else {
            guard let number = number(0...365) else { return nil }
            kind = .withLeapDay(number)
        }
        var day = YearlyRule.Day(kind: kind)
        if skip("/") {
            guard let time = time(hours: 0...167) else { return nil }
            day.time = Int64(time)
        }
        return day
    }
}
