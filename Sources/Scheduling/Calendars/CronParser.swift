/// Reads a line of a crontab, up to the command.
struct CronParser {
    /// What a field may hold.
    struct Field {
        var name: String
        var range: ClosedRange<Int>
        var names: [String] = []

        static let second = Field(name: "a second", range: 0...59)
        static let minute = Field(name: "a minute", range: 0...59)
        static let hour = Field(name: "an hour", range: 0...23)
        static let day = Field(name: "a day", range: 1...31)
        static let month = Field(
            name: "a month", range: 1...12,
            names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
        /// Sunday is 0 and 7.
        static let weekday = Field(
            name: "a weekday", range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])
    }

    static let nicknames: [(name: String, meaning: String)] = [
        ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *"),
    ]

    private let text: String
    private let syntax: CronExpression.Syntax
    private var random: SplitMix64?
    private var bytes: [UInt8]
    var position = 0
    private var compiled = CompiledCalendar()
    private static let longestExpression = 4096

    init(_ text: String, syntax: CronExpression.Syntax, seed: UInt64?) {
        self.text = text
        self.syntax = syntax
        random = seed.map { SplitMix64(seed: $0) }
        bytes = Array(text.utf8)
    }

    /// Nil for `@reboot`.
    mutating func parse() throws(ScheduleSyntaxError) -> CompiledCalendar? {
        guard bytes.count <= Self.longestExpression else {
            throw wrong(Self.longestExpression, "it is longer than 4096 characters", "write several schedules")
        }
        if bytes.first == UInt8(ascii: "@") {
            if text == "@reboot" { return nil }
            guard let nickname = Self.nicknames.first(where: { $0.name == text }) else {
                let names = Self.nicknames.map(\.name).joined(separator: ", ")
                throw wrong(0, "there is no such nickname", "write one of @reboot, \(names), in small letters")
            }
            bytes = Array(((syntax.contains(.seconds) ? "0 " : "") + nickname.meaning).utf8)
        }
        try parseFields()
        compiled.seal()
        return compiled
    }

    private mutating func parseFields() throws(ScheduleSyntaxError) {
        if syntax.contains(.seconds) {
            try nextField()
            compiled.seconds = try bits(.second)
        }
        try nextField()
        let anyMinute = startsWithStar
        compiled.minutes = try bits(.minute)
        try nextField()
        compiled.isPeriodic = anyMinute || startsWithStar
        compiled.hours = UInt32(truncatingIfNeeded: try bits(.hour))
        try nextField()
        let anyDay = startsWithStar
        try parseDays()
        try nextField()
        compiled.months = UInt16(truncatingIfNeeded: try bits(.month))
        try nextField()
        // The bug of Vixie's cron that all have kept: */2 counts as a star, too.
        compiled.days.isEither = !anyDay && !startsWithStar
        try parseWeekdays()
        skipBlanks()
        if next != nil {
            let fix = syntax.contains(.seconds) ? "remove what follows" : "remove what follows; seconds are an option"
            throw wrong(position, "the last field ends here", fix)
        }
    }

    // MARK: Fields

    /// A list of numbers, ranges and steps.
    private mutating func bits(_ field: Field) throws(ScheduleSyntaxError) -> UInt64 {
        var bits: UInt64 = 0
        repeat { bits |= try item(field) } while skip(",")
        try endField()
        return bits
    }

    private mutating func parseDays() throws(ScheduleSyntaxError) {
        var days = DayPattern()
        days.byLength = SIMD4()
        if skip("L") {
            if skip("W") {
                days.hasLastWorkday = true
            } else if syntax.contains(.moreDays), skip("-") {
                let start = position
                guard let before = number(), (1...30).contains(before) else {
                    throw wrong(start, "after L- comes 1 to 30", "write L-3 for three days before the last")
                }
                days.insert(fromEnd: before + 1)
            } else {
                days.insert(fromEnd: 1)
            }
            if next == UInt8(ascii: "-") {
                throw wrong(position, "L-n is not cron's", "write L, or allow Quartz' days")
            }
        } else {
            repeat {
                let start = position
                if let day = number(), next == UInt8(ascii: "W") {
                    guard syntax.contains(.moreDays) else {
                        throw wrong(position, "nW is not cron's", "write LW, or allow Quartz' days")
                    }
                    guard Field.day.range.contains(day) else { throw wrong(start, "a day is 1 to 31", "write 15W") }
                    position += 1
                    days.nearest |= 1 << UInt32(day)
                } else {
                    position = start
                    let bits = UInt32(truncatingIfNeeded: try item(.day))
                    days.byLength |= SIMD4(repeating: bits)
                }
            } while skip(",")
        }
        try endField()
        compiled.days = days
    }

