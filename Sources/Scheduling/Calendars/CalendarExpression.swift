/// When something elapses, as systemd's `OnCalendar=` says it: `Mon..Fri 09:00`, `*-*-~1 23:30 Europe/Berlin`.
///
/// The grammar is that of systemd.time(7), and so is the normal form. What its engine gets wrong is right here: a
/// step that does not divide its field starts anew each time (`*:0/7` elapses at each full hour), and an answer is
/// always later than what was asked about. See ``ClockChangePolicy`` for days that are longer or shorter than others.
///
/// ```swift
/// let calendar = try CalendarExpression("Mon..Fri 09:00 Europe/Berlin")
/// let rules = try TimeZoneRules(name: "Europe/Berlin", tzif: bytes)
/// let next = calendar.next(after: now, in: rules)
/// ```
public struct CalendarExpression: Hashable, Sendable, CustomStringConvertible {
    /// The time zone that the expression names at its end.
    public enum Zone: Hashable, Sendable {
        /// The zone of whoever asks.
        case local
        /// Coordinated universal time.
        case utc
        /// One of the time zone database.
        case named(String)
    }

    /// The zone that the expression is about. Whoever asks for the next time brings the rules of it.
    public let zone: Zone
    let fields: CalendarFields
    let compiled: CompiledCalendar

    /// Reads an expression.
    ///
    /// - Parameter text: such as `daily`, `Sat,Sun 10:00`, `*-02-29`, `*:0/15`, `2026-01-01 UTC` or `@1767225600`.
    ///   Whether there is a zone of that name is not looked up.
    /// - Throws: ``ScheduleSyntaxError``, which says where it goes wrong and what would be right.
    public init(_ text: String) throws(ScheduleSyntaxError) {
        var parser = CalendarParser(text)
        fields = try parser.parse()
        zone = parser.zone
        compiled = fields.compiled()
    }

    /// The first moment after another at which this elapses; nil when it never does again.
    ///
    /// - Parameters:
    ///   - base: the answer is strictly later.
    ///   - rules: those of ``zone``, or of the place where the expression is to hold when it names none.
    ///   - policy: what happens when the clocks are set.
    /// - Complexity: O(log changes of the zone), well below a microsecond as a rule; no allocation. At most a few
    ///   hundred steps when all that is left falls into hours that the zone leaves out.
    public func next(
        after base: WallTime, in rules: TimeZoneRules, policy: ClockChangePolicy = .cron
    ) -> WallTime? {
        compiled.next(after: base, in: rules, policy: policy)
    }

    /// Whether no calendar has such a day: `*-02-30`. Proved, not tried.
    public var neverElapses: Bool { compiled.neverMatches }

    /// Whether it has parts of a second.
    public var hasFractions: Bool { !compiled.fractions.isEmpty }

    /// The normal form, the same as systemd's: read again, it is the same expression.
    public var description: String {
        let suffix =
            switch zone {
            case .local: ""
            case .utc: " UTC"
            case .named(let name): " \(name)"
            }
        return fields.description + suffix
    }
}

/// The fields of a calendar expression in normal form.
struct CalendarFields: Hashable, Sendable, CustomStringConvertible {
    /// Bit 0 is Monday; nil when none are named.
    var weekdays: UInt8?
    var years = CalendarField.all
    var months = CalendarField.all
    var days = CalendarField.all
    var countsDaysFromEnd = false
    var hours = CalendarField.only(0)
    var minutes = CalendarField.only(0)
    /// In microseconds.
    var seconds = CalendarField.only(0)

    var description: String {
        let week = weekdays.map { Self.text(ofWeekdays: $0) + " " } ?? ""
        let date = "\(years.text(width: 4))-\(months.text(width: 2))"
        let day = (countsDaysFromEnd ? "~" : "-") + days.text(width: 2)
        return "\(week)\(date)\(day) \(hours.text(width: 2)):\(minutes.text(width: 2)):\(seconds.secondsText)"
    }

    /// `Mon..Fri`, `Sat,Sun`.
    private static func text(ofWeekdays bits: UInt8) -> String {
        var parts: [String] = []
        var day = 0
        while day < 7 {
            guard bits & 1 << day != 0 else {
                day += 1
                continue
            }
            var end = day
            while end < 6, bits & 1 << (end + 1) != 0 { end += 1 }
            let (first, last) = (CalendarParser.shortName(day), CalendarParser.shortName(end))
            parts.append(end == day ? first : first + (end > day + 1 ? ".." : ",") + last)
            day = end + 1
        }
        return parts.joined(separator: ",")
    }

    func compiled() -> CompiledCalendar {
        var result = CompiledCalendar()
        result.months = UInt16(truncatingIfNeeded: months.bits(upTo: 12)) & 0b1_1111_1111_1110
        result.hours = UInt32(truncatingIfNeeded: hours.bits(upTo: 23)) & 0xFF_FFFF
        result.minutes = minutes.bits(upTo: 59) & CompiledCalendar.everyMinute
        compileSeconds(into: &result)
        compileYears(into: &result)
        result.days.weekdays = weekdays ?? 0x7F
        if let components = days.components {
            result.days.byLength = SIMD4()
            for component in components {
                if countsDaysFromEnd {
                    // Steps go towards the end of the month: the 7th last, the 5th last…
                    let highest = component.stop ?? component.start
                    let lowest = component.stop == nil ? (component.step > 0 ? 1 : component.start) : component.start
                    for place in stride(from: highest, through: lowest, by: -max(component.step, 1)) {
                        result.days.insert(fromEnd: place)
                    }
                } else {
                    for day in component.values(upTo: 31) { result.days.insert(day) }
                }
            }
        }
        // A step in the hour, or any minute: it follows real time when the clocks are set.
        result.isPeriodic =
            hours.components?.contains { $0.step > 0 && ($0.stop == nil || $0.step > 1) } ?? true
            || minutes.components == nil
        result.seal()
        return result
    }

    private func compileSeconds(into result: inout CompiledCalendar) {
        let second = Int(Micro.second)
        guard let components = seconds.components else {
            result.seconds = CompiledCalendar.everyMinute
            return
        }
        if components.allSatisfy({ $0.start % second == 0 && $0.step % second == 0 }) {
            result.seconds = 0
            for component in components {
                for value in component.values(upTo: 60 * second - 1) {
                    result.seconds |= 1 << UInt64(value / second)
                }
            }
        } else {
            result.fractions = components.map { component in
                let end = component.stop ?? (component.step > 0 ? 60 * second - 1 : component.start)
                let step = max(component.step, 1)
                return .init(
                    first: Int64(component.start),
                    last: Int64(component.start + (end - component.start) / step * step), step: Int64(step))
            }
        }
    }

    private func compileYears(into result: inout CompiledCalendar) {
        let all = CompiledCalendar.firstYear...CompiledCalendar.lastYear
        var bits = SIMD4<UInt64>()
        for year in years.components.map({ $0.flatMap { Array($0.values(upTo: all.upperBound)) } }) ?? Array(all) {
            let place = year - all.lowerBound
            bits[place >> 6] |= 1 << UInt64(place & 63)
        }
        result.years = bits
    }
}
