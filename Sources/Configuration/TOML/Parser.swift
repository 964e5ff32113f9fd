extension TOML {
    /// Reads a file. Never fails: what cannot be read is skipped, and reported.
    static func parse(_ bytes: [UInt8]) -> Document {
        let start = Position(line: 1, column: 1)
        let empty = Table(position: start, depth: 0, origin: .header)
        guard bytes.count <= sizeLimit else {
            let message = "the file is larger than 1 MiB"
            let error = SyntaxError(position: start, message: message, fix: "split it with include")
            return Document(root: empty, errors: [error])
        }
        let encodingErrors = invalidEncoding(in: bytes)
        guard encodingErrors.isEmpty else { return Document(root: empty, errors: encodingErrors) }
        var parser = Parser(bytes)
        parser.parseDocument()
        return Document(root: parser.root, errors: parser.errors.sorted { $0.position < $1.position })
    }

    /// The first byte of each line that is no UTF-8.
    private static func invalidEncoding(in bytes: [UInt8]) -> [SyntaxError] {
        var errors: [SyntaxError] = []
        var line = 1
        for slice in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if errors.count < errorLimit, let column = invalidColumn(in: slice) {
                errors.append(
                    SyntaxError(
                        position: Position(line: line, column: column), message: "the text is not valid UTF-8",
                        fix: "save the file as UTF-8"))
            }
            line += 1
        }
        return errors
    }

    private static func invalidColumn(in line: ArraySlice<UInt8>) -> Int? {
        var decoder = UTF8()
        var bytes = line.makeIterator()
        var column = 1
        while true {
            switch decoder.decode(&bytes) {
            case .scalarValue: column += 1
            case .emptyInput: return nil
            case .error: return column
            }
        }
    }

    struct Parser {
        var cursor: Cursor
        let root = Table(position: Position(line: 1, column: 1), depth: 0, origin: .header)
        /// Where assignments go: the table of the last header.
        var current: Table
        /// The number of the last header; a table made by dotted keys belongs to the section that made it.
        var section = 0
        /// How many numbers have been given to headers and inline tables.
        var sectionCount = 0
        var path: [String] = []
        var errors: [SyntaxError] = []
        /// The arrays and inline tables that enclose the cursor.
        var brackets: [(position: Position, closing: String)] = []
        private var header: [String] = []
        private var statementLine = 1

        init(_ bytes: [UInt8]) {
            self.cursor = Cursor(bytes)
            self.current = root
        }

        mutating func parseDocument() {
            if cursor.isAt("\u{FEFF}") {
                report("the file starts with a byte order mark", fix: "save it as UTF-8 without one")
                cursor.advance(3)
            }
            while !cursor.isAtEnd {
                guard errors.count < errorLimit else {
                    report("there are more than \(errorLimit) syntax errors; the rest of the file was not read")
                    return
                }
                do throws(SyntaxError) {
                    try parseStatement()
                } catch {
                    recover(from: error)
                }
            }
        }

        private mutating func parseStatement() throws(SyntaxError) {
            path = header
            brackets = []
            statementLine = cursor.position.line
            cursor.skipBlanks()
            switch cursor.peek() {
            case UInt8(ascii: "["): try parseHeader()
            case UInt8(ascii: "#"): break
            default:
                if !cursor.isAtLineEnd { try parseAssignment() }
            }
            try finishLine()
        }

        private mutating func finishLine() throws(SyntaxError) {
            cursor.skipBlanks()
            try skipComment()
            if cursor.isAtEnd || cursor.takeLineEnd() { return }
            throw error("expected the end of the line, found \(cursor.shown)", fix: "put one key on each line")
        }

        mutating func skipComment() throws(SyntaxError) {
            guard cursor.peek() == UInt8(ascii: "#") else { return }
            while !cursor.isAtLineEnd, let byte = cursor.peek() {
                if isControl(byte) { throw error("a comment cannot hold \(cursor.shown)", fix: "remove it") }
                cursor.advance()
            }
        }

        /// `[a.b]` or `[[a.b]]`
        private mutating func parseHeader() throws(SyntaxError) {
            // Until the header is known to be good, what follows it is checked but goes nowhere.
            current = Table(position: cursor.position, depth: 0, origin: .header)
            header = []
            path = []
            sectionCount += 1
            section = sectionCount
            cursor.advance()
            let isArray = cursor.take(UInt8(ascii: "["))
            cursor.skipBlanks()
            let keys = try parseKeyPath(fix: "write a name between the brackets")
            header = keys.map(\.name)
            path = header
            cursor.skipBlanks()
            let missing = error(
                "expected \"\(isArray ? "]]" : "]")\" after the table's name, found \(cursor.shown)",
                fix: "close the header")
            let isClosed = cursor.take(UInt8(ascii: "]")) && (!isArray || cursor.take(UInt8(ascii: "]")))
            current = try isArray ? appendTable(keys) : openTable(keys)
            if !isClosed { throw missing }
        }

        private mutating func parseAssignment() throws(SyntaxError) {
            let keys = try parseKeyPath()
            path = header + keys.map(\.name)
            try takeEquals(after: keys)
            let value = try parseValue(depth: current.depth + keys.count)
            try assign(value, to: keys, in: current, section: section)
        }

        mutating func takeEquals(after keys: [Key]) throws(SyntaxError) {
            cursor.skipBlanks()
            let position = cursor.position
            if cursor.take(UInt8(ascii: "=")) {
                cursor.skipBlanks()
                return
            }
            let name = keys.map { TOML.spelled($0.name) }.joined(separator: ".")
            let fix = "write \(name) = …"
            throw SyntaxError(
                position: position, path: path, message: "expected \"=\" after the key, found \(cursor.shown)",
                fix: fix)
        }

        /// `a`, `"a b"`, `a . b`
        mutating func parseKeyPath(
            fix: String = "write key = value, or quote the key"
        ) throws(SyntaxError) -> [Key] {
            var keys = [try parseKey(fix: fix)]
            while true {
                cursor.skipBlanks()
                guard cursor.take(UInt8(ascii: ".")) else { return keys }
                cursor.skipBlanks()
                keys.append(try parseKey(fix: fix))
                guard keys.count <= nestingLimit else {
                    throw error("the key has more than \(nestingLimit) parts", fix: "shorten it")
                }
            }
        }

        private mutating func parseKey(fix: String) throws(SyntaxError) -> Key {
            let position = cursor.position
            switch cursor.peek() {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if cursor.isAt("\"\"\"") || cursor.isAt("'''") {
                    throw error("a key cannot be a multi-line string", fix: "use one pair of quotes")
                }
                return Key(name: try parseString(), position: position)
            default:
                let name = cursor.takeAll(where: isBareKey)
                if !name.isEmpty { return Key(name: String(decoding: name, as: UTF8.self), position: position) }
                throw error("expected a key, found \(cursor.shown)", fix: fix)
            }
        }

        /// Notes the error and goes on with the next line that can be understood.
        private mutating func recover(from error: SyntaxError) {
            defer { brackets = [] }
            if let outermost = brackets.first, cursor.position.line > statementLine, cursor.lineStartsStatement {
                // The bracket was forgotten, and this line is innocent.
                errors.append(unclosed(outermost))
                cursor.returnToLineStart()
                return
            }
            errors.append(error)
            let wasInside = !brackets.isEmpty
            cursor.skipLine()
            while wasInside, !cursor.isAtEnd, !cursor.lineStartsStatement { cursor.skipLine() }
        }

        func unclosed(_ bracket: (position: Position, closing: String)) -> SyntaxError {
            let what = bracket.closing == "]" ? "array" : "inline table"
            return SyntaxError(
                position: bracket.position, path: path, message: "this \(what) is never closed",
                fix: "add \"\(bracket.closing)\"")
        }

        func error(_ message: String, fix: String? = nil) -> SyntaxError {
            SyntaxError(position: cursor.position, path: path, message: message, fix: fix)
        }

        /// For an error after which reading can go on as if nothing had been.
        mutating func report(_ message: String, fix: String? = nil) { errors.append(error(message, fix: fix)) }
    }

    /// What TOML bans from comments and strings: the control characters but tab.
    static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F }

    /// A key as it is written in a file: bare where that is possible, else quoted.
    static func spelled(_ name: String) -> String {
        if !name.isEmpty, name.utf8.allSatisfy(isBareKey) { return name }
        return quoted(name)
    }

    /// A basic string, fit to be shown on one line.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if scalar.properties.generalCategory == .control {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
