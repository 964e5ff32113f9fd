/// Swift code without what is not code: comments, the contents of literals and of raw identifiers become blanks.
///
/// Line and column numbers stay as they are. Code inside `\( … )` of a literal is blanked, too.
struct CodeView {
    let lines: [String]

    init(_ text: String) {
        var scanner = Scanner(Array(text.utf8))
        lines = String(decoding: scanner.blanked(), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The indices of lines that hold `word` as a word of its own.
    func lines(with word: String) -> [Int] {
        lines.indices.filter { index in
            lines[index].split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == word }
        }
    }

    func lines(containing text: String) -> [Int] { lines.indices.filter { lines[$0].contains(text) } }
}

private struct Scanner {
    private let bytes: [UInt8]
    private var output: [UInt8] = []
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func blanked() -> [UInt8] {
        while position < bytes.count {
            if looking(at: "//") {
                blank { $0.looking(at: "\n") }
            } else if looking(at: "/*") {
                blank { $0.looking(at: "*/") }
            } else if looking(at: "`") {
                copy(1)
                blank { $0.looking(at: "`") || $0.looking(at: "\n") }
                copy(1)
            } else if let delimiter = stringDelimiter() {
                skipString(delimiter)
            } else {
                copy(1)
            }
        }
        return output
    }

    /// `"`, `"""`, or either with signs of number around it.
    private func stringDelimiter() -> (quotes: String, pounds: Int)? {
        var pounds = 0
        while position + pounds < bytes.count, bytes[position + pounds] == UInt8(ascii: "#") { pounds += 1 }
        if looking(at: "\"\"\"", after: pounds) { return ("\"\"\"", pounds) }
        return looking(at: "\"", after: pounds) ? ("\"", pounds) : nil
    }

    private mutating func skipString(_ delimiter: (quotes: String, pounds: Int)) {
        let pounds = String(repeating: "#", count: delimiter.pounds)
        copy(delimiter.pounds + delimiter.quotes.utf8.count)
        skipLiteral(until: delimiter.quotes + pounds, escape: "\\" + pounds)
        copy(delimiter.quotes.utf8.count + delimiter.pounds)
    }

    private mutating func skipLiteral(until end: String, escape: String) {
        while position < bytes.count, !looking(at: end) {
            if looking(at: escape + "(") {
                blankOut(escape.utf8.count + 1)
                skipInterpolation()
            } else if looking(at: escape) {
                blankOut(escape.utf8.count + 1)
            } else {
                blankOut(1)
            }
        }
    }

    private mutating func skipInterpolation() {
        var depth = 1
        while position < bytes.count, depth > 0 {
            if looking(at: "(") { depth += 1 }
            if looking(at: ")") { depth -= 1 }
            if depth > 0, let delimiter = stringDelimiter() {
                let before = output.count
                skipString(delimiter)
                for index in before..<output.count where output[index] != UInt8(ascii: "\n") {
                    output[index] = UInt8(ascii: " ")
                }
            } else {
                blankOut(1)
            }
        }
    }

    private func looking(at text: String, after offset: Int = 0) -> Bool {
        bytes[min(position + offset, bytes.count)...].starts(with: text.utf8)
    }

    private mutating func blank(until isEnd: (Scanner) -> Bool) {
        repeat { blankOut(1) } while position < bytes.count && !isEnd(self)
    }

    private mutating func blankOut(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            output.append(bytes[position] == UInt8(ascii: "\n") ? UInt8(ascii: "\n") : UInt8(ascii: " "))
            position += 1
        }
    }

    private mutating func copy(_ count: Int) {
        for _ in 0..<count where position < bytes.count {
            output.append(bytes[position])
            position += 1
        }
    }
}
