import CommandLine
import ControlProtocol
import SupervisorCore
import Testing

@Suite struct RenderingTests {
    @Test(arguments: [("plain", Style()), ("colour", Style(hasColour: true)), ("narrow", Style(width: 60))])
    func `status is a table`(name: String, style: Style) throws {
        try Golden.check("status-\(name)", StatusTable.text(Samples.status, now: Samples.now, style: style))
    }

    @Test(arguments: 0...120)
    func `no line of a table is wider than the terminal`(width: Int) {
        let table = StatusTable.text(Samples.status, now: Samples.now, style: Style(width: width))
        #expect(table.split(separator: "\n").allSatisfy { $0.count <= width })
    }

    @Test func `a status without instances says so`() throws {
        let empty = StatusResult(instances: [], daemon: Samples.daemon)
        try Golden.check("status-empty", StatusTable.text(empty, now: Samples.now, style: Style()))
    }

    @Test func `wide signs keep the columns aligned`() throws {
        let status = StatusResult(
            instances: [
                Samples.instance("データ", .running, pid: 1, since: 1),
                Samples.instance("web", .running, pid: 2, since: 1),
            ], daemon: Samples.daemon)
        try Golden.check("status-wide", StatusTable.text(status, now: Samples.now, style: Style()))
    }

    @Test(arguments: [("plain", Style()), ("colour", Style(hasColour: true))])
    func `why tells a story and lets no escape sequence through`(name: String, style: Style) throws {
        try Golden.check("why-\(name)", WhyText.text(Samples.why, now: Samples.now, style: style))
    }

    @Test func `why has words for every state`() throws {
        let stories = InstanceState.allCases.map { state in
            WhyResult.Story(
                instance: Samples.instance("web", state, since: 60, reason: "a reason"), events: [], output: [])
        }
        let text = WhyText.text(WhyResult(stories: stories), now: Samples.now, style: Style())
        try Golden.check("why-states", text)
    }

    @Test func `outcomes are said one a line`() throws {
        let outcomes = [
            Samples.outcome("web", .done, .running, "running (pid 4711)"),
            Samples.outcome("db", .unchanged, .running, "already running"),
            Samples.outcome("mail", .accepted, .waiting, "accepted"),
            Samples.outcome("cache", .failed, .fatal, "10 failures within 5 minutes"),
            Samples.outcome("spool", .superseded, .stopping, "a later request wants something else"),
        ]
        try Golden.check("outcomes-started", OutcomeText.text(outcomes, done: "started", style: Style()))
        try Golden.check("outcomes-scaled", OutcomeText.text(outcomes, done: nil, style: Style(hasColour: true)))
        try Golden.check("outcomes-none", OutcomeText.text([], done: "started", style: Style()))
    }

    @Test func `a plan is a list of signs and sentences`() throws {
        let changes: [PlanDifference.Change] = [
            .add(worker: "mail", instances: 2), .remove(worker: "old"), .restart(worker: "web", keys: ["command"]),
            .update(worker: "db", keys: ["stop", "log"]), .scale(worker: "web", from: 2, to: 4), .addGroup("site"),
            .removeGroup("gone"), .updateGroup("rest"), .daemon(keys: ["log_level"], afterRestart: ["socket"]), .access,
        ]
        let result = PlanResult(changes: changes.map { PlanChange($0) }, problems: [])
        try Golden.check("plan", PlanText.text(result, style: Style()))
        try Golden.check("plan-empty", PlanText.text(PlanResult(changes: [], problems: []), style: Style()))
    }

    @Test func `problems are said as compilers say them`() throws {
        let problems = [
            ProblemReport(
                file: "roost.toml", line: 12, key: "worker.web.restart.dealy",
                message: "unknown key; did you mean \"delay\"?"),
            ProblemReport(file: "conf.d/db.toml", message: "cannot open it: Permission denied"),
            ProblemReport(file: "roost.toml", line: 3, message: "no such directory", severity: .warning),
        ]
        let result = PlanResult(changes: [], problems: problems)
        try Golden.check("problems", PlanText.text(result, style: Style()))
    }

    @Test func `events are said one a line`() throws {
        let lines = [
            Samples.event(9, .running, .running, "ready after 1.2 s", ago: 60),
            Samples.event(10, .fatal, .fatal, "10 failures within 5 minutes", ago: 30),
            EventNotification(
                seq: 11, time: Samples.now, Announcement(.planApplied, message: "2 instances are affected")),
        ].map { EventText.line($0, style: Style()) }
        try Golden.check("events", lines.joined())
    }

    @Test func `output of several instances is told apart`() throws {
        let result = LogsResult(logs: [
            LogExcerpt(name: "web:0", stream: .output, lines: ["GET /", "GET /a"], truncated: false),
            LogExcerpt(name: "web:1", stream: .error, lines: ["oops"], truncated: false),
        ])
        var follow = LogText(namesSources: true)
        let pieces = [("web:0", "one\n"), ("web:0", "two, without its end"), ("web:1", "three\n")]
        let followed = pieces.map { follow.text(LogNotification(name: $0, stream: .output, text: $1)) }.joined()
        try Golden.check("logs", LogText.text(result) + "--- followed ---\n" + followed)
    }
}
