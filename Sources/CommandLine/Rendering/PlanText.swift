package import ControlProtocol
import SupervisorCore

/// What `apply` would do or did.
package enum PlanText {
    package static func text(_ result: PlanResult, style: Style) -> String {
        if result.problems.contains(where: { $0.severity == .error }) {
            return ProblemText.text(result.problems, style: style) + "apply would change nothing until this is mended\n"
        }
        let changes =
            result.changes.isEmpty ? "nothing to do: the configuration is in force\n" : list(result.changes, style)
        return ProblemText.text(result.problems, style: style) + changes
    }

    package static func text(_ result: ApplyResult, style: Style) -> String {
        let changes =
            result.changes.isEmpty ? "nothing to do: the configuration is in force\n" : list(result.changes, style)
        let outcomes = result.outcomes.isEmpty ? "" : OutcomeText.text(result.outcomes, done: nil, style: style)
        return ProblemText.text(result.problems, style: style) + changes + outcomes
    }

    private static func list(_ changes: [PlanChange], _ style: Style) -> String {
        changes.map { change in
            let (mark, colour) = sign(of: change.action)
            return "\(style.paint(mark, colour)) \(change.message.printable)\n"
        }.joined()
    }

    private static func sign(of action: PlanChange.Action) -> (String, Style.Colour) {
        switch action {
        case .add, .addGroup, .addQueue: ("+", .green)
        case .remove, .removeGroup, .removeQueue: ("-", .red)
        case .restart: ("!", .yellow)
        case .update, .scale, .updateGroup, .updateQueue, .daemon, .access: ("~", .cyan)
        }
    }
}

/// Problems of a configuration, one a line, as compilers write them.
package enum ProblemText {
    package static func text(_ problems: [ProblemReport], style: Style) -> String {
        problems.map { problem in
            let place = problem.line.map { "\(problem.file):\($0)" } ?? problem.file
            let key = problem.key.map { "\($0): " } ?? ""
            let severity = style.paint(problem.severity.rawValue, problem.severity == .error ? .red : .yellow)
            return "\(place.printable): \(severity): \((key + problem.message).printable)\n"
        }.joined()
    }
}
