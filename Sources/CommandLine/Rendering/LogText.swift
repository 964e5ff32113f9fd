package import ControlProtocol
import SupervisorCore

/// Output of workers. What they wrote is passed on as it is, as `tail` does.
package struct LogText {
    private let namesSources: Bool
    private var current: String?
    private var isAtLineStart = true

    package init(namesSources: Bool) { self.namesSources = namesSources }

    /// The last lines of each; with more than one, each under a head line, as `tail` has it.
    package static func text(_ result: LogsResult) -> String {
        var text = LogText(namesSources: result.logs.count > 1)
        return result.logs.map { log in
            text.text(name: log.name, stream: log.stream, log.lines.map { "\($0)\n" }.joined())
        }.joined()
    }

    /// The next piece of what follows.
    package mutating func text(_ piece: LogNotification) -> String {
        text(name: piece.name, stream: piece.stream, piece.text)
    }

    private mutating func text(name: String, stream: OutputStream, _ text: String) -> String {
        guard namesSources else { return text }
        let source = stream == .output ? name : "\(name) \(stream.rawValue)"
        defer { isAtLineStart = text.hasSuffix("\n") || (text.isEmpty && isAtLineStart) }
        if source == current { return text }
        let lead = (isAtLineStart ? "" : "\n") + (current == nil ? "" : "\n")
        current = source
        return "\(lead)==> \(source) <==\n\(text)"
    }
}
