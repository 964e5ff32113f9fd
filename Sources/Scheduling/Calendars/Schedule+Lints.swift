extension Schedule {
    /// What may surprise about it: sentences for whoever wrote it. None of it is an error.
    ///
    /// - Parameters:
    ///   - base: the two years after it are looked at for hours that the clocks leave out or show twice.
    ///   - rules: those of the zone.
    ///   - policy: what happens then.
    public func lints(after base: WallTime, in rules: TimeZoneRules, policy: ClockChangePolicy = .cron) -> [String] {
        var lints: [String] = []
        switch self {
        case .calendar(let calendar):
            if neverElapses { lints.append("it never elapses: no year has such a day") }
            lints += calendar.fields.lints
            lints += calendar.compiled.clockLints(after: base, in: rules, policy: policy)
        case .cron(let cron):
            if neverElapses { lints.append("it never runs: no year has such a day") }
            lints += cron.lints
            if !cron.isReboot { lints += cron.compiled.clockLints(after: base, in: rules, policy: policy) }
        case .every, .afterBoot, .afterStart: break
        }
        return lints
    }

    /// Whether the expression has parts of a second.
    public var hasFractions: Bool {
        if case .calendar(let calendar) = self { calendar.hasFractions } else { false }
    }
}

/// A step starts anew with each hour, day, month or year.
private func stepLint(_ step: Int, from start: Int, count: Int, _ name: String, _ whole: String) -> String? {
    guard step > 1, count % step != 0 else { return nil }
    let values = stride(from: start, to: start + count, by: step)
    guard let last = values.reversed().first, last != start else {
        return "a step of \(step) \(name)s is longer than \(whole), so it runs once in it"
    }
    return "\(step) does not divide \(whole) of \(count) \(name)s: after \(name) \(last) comes \(start) again"
}

extension CalendarFields {
    var lints: [String] {
        var lints: [String] = []
        func look(_ field: CalendarField, _ count: Int, _ name: String, _ whole: String) {
            for component in field.components ?? [] where component.stop == nil && component.step > 0 {
                // From elsewhere than the lowest value only the rest of the whole is meant.
                guard component.start < component.step else { continue }
                if let lint = stepLint(component.step, from: component.start, count: count, name, whole) {
                    lints.append(lint)
                }
            }
        }
        look(hours, 24, "hour", "a day")
        look(minutes, 60, "minute", "an hour")
        if let days = days.components {
            if !countsDaysFromEnd, days.contains(where: { $0.stop == nil && $0.step > 1 }) {
                lints.append("a step of days starts anew with each month")
            }
            if !countsDaysFromEnd, days.allSatisfy({ $0.start > 28 && $0.stop == nil && $0.step == 0 }),
                months.components == nil
            {
                lints.append("months that are too short are left out; *-*~01 is the last day of each")
            }
        }
        return lints
    }
}

extension CronExpression {
    /// What may surprise about the fields.
    var lints: [String] {
        guard !description.hasPrefix("@") else { return [] }
        var words = description.split { $0 == " " || $0 == "\t" }.map(String.init)
        if syntax.contains(.seconds) { words.removeFirst() }
        var lints: [String] = []
        for (word, (count, name, whole)) in zip(words, [(60, "minute", "an hour"), (24, "hour", "a day")]) {
            guard word.hasPrefix("*/"), let step = Int(word.dropFirst(2)) else { continue }
            if let lint = stepLint(step, from: 0, count: count, name, whole) { lints.append(lint) }
        }
        if words[2].hasPrefix("*/") { lints.append("a step of days starts anew with each month") }
        if ["29", "30", "31"].contains(words[2]), words[3] == "*", words[4] == "*" {
            lints.append("months that are too short are left out; L is the last day of each")
        }
        if compiled.days.isEither {
            lints.append("a day of the month and a day of the week are set: one of them is enough")
        } else if words[2] != "*", words[4] != "*" {
            lints.append("both the day of the month and the day of the week must hold, as one starts with *")
        }
        return lints
    }
}

extension CompiledCalendar {
    /// Fixed times that fall into hours which the clocks leave out, or show twice, within two years.
    func clockLints(after base: WallTime, in rules: TimeZoneRules, policy: ClockChangePolicy) -> [String] {
        guard !isPeriodic, !neverMatches else { return [] }
        let end = base.seconds + 2 * 366 * 86_400
        var segment = rules.segment(containing: base.seconds)
        var gap: String?
        var fold: String?
        while let next = rules.segment(after: segment), next.start < end {
            if next.followsGap, gap == nil, let match = firstMatch(from: segment.localEnd), match < next.localStart {
                let day = CivilTime(WallTime(seconds: next.start), in: rules).text
                gap =
                    "the clocks leave out one of its times on \(day): "
                    + (policy == .cron ? "it runs at that moment instead" : "it does not run then")
            }
            if fold == nil, let match = firstMatch(from: next.localStart), match < next.coveredUntil {
                let day = CivilTime(WallTime(seconds: next.start), in: rules).text
                fold = "the clocks show one of its times twice on \(day): it runs the first time only"
            }
            segment = next
        }
        return [gap, fold].compactMap { $0 }
    }
}
