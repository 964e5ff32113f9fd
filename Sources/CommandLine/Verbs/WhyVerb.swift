import ArgumentParser
import ControlProtocol

struct WhyVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Tell what happened to an instance, why, and what comes next.")

    @Argument(help: "A worker (web) or an instance (web:0).", completion: .instanceNames)
    var name: String

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.why(name: name), WhyResult.self)
        try session.show(result, WhyText.text(result, now: Session.now, style: session.style))
    }
}
