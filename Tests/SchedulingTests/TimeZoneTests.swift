import Foundation
import Scheduling
import Testing
import Threading

@Suite(.timeLimit(.minutes(10))) struct TimeZoneTests {
    private static let folder = "/usr/share/zoneinfo"

    private func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: "\(Self.folder)/\(name)")))
    }

    /// What Foundation says, which reads the same files by other means.
    @Test func `offsets are those that Foundation finds, before, within and after the table`() throws {
        var random = SplitMix64(seed: 7)
        // Foundation has ideas of its own about abbreviations such as WET.
        for name in ZoneNames.all where name.contains("/") {
            let rules = try TimeZoneDatabase.rules(named: name)
            let zone = try #require(TimeZone(identifier: name) ?? nil, "\(name)")
            for _ in 0..<40 {
                let second = Int64.random(in: 0...4_000_000_000, using: &random)
                let wanted = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
                #expect(rules.offset(at: WallTime(seconds: second)) == .seconds(wanted), "\(name) at \(second), seed 7")
            }
        }
    }

    @Test func `a rule goes on for ever, 400 years like the 400 before`() throws {
        let cycle: Int64 = 146_097 * 86_400
        var random = SplitMix64(seed: 8)
        for name in ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Europe/Dublin"] {
            let rules = try TimeZoneDatabase.rules(named: name)
            for _ in 0..<2000 {
                let second = Int64.random(in: 2_200_000_000...20_000_000_000, using: &random)
                for cycles in 1...3 {
                    let later = rules.offset(at: WallTime(seconds: second + Int64(cycles) * cycle))
                    #expect(rules.offset(at: WallTime(seconds: second)) == later, "\(name) at \(second), seed 8")
                }
            }
        }
    }

    @Test func `a zone that counts leap seconds is refused`() throws {
        let bytes = try bytes("right/Europe/Berlin")
        #expect(throws: TimeZoneError.countsLeapSeconds(name: "x")) { try TimeZoneRules(name: "x", tzif: bytes) }
    }

    @Test(arguments: ["../../etc/passwd", "/etc/localtime", "Europe/../UTC", "", "Europe/", "a\0b", "Europe Berlin"])
    func `a name that leads elsewhere is refused`(name: String) {
        #expect(throws: TimeZoneError.badName(name)) { try TimeZoneDatabase.rules(named: name) }
    }

    @Test func `a folder and a name that is missing are no zones, and a text is none`() {
        #expect(throws: TimeZoneError.unknown("Europe")) { try TimeZoneDatabase.rules(named: "Europe") }
        #expect(throws: TimeZoneError.unknown("Europe/Nowhere")) {
            try TimeZoneDatabase.rules(named: "Europe/Nowhere")
        }
        #expect(throws: TimeZoneError.self) { try TimeZoneRules(name: "x", tzif: Array("TZif".utf8)) }
    }

    @Test func `every beginning of a file is refused`() throws {
        let bytes = try bytes("Europe/Berlin")
        for count in 0..<bytes.count {
            #expect(throws: TimeZoneError.self) { try TimeZoneRules(name: "x", tzif: Array(bytes.prefix(count))) }
        }
    }

    @Test func `no file that was damaged ends the process, and what is read of it can be asked`() throws {
        let seed: UInt64 = 9
        var random = SplitMix64(seed: seed)
        let calendar = try CalendarExpression("*-*-* 02:30")
        for name in ["Europe/Berlin", "Africa/Casablanca", "Pacific/Apia"] {
            let good = try bytes(name)
            for _ in 0..<3000 {
                var bad = good
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bad[Int.random(in: 0..<bad.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                guard let rules = try? TimeZoneRules(name: "x", tzif: bad) else { continue }
                for base: Int64 in [-5_000_000_000, 0, 1_700_000_000, 20_000_000_000] {
                    let base = WallTime(seconds: base)
                    if let next = calendar.next(after: base, in: rules) { #expect(next > base, "seed \(seed)") }
                }
            }
        }
    }

    @Test(arguments: [
        ("XXX3", -3.0, -3.0), ("XXX-5:30", 5.5, 5.5), ("<-03>3", -3, -3), ("EST5EDT,0/0,J365/25", -4, -4),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1, 2), ("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 1), ("NZST-12NZDT,J270,J90", 13, 12),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -2, -1),
    ])
    func `a rule alone says all`(rule: String, january: Double, july: Double) throws {
        let rules = try TimeZoneRules(name: "x", tzif: Self.file(rule: rule))
        func offset(_ text: String) throws -> Duration { try rules.offset(at: #require(WallTime(text))) }
        for year in [1999, 2026, 2400, 2801] {
            #expect(try offset("\(year)-01-15T12:00:00Z") == .seconds(january * 3600))
            #expect(try offset("\(year)-07-15T12:00:00Z") == .seconds(july * 3600))
        }
    }

    @Test(arguments: [
        "X3", "XXX", "XXX3YYY", "XXX3YYY,M3.5.0", "XXX3YYY,M13.1.0,M1.1.0", "XXX3YYY,M3.5.0,M10.5.0/168", "XXX99",
    ])
    func `a rule that makes no sense is refused`(rule: String) {
        #expect(throws: TimeZoneError.self) { try TimeZoneRules(name: "x", tzif: Self.file(rule: rule)) }
    }

    /// One kind of time, no change, and a rule.
    private static func file(rule: String) -> [UInt8] {
        let header = Array("TZif3".utf8) + [UInt8](repeating: 0, count: 15)
        let counts: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
        let data: [UInt8] = [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
        return header + counts + data + header + counts + data + Array("\n\(rule)\n".utf8)
    }
}

/// The names of all zones in the database.
enum ZoneNames {
    static let all: [String] = {
        let table = (try? String(contentsOfFile: "/usr/share/zoneinfo/tzdata.zi", encoding: .utf8)) ?? ""
        return table.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            switch words.first {
            case "Z": return String(words[1])
            case "L": return String(words[2])
            case _: return nil
            }
        }.filter { FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/\($0)") }
    }()
}
