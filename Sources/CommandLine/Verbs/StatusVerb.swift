import ArgumentParser
import ControlProtocol
import SupervisorCore

struct StatusVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how instances and queues are.",
        discussion: "Exits with 3 when an instance that it shows is stopped, exited or fatal.")

    @Argument(help: .names, completion: .allNames)
    var names: [String] = []

    @Flag(name: .shortAndLong, help: "Stay, and show every change as it happens.")
    var watch = false

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        if watch {
            let watch = Watch(
                kinds: ["instance.*", "task.*", "queue.*"], command: .status(names: names), session: session)
            return try watch.run(StatusResult.self) { status in
                StatusTable.text(status, now: Session.now, style: session.style)
            }
        }
        let status = try session.ask(.status(names: names), StatusResult.self)
        try session.show(status, StatusTable.text(status, now: Session.now, style: session.style))
        let isDown = status.instances.contains { [.stopped, .exited, .fatal].contains($0.state) }
        if isDown { throw Failure(.notRunning) }
    }
}
