import Scheduling

private let bases = [-60_000_000_000, -1, 1_700_000_000, 7_258_118_399, 20_000_000_000].map(WallTime.init(seconds:))

/// Any text, in each dialect.
func fuzzSchedule(_ bytes: [UInt8]) -> Int32 {
    let text = String(decoding: bytes, as: UTF8.self)
    for dialect in Schedule.Dialect.allCases {
        guard let schedule = try? Schedule(text, dialect: dialect) else { continue }
        for policy in ClockChangePolicy.allCases { walk(schedule, in: .utc, policy) }
        if case .calendar(let calendar) = schedule, (try? CalendarExpression(calendar.description)) != calendar {
            finding("\(calendar) is not read as what it is")
        }
        _ = schedule.lints(after: bases[2], in: .utc)
    }
    _ = try? CronExpression(text, syntax: [.seconds, .moreDays], seed: 1)
    _ = WallTime(text)
    return 0
}

/// Any bytes of a file.
func fuzzZone(_ bytes: [UInt8]) -> Int32 {
    guard let rules = try? TimeZoneRules(name: "x", tzif: bytes) else { return 0 }
    for text in ["*-*-* 02:30", "*:0/7", "*-02-29 00:00:00.5"] {
        guard let schedule = try? Schedule(text, dialect: .calendar) else { finding("\(text) is refused") }
        for policy in ClockChangePolicy.allCases { walk(schedule, in: rules, policy) }
    }
    for base in bases {
        let civil = CivilTime(base, in: rules)
        // A local time that is shown once is one moment.
        if civil.repetition == .none, WallTime(civil.description) != base { finding("\(civil) is not \(base)") }
    }
    return 0
}

private func walk(_ schedule: Schedule, in rules: TimeZoneRules, _ policy: ClockChangePolicy) {
    for base in bases {
        let surroundings = Schedule.Surroundings(rules: rules, policy: policy, boot: base, start: base)
        var last = base
        for _ in 0..<3 {
            guard let next = schedule.next(after: last, in: surroundings) else { break }
            if next <= last { finding("\(schedule) is not later than \(last)") }
            last = next
        }
    }
}
