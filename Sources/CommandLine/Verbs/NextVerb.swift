import ArgumentParser
import ControlProtocol
import Scheduling

struct NextVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "next", abstract: "Say when a schedule elapses next, without roostd.",
        discussion: """
            A schedule is one of systemd's calendar expressions (Mon..Fri 09:00, *-*~1 23:30 Europe/Berlin), or the \
            five fields of a crontab (0 9 * * mon-fri), or six with seconds first. Quote it.

            With --batch it reads lines of a schedule, a zone and a time, separated by tabs, from standard input, and \
            writes a line for each: the times in seconds since 1970, separated by tabs, - for none, or error: and why.
            """)

    @Argument(help: "The schedule.")
    var schedule: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("How many times.", valueName: "count"))
    var number = 10

    @Option(
        name: .customLong("tz"),
        help: ArgumentHelp("The time zone. (default: the schedule's, TZ, or this machine's)", valueName: "zone"))
    var zone: String?

    @Option(
        help: ArgumentHelp(
            "The times after this one: 2026-03-29T02:30+01:00, without an offset in the zone. (default: now)",
            valueName: "time"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "How it is written: calendar, cron or cron-seconds. (default: as it looks)", valueName: "dialect"),
        transform: NextVerb.dialect)
    var dialect: Schedule.Dialect?

    @Option(
        help: ArgumentHelp(
            "What to do when clocks are set: cron runs once what a day leaves out, skip and systemd do not.",
            valueName: "policy"),
        transform: NextVerb.policy)
    var dst = ClockChangePolicy.cron

    @Flag(help: "Answer many lines of standard input.")
    var batch = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (1...100_000).contains(number) else { throw ValidationError("-n is a number from 1 to 100000.") }
        guard batch == (schedule == nil) else {
            throw ValidationError(
                batch
                    ? "With --batch the schedules come from standard input."
                    : "Say a schedule, as in: roostctl next 'Mon..Fri 09:00'")
        }
        if batch, zone != nil || from != nil {
            throw ValidationError("With --batch each line has a zone and a time of its own.")
        }
    }

    func run(in session: Session) throws(Failure) {
        guard let text = schedule else { return try NextBatch(dialect: dialect, number: number, policy: dst).run() }
        let schedule: Schedule
        let zones = ZoneSource()
        let rules: TimeZoneRules
        do {
            schedule = try Schedule(text, dialect: dialect ?? Schedule.Dialect(guessing: text))
        } catch {
            throw Failure(.usage, "\(error)")
        }
        do {
            rules = try zones.rules(of: schedule, orElse: zone ?? environment("TZ").flatMap { $0.isEmpty ? nil : $0 })
        } catch {
            throw Failure(.usage, "\(error)")
        }
        let base = try base(in: rules)
        let report = ScheduleReport(schedule, after: base, in: rules, policy: dst, number: number)
        try session.show(report, report.text(style: session.style))
    }

    private func base(in rules: TimeZoneRules) throws(Failure) -> WallTime {
        guard let from else { return WallTime(microseconds: Session.now.nanoseconds / 1000) }
        if let time = WallTime(from, in: rules) { return time }
        throw Failure(
            .usage, "cannot read the time \(from): write 2026-03-29T02:30, with +01:00 or Z at its end, or @1774747800")
    }

    private static func dialect(_ text: String) throws -> Schedule.Dialect {
        if let dialect = Schedule.Dialect(rawValue: text) { return dialect }
        throw ValidationError("A dialect is calendar, cron or cron-seconds.")
    }

    private static func policy(_ text: String) throws -> ClockChangePolicy {
        if let policy = ClockChangePolicy(rawValue: text) { return policy }
        throw ValidationError("A policy for clock changes is cron, skip or systemd.")
    }
}
