import CommandLine
import ControlProtocol
import Foundation
import SupervisorCore
import Testing

@Suite struct RoostctlTests {
    /// A daemon in which all goes well.
    private func healthy() throws -> FakeDaemon {
        try FakeDaemon { command, id in
            switch command {
            case .status: [Frame.result(Samples.status, id: id)]
            case .start, .stop, .restart, .signal, .scale, .clear:
                [
                    Frame.result(
                        ActionResult(outcomes: [Samples.outcome("web", .done, .running, "running (pid 4711)")]), id: id)
                ]
            case .plan: [Frame.result(PlanResult(changes: [], problems: []), id: id)]
            case .apply: [Frame.result(ApplyResult(changes: [], outcomes: []), id: id)]
            case .logs:
                [
                    Frame.result(LogsResult(logs: []), id: id),
                    Frame.notification(.log, LogNotification(name: "web:0", stream: .output, text: "hello\n")),
                ]
            case .subscribe:
                [
                    Frame.result(SubscribeResult(missed: false, oldest: 1, latest: 1), id: id),
                    Frame.notification(.event, Samples.event(1, .running, .running, "ready", ago: 1)),
                ]
            case .unsubscribe: [Frame.result(EmptyResult(), id: id)]
            case .why: [Frame.result(Samples.why, id: id)]
            case .version: [Frame.result(Samples.daemon, id: id)]
            case .shutdown: [Frame.result(EmptyResult(), id: id)]
            case .call(let query):
                [Frame.result(PoolResult(PoolAnswer(task: TaskID(1), outcome: .done(query.task))), id: id)]
            case .task: [Frame.failure(ControlError(.internalError, "cannot: there are no queues here"), id: id)]
            }
        }
    }

    private func refusing(_ error: ControlError) throws -> FakeDaemon {
        try FakeDaemon { _, id in [Frame.failure(error, id: id)] }
    }

    @Test(arguments: [
        (["start", "web"], Command.start(names: ["web"], wait: .untilDone(timeout: nil))),
        (["call", "sums", "[1, 2]"], .call(PoolQuery(pool: "sums", task: Array("[1,2]".utf8)))),
        (
            ["call", "sums", "{}", "--no-wait", "--wait-for-room", "--key", "k"],
            .call(PoolQuery(pool: "sums", task: Array("{}".utf8), wait: .no, waitsForRoom: true, key: "k"))
        ),
        (["stop", "web:0", "db", "--no-wait"], .stop(names: ["web:0", "db"], wait: .no)),
        (["restart", "all", "--timeout", "2.5"], .restart(names: ["all"], wait: .untilDone(timeout: .seconds(2.5)))),
        (["signal", "sighup", "web:*"], .signal(names: ["web:*"], .hangUp)),
        (["scale", "web=8"], .scale(worker: "web", instances: 8, wait: .untilDone(timeout: nil))),
        (["clear", "web"], .clear(names: ["web"])), (["plan"], .plan),
        (["apply"], .apply(wait: .untilDone(timeout: nil))), (["reload", "--no-wait"], .apply(wait: .no)),
        (["why", "web:1"], .why(name: "web:1")), (["version"], .version),
        (["shutdown", "--no-wait"], .shutdown),
    ])
    func `a verb asks for what it says and ends well`(arguments: [String], command: Command) throws {
        let daemon = try healthy()
        let run = try RoostctlRun(arguments, socket: daemon.path)
        #expect(daemon.commands == [command])
        #expect(run.status == 0, "\(run.errors)")
        #expect(!run.output.isEmpty)
    }

    @Test func `start tells the pid`() throws {
        let daemon = try healthy()
        let run = try RoostctlRun(["start", "web"], socket: daemon.path)
        #expect(run.output == "web:0: started (pid 4711)\n")
    }

    @Test func `status exits with 3 when something is down`() throws {
        let daemon = try healthy()
        let run = try RoostctlRun(["status"], socket: daemon.path)
        #expect(run.status == 3)
        #expect(run.output.hasPrefix("NAME"))
        #expect(!run.output.contains("\u{1b}"))
    }

    @Test(arguments: [["--json", "status"], ["status", "--json"]])
    func `JSON is what roostd sent, on one line`(arguments: [String]) throws {
        let daemon = try healthy()
        let run = try RoostctlRun(arguments, socket: daemon.path)
        #expect(run.output == Frame.json(Samples.status) + "\n")
    }

