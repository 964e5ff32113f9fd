import ArgumentParser
import ControlProtocol

struct StartVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start instances and wait until they are ready.")

    @Argument(help: .names, completion: .instanceNames)
    var names: [String]

    @OptionGroup var waiting: WaitOptions
    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.start(names: names, wait: waiting.command), ActionResult.self)
        try session.report(result, done: "started")
    }
}
