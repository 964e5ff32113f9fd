import ArgumentParser
import ControlProtocol
import SupervisorCore

struct LogsVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Show the last lines that instances or tasks wrote.",
        discussion: "With --follow and numbers of tasks alone, it ends when they are finished.")

    @Argument(
        help: "Workers (web), instances (web:0, web:*), groups (@site, site:*), all, or numbers of tasks.",
        completion: .outputNames)
    var names: [String]

    @Flag(name: .shortAndLong, help: "Stay, and show new output as it comes.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: "How many lines of each.")
    var lines = LogQuery.defaultLines

    @Option(
        help: ArgumentHelp("Only stdout or only stderr.", valueName: "stream"),
        completion: .list(OutputStream.allCases.map(\.rawValue)),
        transform: { text in
            guard let stream = OutputStream(rawValue: text) else {
                throw ValidationError("The stream is stdout or stderr, not \"\(text)\".")
            }
            return stream
        })
    var stream: OutputStream?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard (0...LogQuery.maximumLines).contains(lines) else {
            throw ValidationError("--lines is a number from 0 to \(LogQuery.maximumLines).")
        }
    }

    func run(in session: Session) throws(Failure) {
        var query = LogQuery(names: names)
        query.follow = follow
        query.lines = lines
        query.stream = stream
        var client = try ControlClient(path: session.socketPath)
        let result = try client.call(.logs(query), LogsResult.self, interrupts: session.interrupts)
        try session.show(result, LogText.text(result))
        guard follow else { return }

        let tasks = names.compactMap { UInt64($0).map(TaskID.init) }
        var text = LogText(namesSources: max(result.logs.count, tasks.count) > 1)
        if tasks.count == names.count {
            return try TaskFollower(session: session).follow(tasks, &client, names: &text)
        }
        while let message = try client.notification(interrupts: session.interrupts) {
            guard case .log(let piece) = message else { continue }
            try session.show(piece, text.text(piece))
        }
    }
}