    private mutating func parseWeekdays() throws(ScheduleSyntaxError) {
        var bits: UInt64 = 0
        repeat {
            let start = position
            let isName = next.map { Self.isLetter($0) } ?? false
            if next != UInt8(ascii: "*"), let day = try? value(.weekday, checked: false) {
                if skip("#") {
                    guard let place = number() else {
                        throw wrong(position, "after # comes 1 to 5", "write 5#2 for the second Friday")
                    }
                    // There is no sixth Friday and no eighth weekday: such an item adds no day.
                    if (1...5).contains(place), day <= 7 {
                        compiled.days.numbered |= 1 << UInt64(7 * (place - 1) + Self.fromMonday(day))
                    }
                    continue
                }
                if next == UInt8(ascii: "L"), !isName || syntax.contains(.moreDays), day <= 7 {
                    position += 1
                    compiled.days.last |= 1 << Self.fromMonday(day)
                    continue
                }
            }
            position = start
            bits |= try item(.weekday)
        } while skip(",")
        try endField()
        // Ours start on Monday.
        let sundayFirst = (bits | bits >> 7) & 0x7F
        compiled.days.weekdays = UInt8((sundayFirst >> 1 | sundayFirst << 6) & 0x7F)
    }

    private static func fromMonday(_ day: Int) -> Int { (day + 6) % 7 }

    /// `*`, `5`, `1-5`, each but the second with a step, or `~`.
    private mutating func item(_ field: Field) throws(ScheduleSyntaxError) -> UInt64 {
        var first = field.range.lowerBound
        var last = field.range.upperBound
        // A star of weekdays ends on Saturday; 7 is Sunday once more.
        if !field.names.isEmpty, field.range.lowerBound == 0 { last = 6 }
        let start = position
        if !skip("*") {
            if next != UInt8(ascii: "~") { first = try value(field) }
            if next == UInt8(ascii: "~") { return try randomValue(field, from: first, at: start) }
            guard skip("-") else {
                if next == UInt8(ascii: "/") {
                    throw wrong(position, "a step needs a range", "write */5 or 5-\(last)/5")
                }
                return 1 << UInt64(first)
            }
            last = try value(field)
            // Up to Sunday means up to the end of the week.
            if field.range.upperBound == 7, last == 0, first > 0 { last = 7 }
            guard first <= last else {
                throw wrong(
                    start, "a range goes up, and \(text(of: field))", "write the lower end first, or two ranges")
            }
        }
        var step = 1
        if skip("/") {
            let start = position
            guard let number = number(), number > 0 else {
                throw wrong(start, "a step is a number from 1", "write */5, or no step")
            }
            step = number
        }
        return stride(from: first, through: last, by: step).reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// cronie's `~`: some value of a range, the same one for the same seed.
    private mutating func randomValue(
        _ field: Field, from first: Int, at start: Int
    ) throws(ScheduleSyntaxError) -> UInt64 {
        guard var generator = random else {
            throw wrong(position, "~ would be another time after each restart", "write a time; spread jobs by jitter")
        }
        position += 1
        var last = field.range.upperBound
        if next != nil, next != UInt8(ascii: ","), !isBlank { last = try value(field) }
        guard first <= last else { throw wrong(start, "a range goes up", "write the lower end first") }
        let chosen = Int.random(in: first...last, using: &generator)
        random = generator
        return 1 << UInt64(chosen)
    }

    /// A number or a name.
    private mutating func value(_ field: Field, checked: Bool = true) throws(ScheduleSyntaxError) -> Int {
        let start = position
        if let number = number() {
            guard !checked || field.range.contains(number) else {
                throw wrong(start, text(of: field), "use a number in that range")
            }
            return number
        }
        let word = bytes[position...].prefix { Self.isLetter($0) }.prefix(3)
        let name = String(decoding: word, as: UTF8.self).lowercased()
        guard let index = field.names.firstIndex(of: name) else {
            let also = field.names.isEmpty ? "" : ", or a name such as \(field.names[1])"
            throw wrong(start, "\(field.name) is missing", "write * or \(text(of: field))\(also)")
        }
        position += 3
        return index + field.range.lowerBound
    }

    private func text(of field: Field) -> String {
        "\(field.name) is \(field.range.lowerBound) to \(field.range.upperBound)"
    }

    // MARK: Characters

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var startsWithStar: Bool { next == UInt8(ascii: "*") }
    private var isBlank: Bool { next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while isBlank { position += 1 }
    }

    private mutating func nextField() throws(ScheduleSyntaxError) {
        skipBlanks()
        if next == nil {
            let names = "minute, hour, day of the month, month, day of the week"
            let fix = syntax.contains(.seconds) ? "write six: second, \(names)" : "write five: \(names)"
            throw wrong(position, "a field is missing", fix)
        }
    }

    private func endField() throws(ScheduleSyntaxError) {
        if next != nil, !isBlank { throw wrong(position, "the field ends here", "write a blank, or a comma and more") }
    }

    /// Any number of digits. What is too large for any field stays too large.
    private mutating func number() -> Int? {
        let start = position
        var value = 0
        while let next, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") {
            value = min(value * 10 + Int(next - UInt8(ascii: "0")), 1 << 31)
            position += 1
        }
        return position > start ? value : nil
    }

    private func wrong(_ offset: Int, _ reason: String, _ fix: String) -> ScheduleSyntaxError {
        ScheduleSyntaxError(text: text, offset: offset, reason: reason, fix: fix)
    }
}
