// Dates and times as RFC 3339 has them. No key of Roost takes one, so they are checked and kept as text.
extension TOML {
    static func isDate(_ text: [UInt8]) -> Bool { text.count == 10 && date(text[...]) != nil }

    /// Nil for text that is no date or time.
    static func date(_ text: String) -> DateKind? {
        let bytes = Array(text.utf8)
        if let rest = date(bytes[...]) {
            guard let separator = rest.first else { return .localDate }
            guard [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(separator),
                let offset = time(rest.dropFirst())
            else { return nil }
            if offset.isEmpty { return .localDateTime }
            return isOffset(offset) ? .offsetDateTime : nil
        }
        return time(bytes[...])?.isEmpty == true ? .localTime : nil
    }

    /// What follows a valid `1979-05-27`.
    private static func date(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = text
        guard let year = number(&rest, digits: 4), take("-", &rest), let month = number(&rest, digits: 2),
            take("-", &rest), let day = number(&rest, digits: 2), (1...12).contains(month)
        else { return nil }
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day) ? rest : nil
    }

    /// What follows a valid `07:32:00` or `07:32:00.999`.
    private static func time(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = text
        guard let hour = number(&rest, digits: 2), take(":", &rest), let minute = number(&rest, digits: 2),
            take(":", &rest), let second = number(&rest, digits: 2), hour < 24, minute < 60, second < 60
        else { return nil }
        if take(".", &rest) {
            let fraction = rest.prefix(while: isDigit)
            guard !fraction.isEmpty else { return nil }
            rest = rest[fraction.endIndex...]
        }
        return rest
    }

    /// `Z` or `+02:00`
    private static func isOffset(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        if take("Z", &rest) || take("z", &rest) { return rest.isEmpty }
        guard take("+", &rest) || take("-", &rest), let hour = number(&rest, digits: 2), take(":", &rest),
            let minute = number(&rest, digits: 2)
        else { return false }
        return hour < 24 && minute < 60 && rest.isEmpty
    }

    private static func number(_ text: inout ArraySlice<UInt8>, digits: Int) -> Int? {
        let head = text.prefix(digits)
        guard head.count == digits, head.allSatisfy(isDigit) else { return nil }
        text = text.dropFirst(digits)
        return head.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    private static func take(_ character: UnicodeScalar, _ text: inout ArraySlice<UInt8>) -> Bool {
        guard text.first == UInt8(ascii: character) else { return false }
        text = text.dropFirst()
        return true
    }
}
