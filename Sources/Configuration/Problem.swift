/// One thing that is wrong with a configuration: where, what, and what to do about it.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Sendable {
        /// No plan comes of it.
        case error
        /// The plan is fine as it is written, but probably not what was meant.
        case warning
    }

    package var severity: Severity
    /// As the operator named it, or as an `include` found it.
    package var file: String
    /// Counted from 1; nil when the whole file is meant, as one that cannot be opened.
    package var line: Int?
    /// In Unicode scalars, counted from 1.
    package var column: Int?
    /// The dotted key, such as `worker.web.restart.delay`; empty when the problem is not with a key.
    package var key: String
    package var message: String
    package var fix: String?

    package init(
        _ severity: Severity = .error, file: String, line: Int? = nil, column: Int? = nil, key: String = "",
        message: String, fix: String? = nil
    ) {
        self.severity = severity
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.message = message
        self.fix = fix
    }

    /// `roost.toml:12: worker.web.restart.dealy: unknown key; did you mean "delay"?`
    package var description: String {
        var text = file
        if let line { text += ":\(line)" }
        text += severity == .warning ? ": warning: " : ": "
        if !key.isEmpty { text += "\(key): " }
        text += message
        if let fix { text += "; \(fix)" }
        return text
    }
}

/// Where a key or a value stands, for the problems that it may turn out to have.
struct Place: Hashable {
    var file: String
    /// The order in which the file was read; problems are told in file and line order.
    var fileIndex: Int
    var position: TOML.Position
    var path: [String]

    var key: String { path.map { TOML.spelled($0) }.joined(separator: ".") }

    /// `conf.d/web.toml:3`
    var shown: String { "\(file):\(position.line)" }

    func child(_ name: String, at position: TOML.Position) -> Place {
        Place(file: file, fileIndex: fileIndex, position: position, path: path + [name])
    }
}

/// The problems found so far. Shared by all who read the same configuration.
final class ProblemList {
    /// More than anybody reads; it keeps a hostile file from costing memory.
    static let limit = 1000

    private var problems: [(fileIndex: Int, problem: Problem)] = []
    private(set) var hasErrors = false
    var isFull: Bool { problems.count >= ProblemList.limit }

    func add(_ severity: Problem.Severity = .error, at place: Place, _ message: String, fix: String? = nil) {
        add(
            Problem(
                severity, file: place.file, line: place.position.line, column: place.position.column, key: place.key,
                message: message, fix: fix),
            fileIndex: place.fileIndex)
    }

    func add(_ problem: Problem, fileIndex: Int) {
        if problem.severity == .error { hasErrors = true }
        guard !isFull else { return }
        problems.append((fileIndex, problem))
    }

    /// In file and line order; those of one place in the order in which they were found.
    var inOrder: [Problem] {
        let order = problems.indices.sorted { left, right in sortKey(left) < sortKey(right) }
        var result = order.map { problems[$0].problem }
        if isFull, let file = problems.first?.problem.file {
            result.append(
                Problem(file: file, message: "there are more than \(ProblemList.limit) problems; fix these first"))
        }
        return result
    }

    private func sortKey(_ index: Int) -> (Int, Int, Int, Int) {
        let (fileIndex, problem) = problems[index]
        return (fileIndex, problem.line ?? 0, problem.column ?? 0, index)
    }
}
