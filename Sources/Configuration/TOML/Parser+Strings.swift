extension TOML.Parser {
    mutating func parseAnyString() throws(TOML.SyntaxError) -> String {
        if cursor.isAt("\"\"\"") || cursor.isAt("'''") { return try parseMultilineString() }
        return try parseString()
    }

    /// `"…"` or `'…'`
    mutating func parseString() throws(TOML.SyntaxError) -> String {
        let start = cursor.position
        let quote = cursor.peek() ?? UInt8(ascii: "\"")
        cursor.advance()
        var text: [UInt8] = []
        while let byte = cursor.peek(), !cursor.isAtLineEnd {
            if cursor.take(quote) { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try parseEscape(into: &text)
            } else {
                try takeCharacter(into: &text)
            }
        }
        throw TOML.SyntaxError(
            position: start, path: path, message: "this string is not closed on its line",
            fix: "add the closing quote, or use three quotes for a text of several lines")
    }

    /// `"""…"""` or `'''…'''`
    private mutating func parseMultilineString() throws(TOML.SyntaxError) -> String {
        let start = cursor.position
        let quote = cursor.peek() ?? UInt8(ascii: "\"")
        let isBasic = quote == UInt8(ascii: "\"")
        cursor.advance(3)
        _ = cursor.takeLineEnd()
        var text: [UInt8] = []
        while let byte = cursor.peek() {
            if byte == quote {
                if takeClosingQuotes(quote, into: &text) { return String(decoding: text, as: UTF8.self) }
            } else if cursor.takeLineEnd() {
                text.append(UInt8(ascii: "\n"))
            } else if byte == UInt8(ascii: "\\"), isBasic {
                if !takeLineContinuation() { try parseEscape(into: &text) }
            } else {
                try takeCharacter(into: &text)
            }
        }
        throw TOML.SyntaxError(
            position: start, path: path, message: "this multi-line string is never closed",
            fix: "add \(isBasic ? "\"\"\"" : "'''")")
    }

    /// Takes a run of quotes. Three or more close the string; up to two before them belong to the text.
    private mutating func takeClosingQuotes(_ quote: UInt8, into text: inout [UInt8]) -> Bool {
        var count = 0
        while count < 5, cursor.take(quote) { count += 1 }
        let closes = count >= 3
        text.append(contentsOf: repeatElement(quote, count: closes ? count - 3 : count))
        return closes
    }

    /// A backslash at the end of a line eats all white space up to the next text.
    private mutating func takeLineContinuation() -> Bool {
        var ahead = cursor
        ahead.advance()
        ahead.skipBlanks()
        guard ahead.takeLineEnd() else { return false }
        repeat { ahead.skipBlanks() } while ahead.takeLineEnd()
        cursor = ahead
        return true
    }

    private mutating func takeCharacter(into text: inout [UInt8]) throws(TOML.SyntaxError) {
        guard let byte = cursor.peek() else { return }
        if TOML.isControl(byte) {
            let fix = byte == 0 ? "remove it" : "write it as an escape, or remove it"
            throw error("a string cannot hold \(cursor.shown) as it is", fix: fix)
        }
        text.append(byte)
        cursor.advance()
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws(TOML.SyntaxError) {
        let start = cursor
        cursor.advance()
        let shown = cursor.shown
        let byte = cursor.peek()
        cursor.advance()
        switch byte {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""): text.append(0x22)
        case UInt8(ascii: "\\"): text.append(0x5C)
        case UInt8(ascii: "u"): try parseUnicodeEscape(digits: 4, from: start, into: &text)
        case UInt8(ascii: "U"): try parseUnicodeEscape(digits: 8, from: start, into: &text)
        default:
            cursor = start
            throw error(
                "a backslash cannot be followed by \(shown)", fix: "write \\\\ for a backslash, or use '…' quotes")
        }
    }

    private mutating func parseUnicodeEscape(
        digits: Int, from start: TOML.Cursor, into text: inout [UInt8]
    ) throws(TOML.SyntaxError) {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = cursor.peek(), let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                cursor = start
                throw error("this escape needs \(digits) hexadecimal digits", fix: "pad it with zeros")
            }
            value = value << 4 | UInt32(digit)
            cursor.advance()
        }
        guard let scalar = UnicodeScalar(value) else {
            cursor = start
            throw error("\(TOML.Cursor.codePoint(value)) is no Unicode character", fix: "correct the escape")
        }
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
