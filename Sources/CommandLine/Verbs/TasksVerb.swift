import ArgumentParser
import ControlProtocol
import SupervisorCore

struct TasksVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "tasks", abstract: "Show the tasks of queues.",
        discussion: "Shows all that are not finished and the last twenty that are.")

    @Argument(help: "Queues (mail, mail*), pools, or all.", completion: .queueNames)
    var queues: [String] = []

    @Option(
        help: ArgumentHelp("Only tasks in this state; may be repeated."),
        completion: .list(TaskState.allCases.map(\.rawValue)),
        transform: { text in
            guard let state = TaskState(rawValue: text) else {
                let known = TaskState.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("There is no state \"\(text)\"; there are \(known).")
            }
            return state
        })
    var state: [TaskState] = []

    @Flag(name: .shortAndLong, help: "Show all that are finished, too.")
    var all = false

    @Flag(name: .shortAndLong, help: "Stay, and show every change as it happens.")
    var watch = false

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        var query = TaskQuery(names: queues, states: state)
        query.limit = TaskQuery.maximumLimit
        if watch {
            let watch = Watch(kinds: ["task.*", "queue.*"], command: .task(.list(query)), session: session)
            return try watch.run(TasksResult.self) { result in text(result, session) }
        }
        let result = try session.ask(.task(.list(query)), TasksResult.self)
        try session.show(result, text(result, session))
    }

    private func text(_ result: TasksResult, _ session: Session) -> String {
        TaskTable.text(result, showsAll: all || !state.isEmpty, now: Session.now, style: session.style)
    }
}
