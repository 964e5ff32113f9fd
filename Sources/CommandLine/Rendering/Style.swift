import SupervisorCore

/// How text is laid out: how wide, and whether in colour.
package struct Style: Equatable, Sendable {
    /// Nil does not cut lines.
    package var width: Int?
    package var hasColour: Bool

    package init(width: Int? = nil, hasColour: Bool = false) {
        self.width = width
        self.hasColour = hasColour
    }

    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
        case grey = 90
    }

    func paint(_ text: String, _ colour: Colour?) -> String {
        guard hasColour, let colour else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }

    func bold(_ text: String) -> String { hasColour ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

    static func colour(of state: InstanceState) -> Colour {
        switch state {
        case .running: .green
        case .waiting, .starting, .stopping: .cyan
        case .backoff: .yellow
        case .fatal: .red
        case .stopped, .exited: .grey
        }
    }
}

extension String {
    /// Fit for a terminal: without control characters, which could move the cursor or worse.
    var printable: String {
        String(
            String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : $0 })
        )
    }

    /// How many columns a terminal gives it.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - columns)) }

    /// At most so many columns; an ellipsis says that something was cut.
    func cut(to width: Int) -> String {
        guard columns > width else { return self }
        var result = ""
        var used = 1
        for character in self {
            used += character.columns
            if used > width { break }
            result.append(character)
        }
        return width > 0 ? result + "…" : ""
    }
}

extension Character {
    /// Two for the ideographs and signs that East Asian terminals draw wide, nothing for marks on what came before.
    fileprivate var columns: Int {
        guard let scalar = unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x300...0x36f, 0x200b...0x200f: return 0
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
            0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return 2
        case _: return 1
        }
    }
}
