import ArgumentParser
import Configuration
import ControlProtocol
import Glibc
import SupervisorCore

struct SubmitVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Give a queue a command to run once, and print the task's number.",
        usage: "roostctl submit <queue> [<options>] -- <command> ...",
        discussion: """
            Once the number is printed the task is safe: it survives roostd and power failures, unless its queue says \
            durable = false. With --wait its output is shown as it comes, and roostctl exits with its status, or with \
            128 and the signal's number if a signal ended it.
            """)

    @Argument(help: "The queue.", completion: .queueNames)
    var queue: String

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("What to run, after --. No shell looks at it.", valueName: "command"))
    var command: [String] = []

    @Flag(help: "Show its output until it ends, and exit with its status.")
    var wait = false

    @Option(help: "For people to recognise it by.")
    var name: String?

    @Option(help: "Higher ones first, in a queue that is ordered by priority. (default: the queue's)")
    var priority: Int?

    @Option(
        help: ArgumentHelp(
            "Stop an attempt that takes longer: 90s, 1h30m. (default: the queue's)", valueName: "duration"))
    var timeout: TaskDuration?

    @Option(help: ArgumentHelp("Try again so often when it fails. (default: the queue's)", valueName: "count"))
    var retries: Int?

    @Option(
        help: ArgumentHelp("Only after these tasks are done: 17 or 17,18; may be repeated.", valueName: "id"),
        completion: .taskNumbers)
    var after: [TaskList] = []

    @Flag(help: "After those tasks however they ended.")
    var afterAny = false

    @Option(help: "Where to run it. (default: as the queue says)", completion: .directory)
    var directory: String?

    @Option(
        help: ArgumentHelp(
            "Set a variable of its environment, or pass on the one here; may be repeated.", valueName: "name[=value]"))
    var env: [String] = []

    @Option(
        help: ArgumentHelp(
            "The same key again is the same task: who is unsure whether a submission arrived may repeat it."))
    var key: String?

    @Flag(help: "Wait while the queue is full.")
    var waitForRoom = false

    @Option(help: ArgumentHelp("Wait for room no longer than this.", valueName: "seconds"))
    var roomTimeout: Double?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard !command.isEmpty else {
            throw ValidationError("What to run comes after --, as in: roostctl submit \(queue) -- echo hello")
        }
        if let retries, !(0...1_000_000).contains(retries) { throw ValidationError("--retries is a number from 0 on.") }
        if afterAny, after.isEmpty { throw ValidationError("--after-any is about the tasks that --after names.") }
        if let roomTimeout {
            guard roomTimeout > 0, roomTimeout <= 31_536_000 else {
                throw ValidationError("--room-timeout is a number of seconds, more than 0 and no more than a year.")
            }
            guard waitForRoom else { throw ValidationError("--room-timeout says how long to --wait-for-room.") }
        }
    }

    func run(in session: Session) throws(Failure) {
        if wait { return try TaskFollower(session: session).submit(try query(follow: true), roomPatience) }
        let result = try session.ask(.task(.submit(try query(follow: false), wait: roomPatience)), SubmitResult.self)
        try session.show(result, "\(result.task)\n")
    }

    private var roomPatience: Command.Wait { .untilDone(timeout: roomTimeout.map { .seconds($0) }) }

    private func query(follow: Bool) throws(Failure) -> SubmitQuery {
        var submission = TaskSubmission(
            work: .command(
                TaskCommand(
                    arguments: command, directory: try directory.map { path throws(Failure) in try absolute(path) },
                    environment: try variables())),
            label: name, key: key, priority: priority, timeout: timeout?.duration, attempts: retries.map { $0 + 1 },
            after: after.flatMap(\.tasks), afterAny: afterAny)
        let here = currentDirectory()
        if here == nil, directory == nil {
            throw Failure(.usage, "cannot tell where to run it: the current directory is gone; say --directory")
        }
        submission.submitter = Submitter(directory: here, environment: ownEnvironment())
        var query = SubmitQuery(queue: queue, submission: submission)
        query.waitForRoom = waitForRoom
        query.follow = follow
        return query
    }

    private func variables() throws(Failure) -> [EnvironmentVariable] {
        var variables: [EnvironmentVariable] = []
        for text in env {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard !parts[0].isEmpty else { throw Failure(.usage, "cannot set a variable without a name: \(text)") }
            if parts.count == 2 {
                variables.append(EnvironmentVariable(name: parts[0], value: parts[1]))
            } else if let value = environment(text) {
                variables.append(EnvironmentVariable(name: text, value: value))
            } else {
                throw Failure(.usage, "cannot pass on the variable \(text): it is not set here; write \(text)=VALUE")
            }
        }
        return variables
    }

    private func absolute(_ path: String) throws(Failure) -> String {
        if path.hasPrefix("/") { return path }
        guard let base = currentDirectory() else {
            throw Failure(.usage, "cannot tell where \(path) is: the current directory is gone; say it from / on")
        }
        return "\(base)/\(path)"
    }

    private func currentDirectory() -> String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(validatingCString: path)
    }

    /// All of it: which variables a task gets is for the queue to say, and the others are not kept.
    private func ownEnvironment() -> [EnvironmentVariable] {
        var variables: [EnvironmentVariable] = []
        var next = environ
        while let entry = next.pointee {
            next += 1
            // What is no text cannot be sent.
            guard let text = String(validatingCString: entry), let equals = text.firstIndex(of: "=") else { continue }
            let name = String(text[..<equals])
            if !name.isEmpty {
                variables.append(EnvironmentVariable(name: name, value: String(text[text.index(after: equals)...])))
            }
        }
        return variables
    }
}

/// "90s", "1h30m", or a number of seconds.
struct TaskDuration: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        if let seconds = Double(argument), seconds > 0, seconds <= 31_536_000 {
            duration = .seconds(seconds)
        } else if let duration = try? Duration(configured: argument), duration > .zero {
            self.duration = duration
        } else {
            return nil
        }
    }
}

/// "17" or "17,18".
struct TaskList: ExpressibleByArgument {
    let tasks: [TaskID]

    init?(argument: String) {
        let numbers = argument.split(separator: ",").map { UInt64($0) }
        guard !numbers.isEmpty, !numbers.contains(nil) else { return nil }
        tasks = numbers.compactMap { $0.map(TaskID.init) }
    }
}
