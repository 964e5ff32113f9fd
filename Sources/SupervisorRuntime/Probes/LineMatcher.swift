/// Looks for a line in output that arrives in pieces.
///
/// The pattern is plain text that a line must contain. `^` at its front means "at the beginning of the line", `$` at
/// its end "at the end"; `\^` and `\$` there mean the characters themselves. Of a line longer than 64 KiB only the
/// first 64 KiB are looked at.
package struct LineMatcher: Hashable, Sendable {
    package static let longestLine = 64 * 1024
    package static let longestPattern = 1024

    private let text: [UInt8]
    private let isAtBeginning: Bool
    private let isAtEnd: Bool
    /// The line so far, without its newline.
    private var line: [UInt8] = []

    /// - Returns: nil for a pattern that is empty, has a line break, or is longer than 1024 bytes.
    package init?(pattern: String) {
        var text = Array(pattern.utf8)
        guard text.count <= Self.longestPattern, !text.contains(UInt8(ascii: "\n")) else { return nil }
        isAtBeginning = text.first == UInt8(ascii: "^")
        if isAtBeginning { text.removeFirst() }
        if text.starts(with: #"\^"#.utf8) { text.removeFirst() }
        let isEscaped = text.dropLast().last == UInt8(ascii: "\\")
        isAtEnd = text.last == UInt8(ascii: "$") && !isEscaped
        if isAtEnd { text.removeLast() }
        if text.last == UInt8(ascii: "$"), isEscaped { text.remove(at: text.count - 2) }
        guard !text.isEmpty || (isAtBeginning && isAtEnd) else { return nil }
        self.text = text
    }

    /// Takes the next piece of output; true once a line matches. What follows the match is not looked at.
    package mutating func feed(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            if append(rest[..<newline]) || matchesWhole() { return true }
            line.removeAll(keepingCapacity: true)
            rest = rest[(newline + 1)...]
        }
        return append(rest)
    }

    /// Adds to the line; true when it matches already, which a pattern with `$` never does before the line ends.
    private mutating func append(_ bytes: ArraySlice<UInt8>) -> Bool {
        let before = line.count
        line += bytes.prefix(Self.longestLine - before)
        guard !isAtEnd, line.count >= text.count else { return false }
        if isAtBeginning { return before < text.count && line.starts(with: text) }
        // A match that ends in the new part begins at most so far back.
        let first = max(0, before - text.count + 1)
        for start in first...max(first, line.count - text.count) where line[start...].starts(with: text) {
            return true
        }
        return false
    }

    private func matchesWhole() -> Bool {
        guard isAtEnd else { return false }
        let whole = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
        return isAtBeginning ? whole.elementsEqual(text) : whole.suffix(text.count).elementsEqual(text)
    }
}
