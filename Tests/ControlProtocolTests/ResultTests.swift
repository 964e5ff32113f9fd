import ControlProtocol
import Scheduling
@testable import SupervisorCore
import Testing

@Suite struct ResultTests {
    private let clock = ClockReading(
        monotonic: Instant(nanoseconds: 20_000_000_000), wall: Timestamp("2026-11-22T10:00:12.300Z")!)

    @Test func `a running instance has exactly the keys that apply`() {
        var report = InstanceReport.example
        report.state = .running
        report.pid = 4711
        report.run = 17
        report.since = Instant(nanoseconds: 7_700_000_000)
        #expect(
            Frame.json(InstanceStatus(report, clock: clock)) == """
                {"index":0,"name":"web:0","pid":4711,"reason":"","recent_failures":0,"restarts":0,"run":17,\
                "since":"2026-11-22T10:00:00.000Z","state":"running","uptime":12.3,"worker":"web"}
                """)
    }

    @Test(arguments: [
        (SupervisorCore.ExitStatus.exited(code: 3), #""code":3,"#),
        (.signaled(.kill, coreDumped: false), #""signal":"KILL""#),
        (.signaled(Signal(number: 11), coreDumped: true), #""core":true,"#), (.unknown, #""unknown":true"#),
        (nil, #""spawn_failed":true"#),
    ])
    func `the last exit says how`(status: SupervisorCore.ExitStatus?, text: String) throws {
        var report = InstanceReport.example
        report.lastExit = InstanceReport.LastExit(run: 16, status: status, at: Instant(nanoseconds: 7_700_000_000))
        let json = Frame.json(InstanceStatus(report, clock: clock))
        #expect(json.contains(text))
        #expect(json.contains(#""run":16"#))
    }

    @Test func `a result comes back as it was sent`() throws {
        var report = InstanceReport.example
        report.waitingFor = ["db"]
        report.nextAttempt = Instant(nanoseconds: 21_000_000_000)
        report.lastExit = InstanceReport.LastExit(
            run: 1, status: .signaled(.kill, coreDumped: true), at: Instant(nanoseconds: 1_000_000_000))
        let sent = StatusResult(
            instances: [InstanceStatus(report, clock: clock)],
            daemon: DaemonStatus(version: "0.1.0", pid: 1, startedAt: clock.wall))
        let message = try ServerMessage(frame: Frame.result(sent, id: .number(1)))
        guard case .answer(.number(1), let answer) = message else {
            Issue.record("not an answer: \(message)")
            return
        }
        #expect(try answer.result(of: StatusResult.self) == sent)
    }

    @Test func `an event is as the protocol's page shows it`() {
        let announcement = Announcement(
            .exited, instance: InstanceID(worker: "web", index: 0), run: 17,
            status: .signaled(Signal(number: 11), coreDumped: false), message: "web:0#17 was killed by SIGSEGV")
        let event = EventNotification(seq: 1042, time: clock.wall, announcement)
        #expect(
            String(decoding: Frame.notification(.event, event), as: UTF8.self) == """
                {"jsonrpc":"2.0","method":"event","params":{"kind":"instance.exited","message":"web:0#17 was killed \
                by SIGSEGV","name":"web:0","run":17,"seq":1042,"status":{"signal":"SEGV"},\
                "time":"2026-11-22T10:00:12.300Z"}}

                """)
    }

    @Test func `a refusal carries its code, its hint and its data`() throws {
        let error = ControlError(Reply.Refusal.unknownName("wbe", nearest: "web"))
        #expect(error.knownCode == .unknownName)
        #expect(error.message == "cannot find \"wbe\" in the plan; did you mean \"web\"?")
        guard case .failure(.text("a"), let read) = try ServerMessage(frame: Frame.failure(error, id: .text("a")))
        else {
            Issue.record("not a failure")
            return
        }
        #expect(read == error)
    }

    @Test func `a frame from another kind of server is malformed, not a crash`() {
        #expect(throws: ServerMessage.Malformed.self) { try ServerMessage(frame: Array("HTTP/1.1 400".utf8)) }
    }

    @Test(arguments: [
        (["instance.*"], [], true), (["instance.exited"], ["web"], true), (["group.*"], [], false),
        ([], ["web:0"], true), ([], ["web:*"], true), ([], ["db"], false), ([], ["all"], true), (["*"], ["w*"], true),
    ])
    func `an event filter knows kinds and names`(kinds: [String], names: [String], matches: Bool) {
        let announcement = Announcement(.exited, instance: InstanceID(worker: "web", index: 0), message: "")
        #expect(EventFilter(kinds: kinds, names: names).matches(announcement) == matches)
    }

    @Test func `every difference between plans has words`() {
        let changes: [PlanDifference.Change] = [
            .add(worker: "web", instances: 2), .remove(worker: "web"),
            .restart(worker: "web", keys: ["command", "user"]),
            .update(worker: "web", keys: ["stop"]), .scale(worker: "web", from: 1, to: 4), .addGroup("site"),
            .removeGroup("site"), .updateGroup("site"), .addQueue("mail", slots: 4),
            .removeQueue("mail", unfinished: 3), .updateQueue("mail", keys: ["slots"]),
            .daemon(keys: ["log_level"], afterRestart: ["socket"]), .access,
        ]
        #expect(Set(changes.map { PlanChange($0).action }) == Set(PlanChange.Action.allCases))
        #expect(PlanChange(changes[2]).message == "web is restarted, for command, user changed")
    }
}

extension InstanceReport {
    fileprivate static var example: InstanceReport {
        InstanceReport(
            instance: InstanceID(worker: "web", index: 0), state: .backoff, since: .origin, restarts: 0,
            recentFailures: 0, waitingFor: [], reason: "")
    }
}
