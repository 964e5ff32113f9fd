import Scheduling
import Testing

@Suite(.timeLimit(.minutes(10))) struct CalendarVectorTests {
    private let zones = Zones()

    private func times(_ row: [String], policy: ClockChangePolicy = .cron) throws -> [String] {
        let calendar = try CalendarExpression(row[0])
        let rules = try zones.rules(of: calendar, orElse: row[1])
        return fiveTimes(from: try Vectors.time(row[2]), fractions: calendar.hasFractions) {
            calendar.next(after: $0, in: rules, policy: policy)
        }
    }

    @Test func `all that systemd and the reference agree on is found`() throws {
        for row in try Vectors.rows("vectors") {
            #expect(try times(row, policy: .systemd) == Array(row[3..<8]), "\(row)")
        }
    }

    /// What a gap leaves out runs once, and what is periodic runs in both of two equal hours. Asked in the midst of the
    /// second, systemd forgets that there was a first; here what runs at fixed times does not run again.
    @Test func `cron's policy differs where clocks are set, as recommended, and nowhere else`() throws {
        let recommended = Dictionary(
            try Vectors.rows("oncalendar-dst-recommended").map {
                ($0[0..<3].joined(separator: "\t"), Array($0[3..<8]))
            },
            uniquingKeysWith: { first, _ in first })
        var deviations = 0
        var deviationsInFold = 0
        for row in try Vectors.rows("vectors") {
            let found = try times(row)
            if found == Array(row[3..<8]) { continue }
            #expect(row[8].contains("gap") || row[8].contains("overlap"), "\(row): \(found)")
            if let wanted = recommended[row[0..<3].joined(separator: "\t")] { #expect(found == wanted, "\(row)") }
            if row[8].contains("basefold") { deviationsInFold += 1 } else { deviations += 1 }
        }
        #expect(deviations == 45)
        #expect(deviationsInFold == 7)
    }

    @Test func `systemd's mistakes are not repeated`() throws {
        for row in try Vectors.rows("oncalendar-oracle-bugs") where row[8] != "?" {
            #expect(try times(row, policy: .systemd) == Array(row[8..<13]), "\(row)")
        }
    }

    @Test func `an abbreviation is a zone only when the database has a zone of that name`() throws {
        for row in try Vectors.rows("oncalendar-oracle-bugs") where row[8] == "?" {
            let calendar = try CalendarExpression(row[0])
            let isKnown = ["CET", "EST"].contains { row[0].hasSuffix(" \($0)") }
            let isFound = (try? zones.rules(of: calendar, orElse: "UTC")) != nil
            #expect(isFound == isKnown, "\(row[0])")
        }
    }

    @Test func `clocks that are set are followed as recommended, or as systemd does`() throws {
        for row in try Vectors.rows("oncalendar-dst-recommended") {
            #expect(try times(row) == Array(row[3..<8]), "\(row)")
            // Here systemd itself goes astray: it skips more than the gap, or gives up.
            guard row[10] != "policy,gap,differs" else { continue }
            #expect(try times(row, policy: .systemd).joined(separator: ",") == row[8], "\(row)")
        }
    }

    @Test(arguments: ["vectors", "oncalendar-normalize", "oncalendar-dst-recommended", "oncalendar-oracle-bugs"])
    func `the normal form is systemd's, and is its own normal form`(file: String) throws {
        for row in try Vectors.rows(file) {
            guard let normal = row.last, normal != "?" else { continue }
            let calendar = try CalendarExpression(row[0])
            #expect(calendar.description == normal, "\(row[0])")
            #expect(try CalendarExpression(normal) == calendar, "\(row[0])")
        }
    }

    @Test func `what surprises is read as systemd reads it`() throws {
        for row in try Vectors.rows("oncalendar-surprising-valid") {
            let calendar = try CalendarExpression(Vectors.unescaped(row[0]))
            _ = try zones.rules(of: calendar, orElse: "UTC")
            #expect(calendar.description == row[1])
        }
    }

    @Test func `what systemd refuses is refused`() throws {
        for row in try Vectors.rows("oncalendar-invalid") {
            let text = Vectors.unescaped(row[0])
            guard let calendar = try? CalendarExpression(text) else { continue }
            #expect(throws: TimeZoneError.self, "\(text)") { try zones.rules(of: calendar, orElse: "UTC") }
        }
    }
}
