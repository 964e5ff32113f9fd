import Foundation
import Testing

@Suite(.timeLimit(.minutes(10))) struct NextTests {
    private func run(_ arguments: String..., input: String = "") throws -> RoostctlRun {
        try RoostctlRun(["next"] + arguments, socket: "/nowhere", input: input)
    }

    @Test(arguments: [
        ("weekdays", ["Mon..Fri 09:00", "-n", "3", "--tz", "Europe/Berlin", "--from", "2026-03-27"]),
        ("gap", ["30 2 * * *", "-n", "3", "--tz", "Europe/Berlin", "--from", "2026-03-28"]),
        ("gap-skipped", ["30 2 * * *", "-n", "3", "--tz", "Europe/Berlin", "--from", "2026-03-28", "--dst", "skip"]),
        ("repeat", ["*:30", "-n", "4", "--tz", "Europe/Berlin", "--from", "2026-10-25T01:00"]),
        ("never", ["*-02-30 UTC", "--from", "2026-01-01"]),
        ("finite", ["2026-01-01..03 UTC", "-n", "5", "--from", "2026-01-01T12:00:00Z"]),
        ("surprising", ["*/7 9 13 * fri", "-n", "2", "--tz", "UTC", "--from", "2026-01-01"]),
        ("json", ["30 2 * * *", "-n", "2", "--tz", "Europe/Berlin", "--from", "2026-03-28", "--json"]),
    ])
    func `next says when a schedule elapses, in local time and in UTC`(name: String, arguments: [String]) throws {
        let run = try RoostctlRun(["next"] + arguments, socket: "/nowhere")
        #expect(run.errors == "")
        #expect(run.status == 0)
        try Golden.check("next-\(name)", run.output)
    }

    @Test func `what is no schedule is told with its place and a way out`() throws {
        let run = try run("0 25 * * *")
        #expect(run.status == 2)
        #expect(
            run.errors
                == "roostctl: cannot read the schedule \"0 25 * * *\": an hour is 0 to 23 at column 3; "
                + "use a number in that range\n")
    }

    @Test func `where no zone is named, TZ names it`() throws {
        let arguments = ["next", "daily", "-n", "1", "--from", "2026-01-01T00:00:00Z"]
        let run = try RoostctlRun(arguments, socket: "/nowhere", environment: ["TZ": "Asia/Tokyo"])
        #expect(run.output.contains("2026-01-01T15:00:00Z"), "\(run)")
        let wrong = try RoostctlRun(arguments, socket: "/nowhere", environment: ["TZ": "Asia/Tokio"])
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("Asia/Tokio"))
    }

    @Test func `a zone that is not there is told`() throws {
        let run = try run("daily", "--tz", "Europe/Bärlin")
        #expect(run.status == 2)
        #expect(run.errors.contains("cannot find the time zone Europe/Bärlin"))
    }

    @Test func `a time that is none is told`() throws {
        let run = try run("daily", "--tz", "UTC", "--from", "2026-02-29")
        #expect(run.status == 2)
        #expect(run.errors.contains("cannot read the time 2026-02-29"))
    }

    @Test func `a batch answers line by line, whatever is wrong with some`() throws {
        let run = try run(
            "--batch", "--dialect", "calendar", "-n", "2",
            input: """
                daily\tUTC\t2026-01-01T00:00:00+00:00
                *:*:0.5\tUTC\t2026-01-01T00:00:00+00:00
                2026-01-02\tUTC\t2026-01-01T00:00:00+00:00
                24:00\tUTC\t2026-01-01T00:00:00+00:00
                daily\tNowhere\t2026-01-01T00:00:00+00:00
                daily\tUTC\tnow
                daily

                """)
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n")
        #expect(
            lines.prefix(3) == [
                "1767312000\t1767398400", "1767225600.500000\t1767225660.500000", "1767312000\t-",
            ])
        #expect(lines.count == 7)
        #expect(lines.dropFirst(3).allSatisfy { $0.hasPrefix("error: ") })
    }

    @Test(arguments: [("cron", "0 0 * * *"), ("cron-seconds", "0 0 0 * * *")])
    func `a batch reads crontabs, too`(dialect: String, expression: String) throws {
        let run = try run(
            "--batch", "--dialect", dialect, "-n", "1", input: "\(expression)\tUTC\t2026-01-01T00:00:00+00:00\n")
        #expect(run.output == "1767312000\n")
    }

    @Test(arguments: [
        [], ["daily", "--batch"], ["daily", "-n", "0"], ["daily", "--dialect", "quartz"], ["daily", "--dst", "x"],
        ["--batch", "--tz", "UTC"],
    ])
    func `a command line that makes no sense is exit status 2`(arguments: [String]) throws {
        let run = try RoostctlRun(["next"] + arguments, socket: "/nowhere")
        #expect(run.status == 2)
        #expect(!run.errors.isEmpty)
    }
}
