import ArgumentParser
import ControlProtocol

struct StopVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop instances and wait until nothing of them is left.")

    @Argument(help: .names, completion: .instanceNames)
    var names: [String]

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.stop(names: names, wait: waiting.command), ActionResult.self)
        try session.report(result, done: "stopped")
    }
}
