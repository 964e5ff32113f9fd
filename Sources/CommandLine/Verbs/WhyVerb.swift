import ArgumentParser
import ControlProtocol
import SupervisorCore

struct WhyVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Tell what happened to an instance or a task, why, and what comes next.")

    @Argument(help: "A worker (web), an instance (web:0), or the number of a task.", completion: .outputNames)
    var name: String

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        if let number = UInt64(name) {
            let result = try session.ask(
                .task(.result(TaskID(number), lines: TaskVerb.resultLines)), TaskResult.self)
            return try session.show(result, TaskText.text(result, now: Session.now, style: session.style))
        }
        let result = try session.ask(.why(name: name), WhyResult.self)
        try session.show(result, WhyText.text(result, now: Session.now, style: session.style))
    }
}
