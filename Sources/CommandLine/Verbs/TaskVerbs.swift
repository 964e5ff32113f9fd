import ArgumentParser
import ControlProtocol
import SupervisorCore

extension ArgumentHelp {
    static let tasks: ArgumentHelp = "Numbers of tasks, as submit prints them."
}

/// The number of a task on the command line.
struct TaskNumber: ExpressibleByArgument {
    let id: TaskID

    init?(argument: String) {
        guard let number = UInt64(argument) else { return nil }
        id = TaskID(number)
    }
}

struct WaitVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait until tasks are finished.",
        discussion: "Exits with 0 when all of them are done, and with 1 when one has failed or was cancelled.")

    @Argument(help: .tasks, completion: .taskNumbers)
    var tasks: [TaskNumber]

    @Option(help: ArgumentHelp("Wait no longer than this.", valueName: "seconds"))
    var timeout: Double?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard let timeout else { return }
        guard timeout > 0, timeout <= 31_536_000 else {
            throw ValidationError("--timeout is a number of seconds, more than 0 and no more than a year.")
        }
    }

    func run(in session: Session) throws(Failure) {
        let wait = Command.Wait.untilDone(timeout: timeout.map { .seconds($0) })
        let result = try session.ask(.task(.wait(tasks.map(\.id), wait: wait)), TasksResult.self)
        try session.show(result, TaskText.outcomes(result.tasks, style: session.style))
        if result.tasks.contains(where: { $0.state != .done }) { throw Failure(.notReached) }
    }
}

struct ResultVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "result", abstract: "Tell what became of a task, why, and what it wrote.",
        discussion: """
            Exits with 0 when it is done, with 1 when it has failed, was cancelled or interrupted, and with 3 when it \
            is not finished.
            """)

    @Argument(help: "The number of a task.", completion: .taskNumbers)
    var task: TaskNumber

    @Option(name: [.customShort("n"), .long], help: "How many lines of its output.")
    var lines = TaskVerb.resultLines

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (0...LogQuery.maximumLines).contains(lines) else {
            throw ValidationError("--lines is a number from 0 to \(LogQuery.maximumLines).")
        }
    }

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.task(.result(task.id, lines: lines)), TaskResult.self)
        try session.show(result, TaskText.text(result, now: Session.now, style: session.style))
        if !result.task.state.isFinished { throw Failure(.notRunning) }
        if result.task.state != .done { throw Failure(.notReached) }
    }
}

struct CancelVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Take tasks out of their queue; stop those that run.")

    @Argument(help: .tasks, completion: .taskNumbers)
    var tasks: [TaskNumber]

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let command = Command.task(.cancel(tasks.map(\.id), wait: waiting.command))
        let result = try session.ask(command, TasksResult.self)
        try session.show(result, TaskText.outcomes(result.tasks, style: session.style))
    }
}

struct RetryVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Queue tasks again that have failed or were cancelled, under the same number.")

    @Argument(help: .tasks, completion: .taskNumbers)
    var tasks: [TaskNumber]

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.task(.retry(tasks.map(\.id))), TasksResult.self)
        try session.show(result, TaskText.outcomes(result.tasks, style: session.style))
    }
}
