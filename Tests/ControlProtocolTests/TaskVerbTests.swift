import ControlProtocol
import Scheduling
import Testing

@testable import SupervisorCore

/// Every verb about tasks, with everything that it can carry.
enum TaskSamples {
    static var submission: TaskSubmission {
        let command = TaskCommand(
            arguments: ["sh", "-c", "", "ü\n"], directory: "/tmp",
            environment: [EnvironmentVariable(name: "A", value: "b=c"), EnvironmentVariable(name: "LANG", value: "")])
        return TaskSubmission(
            work: .command(command), label: "the label", key: "key", priority: -3, timeout: .milliseconds(1500),
            attempts: 4, after: [TaskID(17), TaskID(18)], afterAny: true,
            submitter: Submitter(
                directory: "/home/ada", environment: [EnvironmentVariable(name: "PATH", value: "/bin")]))
    }

    static var verbs: [TaskVerb] {
        var query = SubmitQuery(queue: "mail", submission: submission)
        query.waitForRoom = true
        query.follow = true
        let plain = TaskSubmission(work: .command(TaskCommand(arguments: ["true"])))
        var listing = TaskQuery(names: ["mail"], states: [.failed, .interrupted])
        listing.limit = 5
        return [
            .submit(query, wait: .untilDone(timeout: .seconds(2))),
            .submit(SubmitQuery(queue: "mail", submission: plain), wait: .untilDone(timeout: nil)),
            .list(TaskQuery()), .list(listing),
            .wait([TaskID(1), TaskID(.max)], wait: .untilDone(timeout: .seconds(1))),
            .result(TaskID(7), lines: 3), .cancel([TaskID(7)], wait: .no),
            .cancel([TaskID(7)], wait: .untilDone(timeout: nil)), .retry([TaskID(7)]), .pause(["mail*"]),
            .resume(["all"]),
        ]
    }
}

@Suite struct TaskVerbTests {
    private func refusal(_ method: String, _ parameters: String) -> ControlError? {
        let text = #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(parameters)}"#
        guard case .refused(let error, _) = IncomingRequest(frame: Array(text.utf8)) else { return nil }
        return error
    }

    @Test(arguments: [
        ("submit", #"{"queue":"mail"}"#, "command"), ("submit", #"{"queue":"mail","command":[]}"#, "command"),
        ("submit", #"{"queue":"mail","command":[""]}"#, "command"),
        ("submit", #"{"queue":"mail","command":"echo hi"}"#, "command"),
        ("submit", #"{"queue":"mail","command":["a\u0000b"]}"#, "command"),
        ("submit", #"{"command":["true"]}"#, "queue"),
        ("submit", #"{"queue":"mail","command":["true"],"directory":"here"}"#, "directory"),
        ("submit", #"{"queue":"mail","command":["true"],"environment":{"A=":"b"}}"#, "environment"),
        ("submit", #"{"queue":"mail","command":["true"],"environment":{"":"b"}}"#, "environment"),
        ("submit", #"{"queue":"mail","command":["true"],"environment":{"A":1}}"#, "environment"),
        ("submit", #"{"queue":"mail","command":["true"],"task_timeout":0}"#, "task_timeout"),
        ("submit", #"{"queue":"mail","command":["true"],"label":""}"#, "label"),
        ("submit", #"{"queue":"mail","command":["true"],"priority":1.5}"#, "priority"),
        ("submit", #"{"queue":"mail","command":["true"],"after":[-1]}"#, "after"),
        ("submit", #"{"queue":"mail","comand":["true"]}"#, "comand"), ("tasks", #"{"states":["dead"]}"#, "states"),
        ("tasks", #"{"limit":5001}"#, "limit"), ("wait", "{}", "tasks"), ("wait", #"{"tasks":[]}"#, "tasks"),
        ("wait", #"{"tasks":["1"]}"#, "tasks"), ("result", "{}", "task"), ("result", #"{"task":"x"}"#, "task"),
        ("pause", #"{"names":[]}"#, "names"),
    ])
    func `a wrong parameter is refused by name`(method: String, parameters: String, named: String) {
        let error = refusal(method, parameters)
        #expect(error?.knownCode == .invalidParameters)
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "-")")
        #expect(error?.message.hasPrefix("cannot ") == true)
    }

    @Test func `more tasks than the limit are refused`() {
        let numbers = (0...1000).map { "\($0)" }.joined(separator: ",")
        #expect(refusal("wait", "{\"tasks\":[\(numbers)]}")?.knownCode == .invalidParameters)
    }

    @Test func `a task on the wire leaves out what does not apply`() throws {
        let clock = ClockReading(monotonic: .origin, wall: Timestamp(nanoseconds: 0))
        let report = TaskReport(
            id: TaskID(1042), queue: "mail", state: .queued, work: .command(TaskCommand(arguments: ["echo", "hi"])),
            label: nil, key: nil, priority: 0, user: 1000, attempts: 0, attemptLimit: 1, submittedAt: .origin,
            reason: "", next: "", waitingFor: [])
        #expect(
            Frame.json(TaskStatus(report, clock: clock)) == """
                {"attempt_limit":1,"attempts":0,"command":["echo","hi"],"id":1042,"priority":0,"queue":"mail",\
                "reason":"","state":"queued","submitted_at":"1970-01-01T00:00:00.000Z","user":1000}
                """)
    }

    @Test func `a long command is cut where many are listed`() {
        let clock = ClockReading(monotonic: .origin, wall: Timestamp(nanoseconds: 0))
        let command = TaskCommand(arguments: ["echo", String(repeating: "ü", count: 300), "end"])
        let report = TaskReport(
            id: TaskID(1), queue: "mail", state: .queued, work: .command(command), label: nil, key: nil, priority: 0,
            user: nil, attempts: 0, attemptLimit: 1, submittedAt: .origin, reason: "", next: "", waitingFor: [])
        let status = TaskStatus(report, clock: clock, limit: 200)
        #expect(status.shortened == true)
        #expect(status.command?.count == 2)
        #expect(status.command?.reduce(0) { $0 + $1.utf8.count } ?? .max < 220)
        #expect(TaskStatus(report, clock: clock).command == command.arguments)
    }

    @Test(arguments: [
        (Reply.Refusal.unknownTask(TaskID(7)), ControlError.Code.unknownName),
        (.queueIsFull("mail", capacity: 5), .queueIsFull), (.notStored(reason: "the disk is full"), .notStored),
        (.taskIsFinished(TaskID(7), .done), .wrongState), (.taskIsNotFinished(TaskID(7), .running), .wrongState),
        (.dependencyFailed(TaskID(7), .failed), .wrongState), (.keyInUse("k", TaskID(7)), .wrongState),
        (.taskTooLarge(bytes: 9, limit: 8), .invalidParameters), (.badTask("no command"), .invalidParameters),
    ])
    func `a refusal has its code and begins with cannot`(refusal: Reply.Refusal, code: ControlError.Code) {
        let error = ControlError(refusal)
        #expect(error.knownCode == code)
        #expect(error.message.hasPrefix("cannot "))
    }
}
