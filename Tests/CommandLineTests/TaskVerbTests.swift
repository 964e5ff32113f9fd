import CommandLine
import ControlProtocol
import Foundation
import SupervisorCore
import Testing

@Suite struct TaskVerbTests {
    /// A daemon whose tasks end in this state.
    private func daemon(
        _ state: TaskState = .done, status: SupervisorCore.ExitStatus? = .exited(code: 0), isNew: Bool = true
    ) throws -> FakeDaemon {
        try FakeDaemon { command, id in
            let task = TaskSamples.task(1042, state) {
                $0.status = status
                $0.reason = "said so"
            }
            switch command {
            case .task(.submit): return [Frame.result(SubmitResult(task: 1042, new: isNew), id: id)]
            case .task(.list):
                return [Frame.result(TasksResult(tasks: TaskSamples.tasks, queues: TaskSamples.queues), id: id)]
            case .task(.wait):
                return [
                    Frame.notification(.log, LogNotification(name: "1042", stream: .output, text: "hello\n")),
                    Frame.notification(.log, LogNotification(name: "1042", stream: .error, text: "oops\n")),
                    Frame.result(TasksResult(tasks: [task]), id: id),
                ]
            case .task(.cancel), .task(.retry): return [Frame.result(TasksResult(tasks: [task]), id: id)]
            case .task(.result): return [Frame.result(TaskResult(task: task, events: [], output: []), id: id)]
            case .task(.pause), .task(.resume):
                return [Frame.result(QueuesResult(queues: [TaskSamples.queue("mail")]), id: id)]
            case .logs:
                let lines = LogExcerpt(name: "1042", stream: .output, lines: ["before"], truncated: false)
                return [Frame.result(LogsResult(logs: [lines]), id: id)]
            case .status:
                return [
                    Frame.result(
                        StatusResult(
                            instances: Samples.status.instances, queues: TaskSamples.queues, daemon: Samples.daemon),
                        id: id)
                ]
            default: return [Frame.failure(ControlError(.internalError, "cannot: not asked for"), id: id)]
            }
        }
    }

