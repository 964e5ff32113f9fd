extension TOML.Parser {
    mutating func parseValue(depth: Int) throws(TOML.SyntaxError) -> TOML.Value {
        let position = cursor.position
        guard depth <= TOML.nestingLimit else { throw tooDeep(at: position) }
        let kind: TOML.Value.Kind
        switch cursor.peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            kind = .string(try parseAnyString())
        case UInt8(ascii: "["):
            kind = .array(try parseArray(depth: depth))
        case UInt8(ascii: "{"):
            kind = .table(try parseInlineTable(depth: depth))
        default:
            kind = try parseWord()
        }
        return TOML.Value(kind: kind, position: position)
    }

    private mutating func parseArray(depth: Int) throws(TOML.SyntaxError) -> [TOML.Value] {
        brackets.append((cursor.position, "]"))
        cursor.advance()
        var values: [TOML.Value] = []
        while true {
            try skipToElement()
            if cursor.take(UInt8(ascii: "]")) { break }
            if cursor.peek() == UInt8(ascii: ",") {
                throw error("expected a value before \",\"", fix: "remove the comma")
            }
            values.append(try parseValue(depth: depth + 1))
            try skipToElement()
            if cursor.take(UInt8(ascii: ",")) || cursor.peek() == UInt8(ascii: "]") { continue }
            throw error(
                "expected \",\" or \"]\" in the array, found \(cursor.shown)", fix: "put a comma between values")
        }
        brackets.removeLast()
        return values
    }

    /// Skips blanks, comments and line ends inside an array.
    private mutating func skipToElement() throws(TOML.SyntaxError) {
        repeat {
            cursor.skipBlanks()
            try skipComment()
        } while cursor.takeLineEnd()
        if cursor.isAtEnd, let innermost = brackets.last { throw unclosed(innermost) }
    }

    private mutating func parseInlineTable(depth: Int) throws(TOML.SyntaxError) -> TOML.Table {
        let outer = path
        defer { path = outer }
        let start = cursor.position
        brackets.append((start, "}"))
        sectionCount += 1
        let own = sectionCount
        // Open to its own dotted keys while it is read, closed to everything afterwards.
        let table = TOML.Table(position: start, depth: depth, origin: .inline)
        cursor.advance()
        var saidOneLine = false
        try skipInsideInlineTable(&saidOneLine)
        if cursor.take(UInt8(ascii: "}")) {
            brackets.removeLast()
            return table
        }
        while true {
            path = outer
            let keys = try parseKeyPath()
            path = outer + keys.map(\.name)
            try takeEquals(after: keys)
            let value = try parseValue(depth: depth + keys.count)
            try assign(value, to: keys, in: table, section: own)
            path = outer
            try skipInsideInlineTable(&saidOneLine, afterValue: true)
            if cursor.take(UInt8(ascii: "}")) { break }
            let comma = error("an inline table cannot end in a comma", fix: "remove it")
            guard cursor.take(UInt8(ascii: ",")) else {
                throw error(
                    "expected \",\" or \"}\" in the inline table, found \(cursor.shown)",
                    fix: "put a comma between keys")
            }
            try skipInsideInlineTable(&saidOneLine)
            if cursor.take(UInt8(ascii: "}")) {
                if !saidOneLine { errors.append(comma) }
                break
            }
        }
        brackets.removeLast()
        return table
    }

    /// Line ends are an error here. It is told once a table, and then read over, so that it does not cause others.
    private mutating func skipInsideInlineTable(
        _ saidOneLine: inout Bool, afterValue: Bool = false
    ) throws(TOML.SyntaxError) {
        cursor.skipBlanks()
        guard cursor.isAtLineEnd || cursor.peek() == UInt8(ascii: "#") else { return }
        var ahead = self
        repeat {
            try ahead.skipComment()
            _ = ahead.cursor.takeLineEnd()
            ahead.cursor.skipBlanks()
        } while !ahead.cursor.isAtEnd && (ahead.cursor.isAtLineEnd || ahead.cursor.peek() == UInt8(ascii: "#"))
        let next = ahead.cursor.peek()
        // A value with neither comma nor bracket after it is more likely the end of a table that was not closed.
        if afterValue && next != UInt8(ascii: "}") && next != UInt8(ascii: ",") || next == nil {
            throw unclosed(brackets[brackets.count - 1])
        }
        if !saidOneLine {
            let name = path.map { TOML.spelled($0) }.joined(separator: ".")
            report(
                "an inline table must be on one line in TOML 1.0",
                fix: "join the lines, or write a table [\(name)] with one key on each line")
            saidOneLine = true
        }
        cursor = ahead.cursor
    }
}
