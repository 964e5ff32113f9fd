/// Why a text with a unit cannot be read, and what to write instead.
package struct UnitProblem: Error, Equatable {
    package var message: String
    package var fix: String
}

extension Duration {
    /// Longer than anything that is supervised; keeps every sum of times far from overflow.
    static let longestConfigured = Duration.seconds(3650 * 86_400)

    /// Units, largest first, in nanoseconds. `min` and `sec` are not units: one spelling each.
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1000),
    ]

    /// Reads "100ms", "1.5s", "2m", "1h30m", "1d", "500us": numbers with units, the larger unit first.
    package init(configured text: String) throws(UnitProblem) {
        let example = "write \"500ms\", \"10s\" or \"1h30m\", for example"
        if text.hasPrefix("-") { throw UnitProblem(message: "a duration cannot be negative", fix: example) }
        var rest = text[...]
        var total = Duration.zero
        var previous = Duration.units.startIndex - 1
        repeat {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard !number.isEmpty else {
                throw UnitProblem(message: "\(TOML.quoted(text)) is no duration", fix: example)
            }
            rest = rest[number.endIndex...]
            let unit = rest.prefix { $0.isLetter || $0 == "µ" }
            rest = rest[unit.endIndex...]
            guard !unit.isEmpty else {
                let reason = text.contains { $0.isLetter } ? "\(number) in \(TOML.quoted(text))" : TOML.quoted(text)
                throw UnitProblem(message: "\(reason) needs a unit", fix: "write \"\(number)s\" or \"\(number)ms\"")
            }
            guard let index = Duration.units.firstIndex(where: { $0.name == unit }) else {
                let names = Duration.units.map(\.name).joined(separator: ", ")
                throw UnitProblem(
                    message: "\(TOML.quoted(String(unit))) is no unit of time", fix: "use one of \(names)")
            }
            guard index > previous else {
                throw UnitProblem(
                    message: "\(TOML.quoted(text)) has its units out of order", fix: "write \"1h30m\", larger first")
            }
            previous = index
            total += try Duration.product(number, Duration.units[index].nanoseconds, of: text)
            if total > .longestConfigured {
                throw UnitProblem(message: "\(TOML.quoted(text)) is too long", fix: "use at most \"3650d\"")
            }
        } while !rest.isEmpty
        self = total
    }

    /// `number` units, exact to the nanosecond.
    private static func product(
        _ number: Substring, _ unit: Int64, of text: String
    ) throws(UnitProblem) -> Duration {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw UnitProblem(message: "\(TOML.quoted(text)) is no duration", fix: "write \"1.5s\", for example")
        }
        // Digits that do not fit are too many, whatever the unit.
        let (product, overflows) = (Int64(parts[0]) ?? .max).multipliedReportingOverflow(by: unit)
        if overflows { throw UnitProblem(message: "\(TOML.quoted(text)) is too long", fix: "use at most \"3650d\"") }
        var result = Duration.nanoseconds(product)
        if parts.count == 2 {
            var scale = Double(unit)
            var fraction = 0.0
            for digit in parts[1] {
                scale /= 10
                fraction += Double(digit.wholeNumberValue ?? 0) * scale
            }
            result += .nanoseconds(Int64(fraction.rounded()))
        }
        return result
    }

    /// The shortest text that reads back as this: "1h30m", "100ms".
    var configured: String {
        var rest = components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
        if rest == 0 { return "0s" }
        var text = ""
        for unit in Duration.units where rest >= unit.nanoseconds {
            text += "\(rest / unit.nanoseconds)\(unit.name)"
            rest %= unit.nanoseconds
        }
        return rest == 0 ? text : text + "\(rest)ns"
    }
}

/// Reads a size in bytes: "512B", "64K", "50M", "2G", "1T".
///
/// Every unit is a power of 1024, as in supervisord and systemd, and may be spelled out: K, KB and KiB are the same.
/// Upper and lower case do not differ. Whole numbers only.
func sizeInBytes(_ text: String) throws(UnitProblem) -> Int64 {
    let example = "write \"512K\", \"50M\" or \"2G\", for example"
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let count = Int64(digits) else {
        let message = text.hasPrefix("-") ? "a size cannot be negative" : "\(TOML.quoted(text)) is no size"
        throw UnitProblem(message: message, fix: example)
    }
    let unit = text[digits.endIndex...]
    if unit.isEmpty {
        throw UnitProblem(
            message: "\(TOML.quoted(text)) needs a unit", fix: "write \"\(digits)B\", \"\(digits)K\" or \"\(digits)M\"")
    }
    let shift: Int64
    switch unit.lowercased() {
    case "b": shift = 0
    case "k", "kb", "kib": shift = 10
    case "m", "mb", "mib": shift = 20
    case "g", "gb", "gib": shift = 30
    case "t", "tb", "tib": shift = 40
    default:
        if unit.first == "." {
            throw UnitProblem(message: "a size is a whole number", fix: "use a smaller unit: \"1536K\" for 1.5M")
        }
        throw UnitProblem(message: "\(TOML.quoted(String(unit))) is no unit of size", fix: "use B, K, M, G or T")
    }
    let (product, overflows) = count.multipliedReportingOverflow(by: 1 << shift)
    if overflows { throw UnitProblem(message: "\(TOML.quoted(text)) does not fit into 64 bits", fix: example) }
    return product
}
