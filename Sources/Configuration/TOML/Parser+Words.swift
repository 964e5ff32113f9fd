extension TOML.Parser {
    /// A value without quotes or brackets: a number, a boolean or a date.
    mutating func parseWord() throws(TOML.SyntaxError) -> TOML.Value.Kind {
        let start = cursor
        var word = cursor.takeAll(where: TOML.belongsToWord)
        // A date may be parted from its time by one space.
        if TOML.isDate(word), cursor.peek() == UInt8(ascii: " "), let next = cursor.peek(1), TOML.isDigit(next) {
            cursor.advance()
            word += [UInt8(ascii: " ")] + cursor.takeAll(where: TOML.belongsToWord)
        }
        let text = String(decoding: word, as: UTF8.self)
        switch text {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "inf", "+inf": return .float(.infinity)
        case "-inf": return .float(-.infinity)
        case "nan", "+nan", "-nan": return .float(.nan)
        default: break
        }
        let attempt = TOML.number(text) ?? TOML.date(text).map { .found(.date($0, text: text)) }
        switch attempt {
        case .found(let kind): return kind
        case .wrong(let message, let fix):
            cursor = start
            throw error(message, fix: fix)
        case nil:
            cursor = start
            throw unreadable(text)
        }
    }

    /// The error for a word that is no value, with a guess at what was meant.
    private func unreadable(_ word: String) -> TOML.SyntaxError {
        guard let first = word.utf8.first else {
            if cursor.isAtLineEnd || cursor.peek() == UInt8(ascii: "#") {
                return error("a value is missing", fix: "write a value after \"=\"")
            }
            return error("expected a value, found \(cursor.shown)", fix: "put text in quotes")
        }
        switch word.lowercased() {
        case "true", "yes", "on": return error("\(word) is no value", fix: "write true, or quote it as text")
        case "false", "no", "off": return error("\(word) is no value", fix: "write false, or quote it as text")
        default: break
        }
        if first == UInt8(ascii: ".") || word.hasSuffix(".") {
            return error("a number needs digits on both sides of its point", fix: "write 0.5 or 5.0, for example")
        }
        let kind = TOML.isDigit(first) ? "\(word) is neither a number nor a date" : "text needs quotes"
        return error(kind, fix: "write \"\(word)\"")
    }
}

extension TOML {
    /// What became of a word that was meant to be a number.
    enum Attempt {
        case found(Value.Kind)
        case wrong(String, fix: String)
    }

    static func belongsToWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "$"),
            UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "~"), UInt8(ascii: "*"):
            true
        default: isBareKey(byte)
        }
    }

    /// Nil for a word that does not look like a number.
    static func number(_ text: String) -> Attempt? {
        let bytes = Array(text.utf8)
        let unsigned = bytes.first.map { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") } == true ? 1 : 0
        let body = bytes[unsigned...]
        if body.count > 2, body.first == UInt8(ascii: "0"), let radix = radix(of: body[body.startIndex + 1]) {
            return prefixed(body.dropFirst(2), radix: radix, hasSign: unsigned == 1, shown: text)
        }
        guard let first = body.first, isDigit(first) else { return nil }
        let whole = body.prefix { isDigit($0) || $0 == UInt8(ascii: "_") }
        let rest = body[whole.endIndex...]
        let isFloat = !rest.isEmpty
        if isFloat, !isFractionAndExponent(rest) { return nil }
        if let problem = separatorProblem(in: body, shown: text) { return problem }
        if whole.count > 1, first == UInt8(ascii: "0") {
            return .wrong(
                "a number cannot start with 0", fix: "drop the zeros, or write \"\(text)\" for text or a mode")
        }
        let digits = text.filter { $0 != "_" }
        if isFloat { return Double(digits).map { .found(.float($0)) } }
        guard let value = Int64(digits) else { return tooLarge(text) }
        return .found(.integer(value))
    }

    private static func tooLarge(_ text: String) -> Attempt {
        .wrong("\(text) does not fit into 64 bits", fix: "write a smaller number")
    }

    private static func radix(of byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "x"): 16
        case UInt8(ascii: "o"): 8
        case UInt8(ascii: "b"): 2
        default: nil
        }
    }

    /// `0x…`, `0o…`, `0b…`
    private static func prefixed(_ digits: ArraySlice<UInt8>, radix: Int, hasSign: Bool, shown: String) -> Attempt? {
        if hasSign { return .wrong("\(shown) cannot have a sign", fix: "write it in decimal") }
        let isDigitOfRadix = { (byte: UInt8) in
            Character(UnicodeScalar(byte)).hexDigitValue.map { $0 < radix } ?? false
        }
        guard digits.allSatisfy({ isDigitOfRadix($0) || $0 == UInt8(ascii: "_") }) else { return nil }
        if let problem = separatorProblem(in: digits, digit: isDigitOfRadix, shown: shown) { return problem }
        let text = String(decoding: digits.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
        guard let value = Int64(text, radix: radix) else { return tooLarge(shown) }
        return .found(.integer(value))
    }

    /// `.25`, `e9`, `.25e-9`, each digit perhaps followed by a separator.
    private static func isFractionAndExponent(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        let isDigits = { (byte: UInt8) in isDigit(byte) || byte == UInt8(ascii: "_") }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix(while: isDigits)
            guard let first = fraction.first, isDigit(first) else { return false }
            rest = rest[fraction.endIndex...]
        }
        guard let mark = rest.first else { return true }
        guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return false }
        rest = rest.dropFirst()
        if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
        guard let first = rest.first, isDigit(first) else { return false }
        return rest.allSatisfy(isDigits)
    }

    private static func separatorProblem(
        in text: ArraySlice<UInt8>, digit: (UInt8) -> Bool = TOML.isDigit, shown: String
    ) -> Attempt? {
        let underscore = UInt8(ascii: "_")
        for index in text.indices where text[index] == underscore {
            let before = index > text.startIndex && digit(text[index - 1])
            let after = index + 1 < text.endIndex && digit(text[index + 1])
            if before && after { continue }
            let plain = shown.filter { $0 != "_" }
            return .wrong("an underscore must stand between two digits", fix: "write \(plain)")
        }
        return nil
    }
}
