import ArgumentParser
import ControlProtocol

extension ArgumentHelp {
    static let queues: ArgumentHelp = "Queues (mail, mail*), or all."
}

struct PauseVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Let queues start no more tasks; those that run go on.",
        discussion: "They still take new tasks. This outlives roostd, until resume.")

    @Argument(help: .queues, completion: .queueNames)
    var queues: [String]

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.task(.pause(queues)), QueuesResult.self)
        try session.show(
            result,
            result.queues.map { queue in
                let running = "\(queue.busy) task\(queue.busy == 1 ? " still runs" : "s still run")"
                let rest = queue.busy > 0 ? "; \(running)" : ""
                return "\(queue.name.printable): paused\(rest)\n"
            }.joined())
    }
}

struct ResumeVerb: Verb {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let paused queues go on.")

    @Argument(help: .queues, completion: .queueNames)
    var queues: [String]

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.task(.resume(queues)), QueuesResult.self)
        try session.show(result, result.queues.map { "\($0.name.printable): goes on\n" }.joined())
    }
}
