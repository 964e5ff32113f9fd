package import ControlProtocol
import SupervisorCore

/// What became of each instance, one a line.
package enum OutcomeText {
    /// - Parameter done: what an instance is when the request has been carried out, such as "started"; nil says its
    ///   state instead.
    package static func text(_ outcomes: [InstanceOutcome], done: String?, style: Style) -> String {
        if outcomes.isEmpty { return "no instances were concerned\n" }
        return outcomes.map { "\($0.name.printable): \(line($0, done: done, style: style))\n" }.joined()
    }

    private static func line(_ outcome: InstanceOutcome, done: String?, style: Style) -> String {
        let message = outcome.message.printable
        switch outcome.result {
        case .done:
            let word = done ?? "now \(outcome.state.rawValue)"
            // The core says "running (pid 4711)"; the word replaces the state.
            let state = "\(outcome.state.rawValue) ("
            return message.hasPrefix(state) ? "\(word) (\(message.dropFirst(state.count))" : word
        case .unchanged:
            return "already \(outcome.state.rawValue)"
        case .accepted:
            return "accepted, now \(outcome.state.rawValue)"
        case .superseded:
            return style.paint("given up for a later request, now \(outcome.state.rawValue)", .yellow)
        case .failed:
            let hint = outcome.state == .fatal ? "; \"roostctl why \(outcome.name.printable)\" tells more" : ""
            return style.paint("\(message), now \(outcome.state.rawValue)\(hint)", .red)
        }
    }
}

extension InstanceOutcome {
    /// Whether it did not get to where it was asked to go.
    var isFailure: Bool {
        switch result {
        case .done, .unchanged, .accepted: false
        case .failed, .superseded: true
        }
    }
}