    @Test func `the socket may be named before and after the verb`() throws {
        let daemon = try healthy()
        #expect(try RoostctlRun(["--socket", daemon.path, "plan"], socket: "/nowhere").status == 0)
        #expect(try RoostctlRun(["plan", "--socket", daemon.path], socket: "/nowhere").status == 0)
    }

    @Test(arguments: [
        (ControlError.Code.unknownName, Exit.unknownName), (.notPermitted, .notPermitted),
        (.configurationHasProblems, .problems), (.waitTimedOut, .timedOut), (.shuttingDown, .notReached),
        (.busy, .notReached), (.internalError, .notReached), (.invalidParameters, .usage),
    ])
    func `a refusal has its exit status and its words`(code: ControlError.Code, exit: Exit) throws {
        let daemon = try refusing(ControlError(code, "cannot do it"))
        let run = try RoostctlRun(["start", "web"], socket: daemon.path)
        #expect(run.status == exit.rawValue)
        #expect(run.errors == "roostctl: cannot do it\n")
        #expect(run.output.isEmpty)
    }

    @Test func `an apply that is refused tells every problem`() throws {
        let problems = [ProblemReport(file: "roost.toml", line: 3, key: "worker.web.user", message: "no such user")]
        let error = ControlError(
            .configurationHasProblems, "cannot apply the configuration", data: .init(problems: problems))
        let daemon = try refusing(error)
        let run = try RoostctlRun(["apply"], socket: daemon.path)
        #expect(
            run.errors == """
                roostctl: cannot apply the configuration
                roost.toml:3: error: worker.web.user: no such user

                """)
    }

    @Test func `an outcome that was not reached is exit status 1`() throws {
        let daemon = try FakeDaemon { _, id in
            let outcome = Samples.outcome("web", .failed, .fatal, "gave up")
            return [Frame.result(ActionResult(outcomes: [outcome]), id: id)]
        }
        #expect(try RoostctlRun(["start", "web"], socket: daemon.path).status == 1)
    }

    @Test func `no daemon is exit status 4 and says what to do`() throws {
        let run = try RoostctlRun(["status"], socket: "/nowhere/control.sock")
        #expect(run.status == 4)
        #expect(run.errors.contains("cannot reach roostd at /nowhere/control.sock: No such file or directory"))
        #expect(run.errors.contains("--socket"))
    }

    @Test func `a daemon that goes away in the middle is exit status 4`() throws {
        let daemon = try FakeDaemon { _, _ in [] }
        let run = try RoostctlRun(["start", "web"], socket: daemon.path)
        #expect(run.status == 4)
        #expect(run.errors.contains("closed the connection"))
    }

    @Test func `an answer that is none is exit status 4`() throws {
        let daemon = try FakeDaemon { _, _ in [Array("hello\n".utf8)] }
        #expect(try RoostctlRun(["plan"], socket: daemon.path).status == 4)
    }

    @Test(arguments: [
        ["bogus"], ["start"], ["scale", "web"], ["scale", "web=-1"], ["signal", "NOPE", "web"],
        ["start", "web", "--timeout", "0"], ["start", "web", "--no-wait", "--timeout", "1"],
        ["logs", "web", "-n", "x"],
        ["completion", "tcsh"],
    ])
    func `a command line that makes no sense is exit status 2`(arguments: [String]) throws {
        let run = try RoostctlRun(arguments, socket: "/nowhere")
        #expect(run.status == 2)
        #expect(!run.errors.isEmpty)
    }

    @Test func `events without follow end after what is kept`() throws {
        let daemon = try healthy()
        let run = try RoostctlRun(["events", "--kind", "instance.*"], socket: daemon.path)
        #expect(run.status == 0)
        #expect(run.output.contains("instance.running"))
        #expect(
            daemon.commands == [
                .subscribe(EventQuery(after: 0, filter: EventFilter(kinds: ["instance.*"]))), .unsubscribe,
            ])
    }

    @Test func `commands come from standard input, and the first failure decides`() throws {
        let daemon = try healthy()
        let run = try RoostctlRun(
            [], socket: daemon.path, input: "start web\n# a comment\n\nbogus\nplan\nstatus\nquit\nstop web\n")
        #expect(run.status == 2)
        #expect(daemon.commands.map(\.method) == [.start, .plan, .status])
    }

    @Test func `check needs no daemon`() throws {
        let file = NSTemporaryDirectory() + "roost-\(UUID().uuidString).toml"
        try Data("[worker.web]\ncommand = \"true\"\ninstnaces = 2\n".utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let run = try RoostctlRun(["check", file], socket: "/nowhere")
        #expect(run.status == 7)
        #expect(run.output.contains("\(file):3: error: worker.web.instnaces"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `there is completion for each shell`(shell: String) throws {
        let run = try RoostctlRun(["completion", shell], socket: "/nowhere")
        #expect(run.status == 0)
        #expect(run.output.contains("roostctl"))
    }

    @Test(arguments: [
        ("roostctl why we", ["web", "web:0", "web:1"]), ("roostctl why web:", ["0", "1"]),
        ("roostctl stop db:0 web:1", ["1"]), ("roostctl resta", ["restart"]), ("roostctl stop no", []),
    ])
    func `bash completes verbs and names, colons and all`(line: String, words: [String]) throws {
        let daemon = try healthy()
        let script = """
            eval "$(roostctl completion bash)"
            COMP_LINE='\(line)' COMP_POINT=\(line.count) COMP_TYPE=9
            _roostctl_with_colons roostctl
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let output = try RoostctlRun.shell(script, socket: daemon.path)
        #expect(output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.sorted() == words)
    }

    private func session(_ command: String, _ daemon: FakeDaemon) throws -> TerminalSession {
        try TerminalSession(command, socket: daemon.path, directory: RoostctlRun.directory.path)
    }

    @Test func `the prompt shows the status, takes commands, and lives through errors`() throws {
        let daemon = try healthy()
        let terminal = try session("roostctl", daemon)
        try terminal.expect("image-resizer-for-thumbnails:0")
        try terminal.expect("roost> ")
        terminal.type("nonsense\n")
        try terminal.expect("Unexpected argument 'nonsense'")
        try terminal.expect("roost> ")
        terminal.type("start web\n")
        try terminal.expect("web:0: started (pid 4711)")
        try terminal.expect("roost> ")
        terminal.type("exit\n")
        #expect(try terminal.end() == 0)
        #expect(daemon.commands.map(\.method) == [.status, .start])
    }

    @Test func `at the prompt Ctrl-C clears the line and Ctrl-D leaves`() throws {
        let daemon = try healthy()
        let terminal = try session("roostctl", daemon)
        try terminal.expect("roost> ")
        terminal.type("stop all")
        try terminal.expect("stop all")
        terminal.type("\u{3}start web\n")
        try terminal.expect("started")
        try terminal.expect("roost> ")
        terminal.type("\u{4}")
        #expect(try terminal.end() == 0)
        #expect(daemon.commands.map(\.method) == [.status, .start])
    }

    @Test func `Ctrl-C ends a command that waits, not the prompt`() throws {
        let daemon = try FakeDaemon { command, id in
            switch command.method {
            case .start: [[UInt8(ascii: "\n")]]
            case _: [Frame.result(Samples.status, id: id)]
            }
        }
        let terminal = try session("roostctl", daemon)
        try terminal.expect("roost> ")
        terminal.type("start web\n")
        try daemon.wait { $0.count == 2 }
        terminal.type("\u{3}")
        try terminal.expect("roost> ")
        terminal.type("exit\n")
        let status = try terminal.end()
        #expect(status == 0, "\(terminal.output.debugDescription)")
    }

    @Test func `a watched status is drawn anew when an event comes, and the terminal is put back`() throws {
        let daemon = try healthy()
        let terminal = try session("roostctl status -w", daemon)
        try terminal.expect("\u{1b}[?1049h")
        try daemon.wait { $0.count == 3 }
        try terminal.expect("web:0")
        terminal.type("\u{3}")
        try terminal.expect("\u{1b}[?1049l")
        #expect(try terminal.end() == 130)
        #expect(daemon.commands.map(\.method).prefix(3) == [.subscribe, .status, .status])
    }

    @Test func `a reader that goes away ends it without a word`() throws {
        let daemon = try healthy()
        let output = try RoostctlRun.shell(
            "roostctl help 2>&1 | head -n 1; roostctl events 2>&1 | true", socket: daemon.path)
        #expect(output == "OVERVIEW: Drive roostd, the process supervisor.\n")
    }
}
