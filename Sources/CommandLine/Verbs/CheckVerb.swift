import ArgumentParser
import Configuration
import ControlProtocol

struct CheckVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look through a configuration file, without roostd.",
        discussion: "Exits with 7 when it has errors. Warnings are only told.")

    /// What `--json` prints.
    struct Report: Encodable {
        let problems: [ProblemReport]
    }

    @Argument(help: "A roost.toml.", completion: .file(extensions: ["toml"]))
    var file: String

    @OptionGroup var options: GlobalOptions

    func run(in session: Session) throws(Failure) {
        let loaded = Loader.loadPlan(at: file, inspectsFiles: true)
        let problems = loaded.problems.map { ProblemReport($0) }
        let isFine = loaded.plan != nil
        let verdict = isFine ? "\(file): the configuration is valid\n" : ""
        try session.show(
            Report(problems: problems), ProblemText.text(problems, style: session.style) + verdict)
        if !isFine { throw Failure(.problems) }
    }
}

extension ProblemReport {
    init(_ problem: Problem) {
        let severity: Severity =
            switch problem.severity {
            case .error: .error
            case .warning: .warning
            }
        self.init(
            file: problem.file, line: problem.line, key: problem.key.isEmpty ? nil : problem.key,
            message: problem.fix.map { "\(problem.message); \($0)" } ?? problem.message, severity: severity)
    }
}
