import ArgumentParser
import ControlProtocol

struct ClearVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Empty the log files of instances.")

    @Argument(help: .names, completion: .instanceNames)
    var names: [String]

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.clear(names: names), ActionResult.self)
        try session.report(result, done: "log cleared")
    }
}
