/// JSON as bytes: whether it is valid, and where its parts are. Nothing is decoded: a payload travels as it came.
///
/// The grammar is that of RFC 8259, UTF-8 included; a lone surrogate in an escape is let through. Each byte is looked
/// at once, and nesting is bounded, as a hostile text must not be able to exhaust the stack.
package enum JSONText {
    package static let depthLimit = 256

    /// Where the one value is that this text holds, without the blanks around it. Nil when it is no JSON.
    package static func value(in text: [UInt8]) -> Range<Int>? {
        var scanner = JSONScanner(text: text)
        scanner.skipBlanks()
        let start = scanner.position
        guard scanner.skipValue(depth: 0) else { return nil }
        let end = scanner.position
        scanner.skipBlanks()
        return scanner.position == text.count ? start..<end : nil
    }

    /// One member of an object: what its key is within the quotes, and its value.
    package struct Member: Equatable, Sendable {
        package let key: Range<Int>
        package let value: Range<Int>
    }

    /// The members of the object that this text, or this part of it, is. Nil when it is no valid object.
    package static func members(in text: [UInt8], _ part: Range<Int>? = nil) -> [Member]? {
        let part = part ?? text.indices
        var scanner = JSONScanner(text: text, from: part.lowerBound, to: part.upperBound)
        var members: [Member] = []
        scanner.skipBlanks()
        guard scanner.skipObject(depth: 0, { members.append($0) }) else { return nil }
        scanner.skipBlanks()
        return scanner.position == part.upperBound ? members : nil
    }

    /// The text without blanks between its tokens; only of valid JSON.
    package static func compact(_ text: [UInt8], _ part: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(part.count)
        var isInString = false
        var isEscaped = false
        for byte in text[part] {
            if isEscaped {
                isEscaped = false
            } else if byte == quote {
                isInString.toggle()
            } else if isInString {
                isEscaped = byte == backslash
            } else if isBlank(byte) {
                continue
            }
            result.append(byte)
        }
        return result
    }

    /// A text as a JSON string, quotes included.
    package static func quoted(_ text: String) -> [UInt8] {
        var result = [quote]
        for byte in text.utf8 {
            switch byte {
            case quote, backslash: result += [backslash, byte]
            case UInt8(ascii: "\n"): result += [backslash, UInt8(ascii: "n")]
            case UInt8(ascii: "\t"): result += [backslash, UInt8(ascii: "t")]
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                result += Array("\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8)
            case _: result.append(byte)
            }
        }
        return result + [quote]
    }

    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}

/// Walks over JSON. After a `false` its position means nothing.
private struct JSONScanner {
    private let text: [UInt8]
    private let end: Int
    var position: Int

    init(text: [UInt8]) { self.init(text: text, from: 0, to: text.count) }

    init(text: [UInt8], from start: Int, to end: Int) {
        self.text = text
        self.end = end
        position = start
    }

    private var next: UInt8? { position < end ? text[position] : nil }

    mutating func skipBlanks() {
        while position < end, JSONText.isBlank(text[position]) { position += 1 }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    mutating func skipValue(depth: Int) -> Bool {
        guard depth < JSONText.depthLimit, let first = next else { return false }
        switch first {
        case UInt8(ascii: "{"): return skipObject(depth: depth) { _ in }
        case UInt8(ascii: "["): return skipArray(depth: depth)
        case JSONText.quote: return skipString()
        case UInt8(ascii: "t"): return skip("true")
        case UInt8(ascii: "f"): return skip("false")
        case UInt8(ascii: "n"): return skip("null")
        case _: return skipNumber()
        }
    }

    mutating func skipObject(depth: Int, _ found: (JSONText.Member) -> Void) -> Bool {
        guard take("{") else { return false }
        skipBlanks()
        if take("}") { return true }
        while true {
            let key = position + 1
            guard skipString() else { return false }
            let keyEnd = position - 1
            skipBlanks()
            guard take(":") else { return false }
            skipBlanks()
            let value = position
            guard skipValue(depth: depth + 1) else { return false }
            found(JSONText.Member(key: key..<keyEnd, value: value..<position))
            skipBlanks()
            if take("}") { return true }
            guard take(",") else { return false }
            skipBlanks()
        }
    }

    private mutating func skipArray(depth: Int) -> Bool {
        position += 1
        skipBlanks()
        if take("]") { return true }
        while true {
            guard skipValue(depth: depth + 1) else { return false }
            skipBlanks()
            if take("]") { return true }
            guard take(",") else { return false }
            skipBlanks()
        }
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard position + count <= end else { return false }
        for index in 0..<count where text[position + index] != word.utf8Start[index] { return false }
        position += count
        return true
    }

    private mutating func skipString() -> Bool {
        guard take("\"") else { return false }
        while position < end {
            let byte = text[position]
            switch byte {
            case JSONText.quote:
                position += 1
                return true
            case JSONText.backslash: guard skipEscape() else { return false }
            case 0..<0x20: return false
            case 0x20..<0x80: position += 1
            case _: guard skipCharacter(byte) else { return false }
            }
        }
        return false
    }

    private mutating func skipEscape() -> Bool {
        position += 1
        guard let kind = next else { return false }
        position += 1
        switch kind {
        case JSONText.quote, JSONText.backslash, UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "u"):
            guard position + 4 <= end else { return false }
            for index in position..<position + 4 where !Self.isHexDigit(text[index]) { return false }
            position += 4
            return true
        case _: return false
        }
    }

    /// A character of more than one byte, as Unicode's table 3-7 has it: no overlong forms, no surrogates.
    private mutating func skipCharacter(_ first: UInt8) -> Bool {
        let count: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: count = 2
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: count = 3
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: count = 4
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        case _: return false
        }
        guard position + count <= end, second.contains(text[position + 1]) else { return false }
        for index in (position + 2)..<max(position + 2, position + count) where !(0x80...0xBF).contains(text[index]) {
            return false
        }
        position += count
        return true
    }

    private mutating func skipNumber() -> Bool {
        _ = take("-")
        if !take("0") { guard skipDigits() else { return false } }
        if take(".") { guard skipDigits() else { return false } }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard skipDigits() else { return false }
        }
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while position < end, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) { position += 1 }
        return position > start
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        case _: false
        }
    }
}
