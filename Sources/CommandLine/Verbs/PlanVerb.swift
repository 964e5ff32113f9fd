import ArgumentParser
import ControlProtocol

struct PlanVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what apply would do, and do nothing.",
        discussion: "Exits with 7 when the configuration has errors: apply would refuse it.")

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let result = try session.ask(.plan, PlanResult.self)
        try session.show(result, PlanText.text(result, style: session.style))
        if result.problems.contains(where: { $0.severity == .error }) { throw Failure(.problems) }
    }
}
