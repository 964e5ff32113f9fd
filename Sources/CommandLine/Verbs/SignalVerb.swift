import ArgumentParser
import ControlProtocol
import SupervisorCore

struct SignalVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "signal", abstract: "Send a signal to the main process of instances.")

    @Argument(
        help: "A signal by name or number: HUP, SIGUSR1, 15.", completion: .list(SupervisorCore.Signal.names),
        transform: { text in
            guard let signal = SupervisorCore.Signal(name: text) else {
                throw ValidationError("There is no signal \"\(text)\"; say HUP, SIGUSR1 or 15, for example.")
            }
            return signal
        })
    var signal: SupervisorCore.Signal

    @Argument(help: .names, completion: .instanceNames)
    var names: [String]

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.signal(names: names, signal), ActionResult.self)
        try session.report(result, done: "signalled")
    }
}
