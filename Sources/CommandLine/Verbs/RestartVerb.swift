import ArgumentParser
import ControlProtocol

struct RestartVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Stop instances, then start them again.")

    @Argument(help: .names, completion: .instanceNames)
    var names: [String]

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.restart(names: names, wait: waiting.command), ActionResult.self)
        try session.report(result, done: "restarted")
    }
}
