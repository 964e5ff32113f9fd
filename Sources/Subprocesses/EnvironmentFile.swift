/// Files of `NAME=value` lines, in the format of systemd's `EnvironmentFile=`.
///
/// Empty lines and lines that start with `#` or `;` are skipped. A backslash at the end of a line joins the next one.
/// A value may be quoted and may then span lines: single quotes keep everything as it is; in double quotes a backslash
/// escapes `"`, `\`, `` ` `` and `$`. Unquoted, a backslash escapes anything, quotes within are ordinary (`it's`), and
/// spaces around the value do not count. Nothing is expanded. Unlike systemd, which skips what it does not
/// understand, this says what is wrong.
public enum EnvironmentFile {
    /// The largest text that is parsed, in bytes.
    public static let sizeLimit = 1 << 20

    /// What is wrong with a file, and where.
    public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The line, from 1.
        public let line: Int
        /// What is wrong and what to do.
        public let reason: String

        /// “cannot read line …: reason”.
        public var description: String { "cannot read line \(line) of the environment file: \(reason)" }
    }

    /// A variable and the line on which it was set.
    public struct Variable: Hashable, Sendable {
        /// The name: letters, digits and underscores, no digit first.
        public let name: String
        /// The value, without its quotes.
        public let value: String
        /// The line of the name, from 1.
        public let line: Int
    }

    /// Reads the text of such a file.
    ///
    /// - Returns: the variables in the order of the file. Where a name comes twice, the later one counts.
    /// - Throws: `ParseError` for a text larger than `sizeLimit`, a line without `=`, a bad name, a NUL, an open quote.
    /// - Complexity: O(*n*) in the length of the text.
    public static func parse(_ text: String) throws(ParseError) -> [Variable] {
        guard text.utf8.count <= sizeLimit else {
            throw ParseError(line: 1, reason: "it is larger than \(sizeLimit >> 20) MiB; split it")
        }
        var parser = EnvironmentFileParser(text)
        var variables: [Variable] = []
        while let variable = try parser.next() { variables.append(variable) }
        return variables
    }
}

private struct EnvironmentFileParser {
    private var rest: String.UnicodeScalarView.SubSequence
    private var line = 1

    init(_ text: String) {
        rest = text.unicodeScalars[...]
    }

    mutating func next() throws(EnvironmentFile.ParseError) -> EnvironmentFile.Variable? {
        while let first = rest.first {
            switch first {
            case " ", "\t", "\r", "\n": take()
            case "#", ";": skipComment()
            default:
                let start = line
                let name = try name()
                return EnvironmentFile.Variable(name: name, value: try value(of: name), line: start)
            }
        }
        return nil
    }

    /// The next character, with the lines counted.
    @discardableResult
    private mutating func take() -> Unicode.Scalar? {
        let scalar = rest.popFirst()
        if scalar == "\n" { line += 1 }
        return scalar
    }

    /// systemd lets a backslash continue a comment, too.
    private mutating func skipComment() {
        while let scalar = take(), scalar != "\n" {
            if scalar == "\\" { take() }
        }
    }

    private mutating func name() throws(EnvironmentFile.ParseError) -> String {
        let start = line
        var name = String.UnicodeScalarView()
        while let scalar = rest.first, scalar != "=", scalar != "\n" {
            name.append(scalar)
            take()
        }
        while let last = name.last, last == " " || last == "\t" || last == "\r" { name.removeLast() }
        guard rest.first == "=" else {
            throw .init(line: start, reason: "“\(String(name))” has no “=”; write NAME=value, or # before a comment")
        }
        take()
        guard EnvironmentFileParser.isName(name) else {
            let advice = "a name is letters, digits and underscores, and starts with no digit"
            let hint = String(name).hasPrefix("export ") ? "; leave out “export”" : ""
            throw .init(line: start, reason: "“\(String(name))” is no name: \(advice)\(hint)")
        }
        return String(name)
    }

    private static func isName(_ name: String.UnicodeScalarView) -> Bool {
        guard let first = name.first, !("0"..."9").contains(first) else { return false }
        return name.allSatisfy {
            switch $0 {
            case "a"..."z", "A"..."Z", "0"..."9", "_": true
            default: false
            }
        }
    }

    /// A value is any number of quoted parts, then at most one unquoted part; only in front of that do quotes quote.
    private mutating func value(of name: String) throws(EnvironmentFile.ParseError) -> String {
        let start = line
        var value: [Unicode.Scalar] = []
        while let scalar = rest.first, scalar != "\n" {
            switch scalar {
            case " ", "\t", "\r": take()
            case "'", "\"": try takeQuoted(into: &value, of: name)
            default: takeUnquoted(into: &value)
            }
        }
        guard !value.contains("\0") else { throw .init(line: start, reason: "the value of \(name) contains a NUL") }
        return String(String.UnicodeScalarView(value))
    }

    /// To the end of the line, less the spaces there that are not escaped.
    private mutating func takeUnquoted(into value: inout [Unicode.Scalar]) {
        var end = value.count
        while let scalar = rest.first, scalar != "\n" {
            take()
            switch scalar {
            case "\\":
                if let escaped = take(), escaped != "\n" { value.append(escaped) }
                end = value.count
            case " ", "\t", "\r":
                value.append(scalar)
            default:
                value.append(scalar)
                end = value.count
            }
        }
        value.removeLast(value.count - end)
    }

    private mutating func takeQuoted(
        into value: inout [Unicode.Scalar], of name: String
    ) throws(EnvironmentFile.ParseError) {
        let start = line
        let quote = take()
        while let scalar = take() {
            if scalar == quote { return }
            guard scalar == "\\", quote == "\"", let escaped = take() else {
                value.append(scalar)
                continue
            }
            switch escaped {
            case "\n": break
            case "\"", "\\", "`", "$": value.append(escaped)
            default:
                value.append(scalar)
                value.append(escaped)
            }
        }
        throw .init(
            line: start, reason: "the value of \(name) has no closing \(quote == "'" ? "single" : "double") quote")
    }
}
