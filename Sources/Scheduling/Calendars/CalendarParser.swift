/// Reads a calendar expression, as systemd 252 does it.
///
///     spec      = ( shorthand | [weekdays SP+] [date] [SP+ time] ) [SP zone] | "@" unixtime
///     date      = [year "-"] month ("-"|"~") day        time = hour ":" minute [":" second]
///     field     = "*" | item {"," item}                 item = n [".." m] ["/" step]
struct CalendarParser {
    private enum Name: String {
        case year, month, day, hour, minute, second
    }

    private(set) var zone = CalendarExpression.Zone.local

    private let text: String
    private var bytes: [UInt8]
    private var position = 0
    private var fields = CalendarFields()
    /// Where each field of the date and of the time starts, for errors.
    private var dateStarts: [Int] = []
    private var timeStarts: [Int] = []

    /// More items in a list are a mistake.
    private static let mostComponents = 241
    private static let longestExpression = 4096

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    mutating func parse() throws(ScheduleSyntaxError) -> CalendarFields {
        guard bytes.count <= Self.longestExpression else {
            throw wrong(Self.longestExpression, "it is longer than 4096 characters", "write several schedules")
        }
        try takeZone()
        guard !bytes.isEmpty else { throw wrong(0, "there is nothing", "write one such as daily or Mon 09:00") }
        if let shorthand = Self.shorthand(String(decoding: bytes, as: UTF8.self).lowercased()) {
            fields = shorthand
        } else {
            try parseWeekdays()
            if try !parseTimestamp() {
                try parseDate()
                try parseTime()
            }
        }
        try finish()
        return fields
    }

    // MARK: Zone

    /// A last word that starts as a name does is a zone: no date and no time starts with a letter.
    private mutating func takeZone() throws(ScheduleSyntaxError) {
        guard let space = bytes.lastIndex(of: UInt8(ascii: " ")), space + 1 < bytes.count,
            Self.isLetter(bytes[space + 1])
        else { return }
        let name = String(decoding: bytes[(space + 1)...], as: UTF8.self)
        if name.lowercased() == "utc" {
            zone = .utc
        } else {
            guard TimeZoneRules.isName(name) else {
                throw wrong(space + 1, "\(name) is no name of a time zone", "write UTC or one such as Europe/Berlin")
            }
            zone = .named(name)
        }
        bytes.removeSubrange(space...)
    }

    // MARK: Weekdays

