import ArgumentParser
import ControlProtocol

struct ApplyVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Read the configuration again and touch only what changed.",
        aliases: ["reload"])

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.apply(wait: waiting.command), ApplyResult.self)
        try session.show(result, PlanText.text(result, style: session.style))
        if result.outcomes.contains(where: \.isFailure) { throw Failure(.notReached) }
    }
}
