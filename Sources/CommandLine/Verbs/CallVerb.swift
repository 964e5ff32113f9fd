import ArgumentParser
import ControlProtocol
import Glibc
import SupervisorCore

struct CallVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Give a pool a task, as JSON, and print the answer.",
        discussion: """
            Prints what the worker answered, as JSON on one line. When the task fails, says why on standard error and \
            exits with 1. With --no-wait prints the task's number, for wait, result and cancel.
            """)

    @Argument(help: "The pool.", completion: .queueNames)
    var pool: String

    @Argument(help: ArgumentHelp("The task, as JSON; - reads it from standard input.", valueName: "json"))
    var task: String

    @Flag(inversion: .prefixedNo, help: "Wait for the answer.")
    var wait = true

    @Option(help: ArgumentHelp("Wait no longer than this: 90s, 1h30m. The task goes on.", valueName: "duration"))
    var timeout: TaskDuration?

    @Flag(help: "Wait while the pool is full.")
    var waitForRoom = false

    @Option(
        help: ArgumentHelp(
            "The same key again is the same task: who is unsure whether a call arrived may repeat it."))
    var key: String?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard wait || timeout == nil else {
            throw ValidationError("--timeout says how long to wait, and --no-wait says not to.")
        }
    }

    func run(in session: Session) throws(Failure) {
        let text = task == "-" ? try InputLines.readAll() : Array(task.utf8)
        guard let value = JSONText.value(in: text) else {
            throw Failure(.usage, "cannot read the task: it is no JSON; a text has its quotes, as in '\"text\"'")
        }
        var query = PoolQuery(pool: pool, task: JSONText.compact(text, value), key: key)
        query.wait = wait ? .untilDone(timeout: timeout?.duration) : .no
        query.waitsForRoom = waitForRoom
        var client = try ControlClient(path: session.socketPath)
        let result = try client.call(query, interrupts: session.interrupts)
        if session.printsJSON {
            try write(result.json + [UInt8(ascii: "\n")])
        } else if !wait {
            try write("\(result.task)\n")
        } else if let answer = result.result {
            try write(answer + [UInt8(ascii: "\n")])
        }
        guard result.state == .failed || result.state == .cancelled else { return }
        throw Failure(.notReached, session.printsJSON ? "" : "task \(result.task) \(result.failure)")
    }
}

extension PoolResult {
    /// What went wrong, for people; completes "task 17 …".
    var failure: String {
        let said = error.map { String(decoding: $0, as: UTF8.self) } ?? "null"
        // A string is shown without its quotes, unless it needs them.
        let isPlain = said.count > 2 && said.hasPrefix("\"") && !said.contains("\\")
        let text = isPlain ? String(said.dropFirst().dropLast()) : said
        return "\(state == .cancelled ? "was cancelled" : "failed"): \(text.printable)"
    }
}
