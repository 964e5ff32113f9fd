import ArgumentParser
import ControlProtocol

struct EventsVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Show what happened, or with --follow what happens.")

    @Flag(name: .shortAndLong, help: "Stay, and show events as they come.")
    var follow = false

    @Option(help: ArgumentHelp("Only events after this one. (default: all that roostd still has)", valueName: "number"))
    var after: UInt64?

    @Option(
        help: ArgumentHelp("Only events of this kind, such as instance.exited or instance.*; may be repeated."),
        completion: .list(EventFilter.knownKinds))
    var kind: [String] = []

    @Argument(help: .names, completion: .allNames)
    var names: [String] = []

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let query = EventQuery(after: after ?? (follow ? nil : 0), filter: EventFilter(kinds: kind, names: names))
        var client = try ControlClient(path: session.socketPath)
        let result = try client.call(.subscribe(query), SubscribeResult.self, interrupts: session.interrupts)
        if result.missed, after != nil, !session.printsJSON {
            let note = "roostctl: events before \(result.oldest) are no longer kept, so some are missing here\n"
            try write(note, to: 2)
        }
        if !follow {
            // The answer to this comes after the events that are kept.
            _ = try client.call(.unsubscribe, EmptyResult.self, interrupts: session.interrupts)
            for message in client.takeEarly() { try show(message, in: session) }
            return
        }
        while let message = try client.notification(interrupts: session.interrupts) {
            try show(message, in: session)
        }
    }

    private func show(_ message: ServerMessage, in session: Session) throws(Failure) {
        guard case .event(let event) = message else { return }
        try session.show(event, EventText.line(event, style: session.style))
    }
}