    private static let weekdayNames = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]

    static func shortName(_ weekday: Int) -> String {
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][weekday]
    }

    private mutating func parseWeekdays() throws(ScheduleSyntaxError) {
        var bits: UInt8 = 0
        var first: Int?
        while true {
            let start = position
            guard let day = try weekday() else {
                if bits == 0 { return }
                throw wrong(start, "a weekday is missing", "write Mon or Monday; no comma before the date")
            }
            if let first {
                guard first <= day else {
                    throw wrong(start, "a range of weekdays goes from Monday to Sunday", "write two, as in Sat,Sun,Mon")
                }
                for between in first...day { bits |= 1 << between }
            }
            bits |= 1 << day
            fields.weekdays = bits == 0x7F ? nil : bits
            guard let next else { return }
            if next == UInt8(ascii: " ") { return skipBlanks() }
            if next == UInt8(ascii: ",") {
                first = nil
                position += 1
            } else {
                guard first == nil else { throw wrong(position, "a range has two ends", "write Mon..Wed,Fri") }
                first = day
                position += next == UInt8(ascii: "-") ? 1 : 2
            }
            if self.next == nil || self.next == UInt8(ascii: " ") {
                guard first == nil else { throw wrong(position, "the range does not end", "write Mon..Fri") }
                return skipBlanks()
            }
        }
    }

    /// `Mon` or `Monday`, in any case; nil when there is none here.
    private mutating func weekday() throws(ScheduleSyntaxError) -> Int? {
        let word = bytes[position...].prefix { Self.isLetter($0) }
        let name = String(decoding: word, as: UTF8.self).lowercased()
        guard !name.isEmpty else { return nil }
        guard let day = Self.weekdayNames.firstIndex(where: { $0 == name || String($0.prefix(3)) == name }) else {
            throw wrong(position, "\(name) is no weekday and no shorthand", "write Mon, Monday, or one such as daily")
        }
        position += word.count
        switch next {
        case nil, UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "-"): return day
        case UInt8(ascii: ".") where position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "."): return day
        default: throw wrong(position, "a weekday ends here", "write a blank, a comma or .. after it")
        }
    }

    // MARK: Date and time

    /// `@1767225600`: all the rest.
    private mutating func parseTimestamp() throws(ScheduleSyntaxError) -> Bool {
        guard next == UInt8(ascii: "@") else { return false }
        position += 1
        let start = position
        guard let value = number(), next == nil, value < 1 << 40 else {
            throw wrong(start, "after @ come seconds since 1970", "write @1767225600; cron's nicknames have no @ here")
        }
        let date = CivilDate(dayNumber: value / 86_400)
        fields.years = .only(date.year)
        fields.months = .only(date.month)
        fields.days = .only(date.day)
        fields.hours = .only(value / 3600 % 24)
        fields.minutes = .only(value / 60 % 60)
        fields.seconds = .only(value % 60 * Int(Micro.second))
        zone = .utc
        return true
    }

    private mutating func parseDate() throws(ScheduleSyntaxError) {
        let start = position
        guard next != nil else { return }
        dateStarts = [start]
        var parts = [try field(.month)]
        if next == nil || next == UInt8(ascii: ":") {
            // It is a time.
            position = start
            dateStarts = []
            return
        }
        while parts.count < 3, next != nil, next != UInt8(ascii: " ") {
            guard !fields.countsDaysFromEnd, next == UInt8(ascii: "-") || next == UInt8(ascii: "~") else {
                throw wrong(position, "a date is YEAR-MONTH-DAY or MONTH-DAY", "write *-*-01, or *-*~01 for a last day")
            }
            fields.countsDaysFromEnd = next == UInt8(ascii: "~")
            position += 1
            dateStarts.append(position)
            parts.append(try field(.day))
        }
        guard next == nil || next == UInt8(ascii: " "), parts.count > 1 else {
            throw wrong(position, "the date ends here", "write a blank before the time")
        }
        fields.days = parts.removeLast()
        fields.months = parts.removeLast()
        if let years = parts.popLast() { fields.years = years }
        skipBlanks()
    }

    private mutating func parseTime() throws(ScheduleSyntaxError) {
        guard next != nil else { return }
        timeStarts = [position]
        fields.hours = try field(.hour)
        guard skip(":") else { throw wrong(position, "a time is HOUR:MINUTE", "write 09:00, or *-*-01 for a date") }
        timeStarts.append(position)
        fields.minutes = try field(.minute)
        if next == nil { return }
        guard skip(":") else { throw wrong(position, "after the minute come seconds", "write 09:00:30") }
        timeStarts.append(position)
        fields.seconds = try field(.second)
        if next != nil { throw wrong(position, "the expression ends here", "remove what follows") }
    }

    private mutating func field(_ name: Name) throws(ScheduleSyntaxError) -> CalendarField {
        let unit = name == .second ? Int(Micro.second) : 1
        if skip("*") {
            if next == UInt8(ascii: "/") { throw wrong(position, "a step needs a number before it", "write 0/5") }
            return name == .second
                ? CalendarField(components: [CalendarComponent(start: 0, stop: nil, step: unit)]) : .all
        }
        var components: [CalendarComponent] = []
        repeat {
            guard components.count < Self.mostComponents else {
                throw wrong(position, "a list has up to 241 items", "use a range, or several schedules")
            }
            var component = CalendarComponent(start: try value(name), stop: nil, step: 0)
            if next == UInt8(ascii: "."), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: ".") {
                position += 2
                component.stop = try value(name)
                component.step = unit
                // systemd lets it pass in all the other fields.
                if name == .second, component.stop == component.start {
                    throw wrong(position, "a range of seconds has two different ends", "write the second alone")
                }
            }
            if skip("/") {
                let start = position
                component.step = try value(name)
                guard component.step > 0 else { throw wrong(start, "a step is at least 1", "write 0/5, or nothing") }
            }
            components.append(component)
        } while skip(",")
        return CalendarField(components: components)
    }

    /// A number; of seconds with up to six places, the seventh of which rounds.
    private mutating func value(_ name: Name) throws(ScheduleSyntaxError) -> Int {
        guard let whole = number() else {
            throw wrong(position, "a number is missing", "write a number or *")
        }
        guard name == .second else { return whole }
        var micro = whole * Int(Micro.second)
        guard next == UInt8(ascii: "."), position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: ".") else {
            return micro
        }
        position += 1
        let start = position
        var unit = Int(Micro.second) / 10
        while let digit {
            if position - start < 6 {
                micro += digit * unit
                unit /= 10
            } else if position - start == 6, digit >= 5 {
                micro += 1
            }
            position += 1
        }
        guard position > start else { throw wrong(position, "parts of a second are missing", "write 30.5") }
        return micro
    }

    // MARK: Rules

    private mutating func finish() throws(ScheduleSyntaxError) {
        if fields.days.components == nil { fields.countsDaysFromEnd = false }
        fields.years.components = fields.years.components.map { components in
            components.map { component in
                var component = component
                component.start = Self.fullYear(component.start)
                component.stop = component.stop.map(Self.fullYear)
                return component
            }
        }
        let years = CompiledCalendar.firstYear...CompiledCalendar.lastYear
        let date = Array(repeating: 0, count: max(0, 3 - dateStarts.count)) + dateStarts
        let time = timeStarts + [0, 0, 0]
        try check(&fields.years, years, "a year is 1970 to 2199", at: date[0])
        try check(&fields.months, 1...12, "a month is 1 to 12", at: date[1])
        if fields.countsDaysFromEnd {
            try check(&fields.days, 1...28, "a day counted from the end is 1 to 28", at: date[2], fromEnd: true)
        } else {
            try check(&fields.days, 1...31, "a day is 1 to 31", at: date[2])
        }
        try check(&fields.hours, 0...23, "an hour is 0 to 23", at: time[0])
        try check(&fields.minutes, 0...59, "a minute is 0 to 59", at: time[1])
        let lastMicro = 60 * Int(Micro.second) - 1
        try check(&fields.seconds, 0...lastMicro, "a second is 0 to 59.999999", at: time[2])
    }

    private func check(
        _ field: inout CalendarField, _ range: ClosedRange<Int>, _ reason: String, at offset: Int,
        fromEnd: Bool = false
    ) throws(ScheduleSyntaxError) {
        field.normalize()
        guard let bad = field.components?.first(where: { !$0.isValid(in: range, fromEnd: fromEnd) }) else { return }
        if range.contains(bad.start), bad.stop.map(range.contains) ?? true {
            if let stop = bad.stop, stop < bad.start {
                throw wrong(offset, "a range goes up, and \(reason)", "write the lower end first, or two ranges")
            }
            throw wrong(offset, "a step leads beyond the end, and \(reason)", "use a smaller step, or none")
        }
        throw wrong(offset, reason, "use a number in that range")
    }

    private static func fullYear(_ year: Int) -> Int {
        switch year {
        case 0..<70: year + 2000
        case 70..<100: year + 1900
        default: year
        }
    }

    private static func shorthand(_ word: String) -> CalendarFields? {
        var fields = CalendarFields()
        switch word {
        case "minutely":
            fields.hours = .all
            fields.minutes = .all
        case "hourly": fields.hours = .all
        case "daily": break
        case "weekly": fields.weekdays = 1
        case "monthly": fields.days = .only(1)
        case "quarterly":
            fields.months = list(1, 4, 7, 10)
            fields.days = .only(1)
        case "yearly", "annually", "anually":
            fields.months = .only(1)
            fields.days = .only(1)
        case "semiannually", "semi-annually", "biannually", "bi-annually":
            fields.months = list(1, 7)
            fields.days = .only(1)
        default: return nil
        }
        return fields
    }

    private static func list(_ values: Int...) -> CalendarField {
        CalendarField(components: values.map { CalendarComponent(start: $0, stop: nil, step: 0) })
    }

    // MARK: Characters

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private var digit: Int? {
        guard let next, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") else { return nil }
        return Int(next - UInt8(ascii: "0"))
    }

    /// Any number of digits. What is too large for any field stays too large.
    private mutating func number() -> Int? {
        guard digit != nil else { return nil }
        var value = 0
        while let digit {
            value = min(value * 10 + digit, 1 << 41)
            position += 1
        }
        return value
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while skip(" ") {}
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }

    private func wrong(_ offset: Int, _ reason: String, _ fix: String) -> ScheduleSyntaxError {
        ScheduleSyntaxError(text: text, offset: offset, reason: reason, fix: fix)
    }
}
