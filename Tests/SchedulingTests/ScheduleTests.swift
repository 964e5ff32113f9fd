import Scheduling
import Testing
import Threading

@Suite(.timeLimit(.minutes(10))) struct ScheduleTests {
    private func time(_ text: String) throws -> WallTime { try #require(WallTime(text)) }

    private func surroundings(
        _ rules: TimeZoneRules = .utc, policy: ClockChangePolicy = .cron, lastFinish: WallTime? = nil
    ) throws -> Schedule.Surroundings {
        Schedule.Surroundings(
            rules: rules, policy: policy, boot: try time("2026-01-01T00:00:00Z"),
            start: try time("2026-01-01T01:00:00Z"), lastFinish: lastFinish)
    }

    @Test func `a fixed rate keeps to its anchor, late or not`() throws {
        let every = Schedule.every(Interval(every: .seconds(6 * 3600), anchor: try time("2026-01-01T05:00:00Z")))
        let wanted = try time("2026-03-01T11:00:00Z")
        #expect(every.next(after: try time("2026-03-01T05:00:00Z"), in: try surroundings()) == wanted)
        #expect(every.next(after: try time("2026-03-01T10:59:59.999999Z"), in: try surroundings()) == wanted)
        let before = try time("2025-12-31T23:00:00Z")
        #expect(every.next(after: try time("2025-12-31T22:00:00Z"), in: try surroundings()) == before)
    }

    @Test func `a fixed delay counts from the end of the last run`() throws {
        let delay = Schedule.every(Interval(afterFinish: .seconds(600)))
        let now = try time("2026-01-01T12:00:00Z")
        let soon = now + .microseconds(1)
        #expect(delay.next(after: now, in: try surroundings()) == soon)
        #expect(delay.next(after: now, in: try surroundings(lastFinish: now)) == now + .seconds(600))
        #expect(delay.next(after: now, in: try surroundings(lastFinish: now + .seconds(-3600))) == soon)
    }

    @Test func `after boot and after start are once`() throws {
        let boot = Schedule.afterBoot(.seconds(60))
        let start = Schedule.afterStart(.seconds(60))
        let before = try time("2025-12-31T00:00:00Z")
        let bootTime = try time("2026-01-01T00:01:00Z")
        #expect(boot.next(after: before, in: try surroundings()) == bootTime)
        #expect(boot.next(after: bootTime, in: try surroundings()) == nil)
        #expect(start.next(after: bootTime, in: try surroundings()) == (try time("2026-01-01T01:01:00Z")))
        #expect(
            try Schedule("@reboot", dialect: .cron).next(after: before, in: try surroundings())
                == (try time("2026-01-01T00:00:00Z")))
    }

    @Test func `times far away are no times, and no trap`() throws {
        let far = WallTime(microseconds: .max)
        for schedule in [
            Schedule.every(Interval(every: .seconds(1))), .every(Interval(afterFinish: .seconds(1))),
            .afterBoot(.seconds(Int64.max)), try Schedule("daily", dialect: .calendar),
            try Schedule("@daily", dialect: .cron),
        ] {
            #expect(schedule.next(after: far, in: try surroundings()) == nil)
            let first = schedule.next(after: WallTime(microseconds: .min), in: try surroundings())
            #expect(first.map { $0 <= far } ?? true)
        }
    }

    @Test(arguments: [
        ("daily", Schedule.Dialect.calendar), ("Mon 09:00 Europe/Berlin", .calendar), ("@1700000000", .calendar),
        ("@daily", .cron), ("0 9 * * 1-5", .cron), ("0 0 9 * * 1-5", .cronSeconds), ("", .calendar),
    ])
    func `a dialect is told by its looks`(text: String, dialect: Schedule.Dialect) {
        #expect(Schedule.Dialect(guessing: text) == dialect)
    }

    @Test func `a moment that the clocks leave out is told as moved`() throws {
        let rules = try TimeZoneDatabase.rules(named: "Europe/Berlin")
        let moment = try time("2026-03-29T01:00:00Z")
        #expect(try Schedule("30 2 * * *", dialect: .cron).wasMoved(moment, in: rules))
        #expect(try !Schedule("0 3 * * *", dialect: .cron).wasMoved(moment, in: rules))
        #expect(try !Schedule("30 2 * * *", dialect: .cron).wasMoved(moment, in: .utc))
    }

    @Test func `civil time says what the clocks show, and how often`() throws {
        let rules = try TimeZoneDatabase.rules(named: "America/St_Johns")
        let first = CivilTime(try time("2026-11-01T04:00:00.5Z"), in: rules)
        #expect(first.description == "2026-11-01T01:30:00.500000-02:30")
        #expect(first.repetition == .first)
        let second = CivilTime(try time("2026-11-01T05:00:00Z"), in: rules)
        #expect(second.text == "Sun 2026-11-01 01:30:00 -03:30")
        #expect(second.repetition == .second)
        #expect(CivilTime(try time("2026-11-01T06:00:00Z"), in: rules).repetition == .none)
    }

    @Test(arguments: [
        ("2026-03-29T02:30", "2026-03-29T01:00:00Z"), ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"), ("@1767225600", "2026-01-01T00:00:00Z"),
        ("2026-07-01T00:00:00+0530", "2026-06-30T18:30:00Z"),
    ])
    func `a time without an offset is that of the place`(text: String, moment: String) throws {
        let rules = try TimeZoneDatabase.rules(named: "Europe/Berlin")
        #expect(try #require(WallTime(text, in: rules)).description == moment)
    }

    @Test(arguments: ["", "2026", "2026-02-29", "2026-01-01T24:00", "2026-01-01T00:00Z0", "@", "@x", "2026-01-01T"])
    func `what is no time is none`(text: String) { #expect(WallTime(text) == nil) }

    @Test(arguments: [
        ("L-3", "2026-02-25T00:00:00Z"), ("15W", "2026-02-16T00:00:00Z"), ("1W", "2026-02-02T00:00:00Z"),
        ("28W", "2026-02-27T00:00:00Z"),
    ])
    func `Quartz' days are an option`(day: String, wanted: String) throws {
        let cron = try CronExpression("0 0 \(day) 2 *", syntax: .moreDays)
        #expect(cron.next(after: try time("2026-02-01T00:00:00Z"), in: .utc) == (try time(wanted)))
        #expect(throws: ScheduleSyntaxError.self) { try CronExpression("0 0 \(day) 2 *") }
    }

    @Test func `a random time is refused, or decided by a seed`() throws {
        #expect(throws: ScheduleSyntaxError.self) { try CronExpression("0~30 ~ * * *") }
        let base = try time("2026-02-01T00:00:00Z")
        let times = try (1...20).map { seed in
            try CronExpression("0~30 ~ * * *", seed: UInt64(seed)).next(after: base, in: .utc)
        }
        #expect(Set(times).count > 10)
        #expect(try CronExpression("0~30 ~ * * *", seed: 1).next(after: base, in: .utc) == times[0])
    }

    @Test(arguments: [
        ("*/35 * * * *", "35 does not divide"), ("0 9 13 * fri", "one of them is enough"),
        ("0 9 */2 * fri", "both the day"), ("30 2 * * *", "the clocks leave out"), ("0 0 30 2 *", "never runs"),
        ("0 0 31 * *", "too short"), ("0 */24 * * *", ""), ("0 0 */3 * *", "starts anew"),
    ])
    func `what may surprise is told`(text: String, words: String) throws {
        let rules = try TimeZoneDatabase.rules(named: "Europe/Berlin")
        let lints = try Schedule(text, dialect: .cron).lints(after: try time("2026-01-01T00:00:00Z"), in: rules)
        #expect(words.isEmpty ? lints.isEmpty : lints.contains { $0.contains(words) }, "\(lints)")
    }

    @Test(arguments: [
        ("Mon 25:00", 5, "an hour is 0 to 23"), ("*-13-01", 3, "a month is 1 to 12"), ("Mon..", 6, "does not end"),
        ("*:*/5", 4, "a step needs a number"),
        ("*:x", 3, "a number is missing"), ("Sat..Tue", 6, "from Monday to Sunday"), ("", 1, "there is nothing"),
    ])
    func `an error says where and what`(text: String, column: Int, reason: String) {
        let error = #expect(throws: ScheduleSyntaxError.self) { try CalendarExpression(text) }
        #expect(error?.column == column)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }
}