    private func submission(_ daemon: FakeDaemon) throws -> SubmitQuery {
        guard case .task(.submit(let query, _)) = try #require(daemon.commands.first) else {
            throw CocoaError(.coderInvalidValue)
        }
        return query
    }

    @Test func `submit prints the number and nothing else`() throws {
        let daemon = try daemon()
        let run = try RoostctlRun(["submit", "mail", "--", "echo", "--wait", "x y"], socket: daemon.path)
        #expect(run.output == "1042\n")
        #expect(run.status == 0)
        let query = try submission(daemon)
        #expect(query.queue == "mail")
        #expect(query.submission.work == .command(TaskCommand(arguments: ["echo", "--wait", "x y"])))
        #expect(query.submission.submitter.directory == FileManager.default.currentDirectoryPath)
        #expect(query.submission.submitter.environment.contains { $0.name == "ROOST_SOCKET" })
        #expect(!query.follow)
    }

    @Test func `submit takes everything a task can have`() throws {
        let daemon = try daemon()
        let run = try RoostctlRun(
            [
                "submit", "mail", "--priority", "5", "--timeout", "1h30m", "--retries", "2", "--after", "1,2",
                "--after", "3", "--after-any", "--directory", "sub", "--env", "A=b=c", "--env", "HOME", "--name",
                "the label",
                "--key", "k", "--wait-for-room", "--room-timeout", "2.5", "--", "true",
            ], socket: daemon.path)
        #expect(run.status == 0, "\(run.errors)")
        let submission = try submission(daemon).submission
        #expect(submission.priority == 5)
        #expect(submission.timeout == .seconds(5400))
        #expect(submission.attempts == 3)
        #expect(submission.after == [TaskID(1), TaskID(2), TaskID(3)])
        #expect(submission.afterAny)
        #expect(submission.label == "the label")
        #expect(submission.key == "k")
        guard case .command(let command) = submission.work else { throw CocoaError(.coderInvalidValue) }
        #expect(command.directory == FileManager.default.currentDirectoryPath + "/sub")
        #expect(command.environment.map(\.name) == ["A", "HOME"])
        #expect(command.environment.first?.value == "b=c")
        guard case .task(.submit(let query, let wait)) = daemon.commands[0] else { return }
        #expect(query.waitForRoom)
        #expect(wait == .untilDone(timeout: .seconds(2.5)))
    }

    @Test(
        arguments: [
            (.done, .exited(code: 0), 0), (.failed, .exited(code: 3), 3),
            (.failed, .signaled(.kill, coreDumped: false), 137),
            (.cancelled, .signaled(.terminate, coreDumped: false), 143),
            (.cancelled, nil, 1), (.interrupted, .unknown, 1), (.failed, .exited(code: 0), 1),
        ] as [(TaskState, SupervisorCore.ExitStatus?, Int32)])
    func `submit --wait shows the output and exits as the task did`(
        state: TaskState, status: SupervisorCore.ExitStatus?, code: Int32
    ) throws {
        let daemon = try daemon(state, status: status)
        let run = try RoostctlRun(["submit", "mail", "--wait", "--", "x"], socket: daemon.path)
        #expect(run.status == code)
        #expect(run.output == "hello\n")
        #expect(run.errors.hasPrefix("oops\n"))
        #expect((state == .done) == (run.errors == "oops\n"))
        #expect(try submission(daemon).follow)
    }

    @Test func `a key that is known shows what that task has written before`() throws {
        let daemon = try daemon(isNew: false)
        let run = try RoostctlRun(["submit", "mail", "--wait", "--key", "k", "--", "x"], socket: daemon.path)
        #expect(run.output == "before\nhello\n")
    }

    @Test func `what to run comes after two dashes, and roostctl says so`() throws {
        let run = try RoostctlRun(["submit", "mail"], socket: "/nowhere")
        #expect(run.status == 2)
        #expect(run.errors.contains("roostctl submit mail -- echo hello"), "\(run.errors)")
    }

    @Test(arguments: [
        ["submit", "mail", "echo", "hi"], ["submit", "--", "echo"], ["submit", "mail", "--retries", "-1", "--", "x"],
        ["submit", "mail", "--timeout", "soon", "--", "x"], ["submit", "mail", "--after", "x", "--", "x"],
        ["submit", "mail", "--after-any", "--", "x"], ["submit", "mail", "--room-timeout", "1", "--", "x"],
        ["submit", "mail", "--env", "=x", "--", "x"], ["submit", "mail", "--env", "SURELY_NOT_SET", "--", "x"],
        ["wait"], ["wait", "x"], ["result", "mail"], ["cancel"], ["tasks", "--state", "dead"], ["pause"],
        ["retry", "1.5"],
    ])
    func `a command line that makes no sense is exit status 2`(arguments: [String]) throws {
        let run = try RoostctlRun(arguments, socket: "/nowhere")
        #expect(run.status == 2, "\(run.output) \(run.errors)")
        #expect(!run.errors.isEmpty)
    }

    @Test(arguments: [
        (
            ["wait", "1042", "7", "--timeout", "2"],
            TaskVerb.wait([TaskID(1042), TaskID(7)], wait: .untilDone(timeout: .seconds(2)))
        ),
        (["result", "1042", "-n", "3"], .result(TaskID(1042), lines: 3)),
        (["why", "1042"], .result(TaskID(1042), lines: 10)),
        (["cancel", "1042", "--no-wait"], .cancel([TaskID(1042)], wait: .no)),
        (["retry", "7", "8"], .retry([TaskID(7), TaskID(8)])),
        (["pause", "all"], .pause(["all"])), (["resume", "mail*"], .resume(["mail*"])),
    ])
    func `a verb asks for what it says and ends well`(arguments: [String], verb: TaskVerb) throws {
        let daemon = try daemon()
        let run = try RoostctlRun(arguments, socket: daemon.path)
        #expect(daemon.commands == [.task(verb)])
        #expect(run.status == 0, "\(run.errors)")
        #expect(!run.output.isEmpty)
    }

    @Test(arguments: [
        ("wait", TaskState.failed, Int32(1)), ("result", .failed, 1), ("result", .running, 3),
        ("result", .cancelled, 1),
    ])
    func `the exit status tells how a task is`(word: String, state: TaskState, status: Int32) throws {
        let daemon = try daemon(state)
        #expect(try RoostctlRun([word, "1042"], socket: daemon.path).status == status)
    }

    @Test func `following a task ends with it`() throws {
        let daemon = try daemon()
        let run = try RoostctlRun(["logs", "-f", "1042"], socket: daemon.path)
        #expect(run.output == "before\nhello\noops\n")
        #expect(run.status == 0)
    }

    @Test func `a full queue is exit status 9`() throws {
        let daemon = try FakeDaemon { _, id in
            [Frame.failure(ControlError(Reply.Refusal.queueIsFull("mail", capacity: 5)), id: id)]
        }
        let run = try RoostctlRun(["submit", "mail", "--", "true"], socket: daemon.path)
        #expect(run.status == 9)
        #expect(run.errors.contains("--wait-for-room") || run.errors.contains("wait for room"))
    }

    @Test func `words at the prompt can be quoted`() throws {
        let daemon = try daemon()
        let run = try RoostctlRun(
            [], socket: daemon.path, input: "submit mail -- sh -c 'echo \"a b\"; exit 3'\nsubmit 'mail\n")
        #expect(
            try submission(daemon).submission.work
                == .command(TaskCommand(arguments: ["sh", "-c", "echo \"a b\"; exit 3"])))
        #expect(run.status == 2)
        #expect(run.errors.contains("quote"))
    }

    @Test(arguments: [
        ("roostctl pause ma", ["mail"]), ("roostctl submit thu", ["thumbnails"]),
        ("roostctl result 104", ["1040", "1041", "1042", "1043", "1044", "1045", "1046"]),
        ("roostctl stop ma", ["mail", "mail:0"]), ("roostctl status fu", ["full"]), ("roostctl start fu", []),
    ])
    func `bash completes queues and tasks`(line: String, words: [String]) throws {
        let daemon = try daemon()
        let script = """
            eval "$(roostctl completion bash)"
            COMP_LINE='\(line)' COMP_POINT=\(line.count) COMP_TYPE=9
            _roostctl_with_colons roostctl
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let output = try RoostctlRun.shell(script, socket: daemon.path)
        #expect(output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.sorted() == words)
    }
}
