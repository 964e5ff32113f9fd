extension TOML {
    /// A place in the bytes of a file that knows its line and column.
    struct Cursor {
        private let bytes: [UInt8]
        private(set) var offset = 0
        private(set) var position = Position(line: 1, column: 1)
        private var lineStart = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { offset == bytes.count }

        /// The byte under the cursor, or `distance` bytes after it; nil past the end.
        func peek(_ distance: Int = 0) -> UInt8? {
            let index = offset + distance
            return index < bytes.count ? bytes[index] : nil
        }

        func isAt(_ text: StaticString) -> Bool {
            text.withUTF8Buffer { expected in bytes[offset...].starts(with: expected) }
        }

        /// Whether a line ends here: LF, CR LF or the end of the file.
        var isAtLineEnd: Bool {
            switch peek() {
            case nil, UInt8(ascii: "\n"): true
            case UInt8(ascii: "\r"): peek(1) == UInt8(ascii: "\n")
            case .some: false
            }
        }

        mutating func advance(_ count: Int = 1) {
            for _ in 0..<count {
                guard let byte = peek() else { return }
                offset += 1
                if byte == UInt8(ascii: "\n") {
                    position = Position(line: position.line + 1, column: 1)
                    lineStart = offset
                } else if byte & 0xC0 != 0x80 {  // the later bytes of a scalar take no column
                    position.column += 1
                }
            }
        }

        /// Steps over `byte` if it is next.
        mutating func take(_ byte: UInt8) -> Bool {
            guard peek() == byte else { return false }
            advance()
            return true
        }

        mutating func takeLineEnd() -> Bool {
            guard isAtLineEnd, !isAtEnd else { return false }
            advance(peek() == UInt8(ascii: "\r") ? 2 : 1)
            return true
        }

        mutating func skipBlanks() {
            while let byte = peek(), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
        }

        mutating func skipLine() {
            while let byte = peek(), byte != UInt8(ascii: "\n") { advance() }
            advance()
        }

        /// The bytes from here on for which `belongs` holds.
        mutating func takeAll(where belongs: (UInt8) -> Bool) -> [UInt8] {
            let start = offset
            while let byte = peek(), belongs(byte) { advance() }
            return Array(bytes[start..<offset])
        }

        mutating func returnToLineStart() {
            offset = lineStart
            position.column = 1
        }

        /// The character under the cursor as an error message shows it.
        var shown: String {
            guard let byte = peek() else { return "the end of the file" }
            if isAtLineEnd { return "the end of the line" }
            if byte < 0x20 || byte == 0x7F { return "the control character \(Cursor.codePoint(UInt32(byte)))" }
            let text = String(decoding: bytes[offset..<min(offset + 4, bytes.count)], as: UTF8.self)
            if byte == UInt8(ascii: "\"") { return "a quote" }
            return text.unicodeScalars.first.map { "\"\($0)\"" } ?? ""
        }

        /// Whether the line under the cursor starts like a header or an assignment; judged from its start.
        var lineStartsStatement: Bool {
            var index = lineStart
            while index < bytes.count, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") {
                index += 1
            }
            guard index < bytes.count else { return false }
            if bytes[index] == UInt8(ascii: "[") { return true }
            var sawKey = false
            while index < bytes.count {
                let byte = bytes[index]
                if byte == UInt8(ascii: "=") { return sawKey }
                guard isBareKey(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ") else { return false }
                sawKey = true
                index += 1
            }
            return false
        }

        /// "U+001B".
        static func codePoint(_ value: UInt32) -> String {
            let digits = String(value, radix: 16, uppercase: true)
            return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }

    /// A–Z, a–z, 0–9, `_` and `-`: what a key may hold without quotes.
    static func isBareKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
