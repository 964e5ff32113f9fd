import Foundation
import Scheduling
import Testing
import Threading

/// Rows of tab-separated columns, made with systemd, cronsim and croniter. See Vectors/README.md.
enum Vectors {
    static func rows(_ name: String) throws -> [[String]] {
        let file = try #require(
            Bundle.module.url(forResource: name, withExtension: "tsv", subdirectory: "Vectors"))
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#EXPR") }
            .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
    }

    /// Undoes Python's `unicode_escape`.
    static func unescaped(_ text: String) -> String {
        var result = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "\\" else {
                result.append(character)
                continue
            }
            switch rest.popFirst() {
            case "t": result.append("\t")
            case "n": result.append("\n")
            case "u":
                let digits = rest.prefix(4)
                rest.removeFirst(4)
                result.unicodeScalars.append(UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) ?? "?")
            case "x":
                let digits = rest.prefix(2)
                rest.removeFirst(2)
                result.unicodeScalars.append(UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) ?? "?")
            case let other?: result.append(other)
            case nil: break
            }
        }
        return result
    }

    static func time(_ text: String) throws -> WallTime { try #require(WallTime(text)) }

    /// As the files write it: seconds, six places when the expression has parts of seconds, `-` for none.
    static func text(_ time: WallTime?, fractions: Bool = false) -> String {
        guard let time else { return "-" }
        return fractions
            ? "\(time.seconds)." + String(format: "%06d", time.microseconds - time.seconds * 1_000_000)
            : "\(time.seconds)"
    }
}

/// The rules of zones, each read once.
final class Zones: @unchecked Sendable {
    private var known: [String: TimeZoneRules] = [:]

    func rules(_ name: String) throws -> TimeZoneRules {
        if let rules = known[name] { return rules }
        let rules = try TimeZoneDatabase.rules(named: name)
        known[name] = rules
        return rules
    }

    func rules(of expression: CalendarExpression, orElse name: String) throws -> TimeZoneRules {
        switch expression.zone {
        case .local: try rules(name)
        case .utc: .utc
        case .named(let zone): try rules(zone)
        }
    }
}

/// The next five, as the files write them.
func fiveTimes(from base: WallTime, fractions: Bool = false, _ next: (WallTime) -> WallTime?) -> [String] {
    var base: WallTime? = base
    return (0..<5).map { _ in
        base = base.flatMap(next)
        return Vectors.text(base, fractions: fractions)
    }
}
