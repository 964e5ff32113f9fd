import Foundation
import Scheduling
import Testing

@testable import Configuration

/// Our TOML against Python's tomllib. Replay one failure with the seed that it prints.
@Suite struct TOMLOracleTests {
    /// `ORACLE_SEEDS=100000` compares more of them.
    @Test func `twenty thousand random documents mean the same to Python's tomllib`() throws {
        guard let python = Oracle.python else {
            print("SKIPPED: no python3 with tomllib (3.11 or later), so TOML is not compared with it")
            return
        }
        let count = ProcessInfo.processInfo.environment["ORACLE_SEEDS"].flatMap { UInt64($0) } ?? 20_000
        let seeds = Array(1...max(1, count))
        let documents = seeds.map { seed in
            var generator = DocumentGenerator(seed: seed)
            return generator.document()
        }
        let answers = try Oracle.ask(python, documents)
        try #require(answers.count == documents.count)
        var validCount = 0
        for (index, answer) in answers.enumerated() {
            let document = TOML.parse(Array(documents[index].utf8))
            let ours = document.errors.isEmpty ? Oracle.shown(.table(document.root)) : "invalid"
            #expect(
                ours == answer,
                "seed \(seeds[index])\n\(documents[index])\n\(document.errors.map { "\($0.position) \($0.message)" })")
            if answer != "invalid" { validCount += 1 }
        }
        // A generator that makes only rubbish, or only good documents, would prove little.
        let share = Double(validCount) / Double(documents.count)
        #expect((0.2...0.8).contains(share), "\(validCount) of \(documents.count) are valid")
    }
}

enum Oracle {
    static let python: URL? = {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = path.map { URL(filePath: "\($0)/python3") }
        return candidates.first { candidate in
            guard FileManager.default.isExecutableFile(atPath: candidate.path) else { return false }
            let process = Process()
            process.executableURL = candidate
            process.arguments = ["-c", "import tomllib"]
            process.standardError = FileHandle.nullDevice
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }
    }()

    static func ask(_ python: URL, _ documents: [String]) throws -> [String] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Oracle/oracle.py")
        // Through a file: two pipes, one filled while the other is not read, could wait for each other.
        let name = "roost-oracle-\(ProcessInfo.processInfo.processIdentifier)"
        let input = FileManager.default.temporaryDirectory.appending(path: name)
        defer { try? FileManager.default.removeItem(at: input) }
        var lines = Data()
        for document in documents {
            lines += try JSONEncoder().encode(document) + Data("\n".utf8)
        }
        try lines.write(to: input)
        let process = Process()
        process.executableURL = python
        process.arguments = [script.path]
        let output = Pipe()
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = output
        try process.run()
        let answers = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return answers.split(separator: "\n").map(String.init)
    }

    /// The same as oracle.py makes of a value.
    static func shown(_ kind: TOML.Value.Kind) -> String {
        switch kind {
        case .string(let text): return "s" + hexadecimal(text)
        case .integer(let number): return "i\(number)"
        case .float(let number) where number.isNaN: return "nan"
        case .float(let number):
            let digits = String(number.bitPattern, radix: 16)
            return "f" + String(repeating: "0", count: 16 - digits.count) + digits
        case .boolean(let flag): return "\(flag)"
        case .date(let kind, _): return kind.rawValue
        case .array(let values): return "[" + values.map { shown($0.kind) }.joined(separator: ",") + "]"
        case .tables(let tables): return "[" + tables.map { shown(.table($0)) }.joined(separator: ",") + "]"
        case .table(let table):
            let entries = table.entries.sorted { $0.key.name.utf8.lexicographicallyPrecedes($1.key.name.utf8) }
            let pairs = entries.map { "\(hexadecimal($0.key.name)):\(shown($0.value.kind))" }
            return "{" + pairs.joined(separator: ",") + "}"
        }
    }

    private static func hexadecimal(_ text: String) -> String {
        text.utf8.map { String(format: "%02x", Int($0)) }.joined()
    }
}

/// Makes TOML that is mostly valid and sometimes not, from few names, so that they meet often.
struct DocumentGenerator {
    private var random: SplitMix64
    /// Most documents are valid but for keys that clash: those rules are the hardest.
    private let isCareful: Bool

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        isCareful = Int.random(in: 0..<4, using: &random) > 0
    }

    mutating func document() -> String {
        var lines: [String] = []
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0...1: lines.append("[\(path())]")
            case 2: lines.append("[[\(path())]]")
            case 3: lines.append(pick(["", "# comment ü", "  ", "\t# x"]))
            default:
                lines.append(
                    "\(pick(["", "", "  ", "\t"]))\(path()) = \(value(depth: 0))\(pick(["", "", " ", " # c"]))")
            }
        }
        var text = lines.joined(separator: pick(["\n", "\n", "\n", "\r\n"]))
        if Bool.random(using: &random) { text += "\n" }
        if !isCareful, Bool.random(using: &random) { text = mutated(text) }
        return text
    }

    private mutating func pick(_ choices: [String], wrong: [String] = []) -> String {
        let all = isCareful ? choices : choices + wrong
        return all.randomElement(using: &random) ?? ""
    }

    private mutating func path() -> String {
        let count = pick(["1", "1", "1", "2", "2", "3"])
        let names = [
            "a", "b", "c", "d", "e", "f", "g", "h", "a-b", "1", "2_", "\"q k\"", "'l.x'", "\"\\u0061\"", "\"\"",
        ]
        return (0..<(Int(count) ?? 1)).map { _ in pick(names, wrong: ["ä"]) }.joined(
            separator: pick([".", ".", " . "]))
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth < 3 ? 12 : 8), using: &random) {
        case 0:
            pick(
                ["\"\"", "\"a\\tb\"", "\"\\u00e9\\U0001F600\"", "'c:\\x'", "\"é\""],
                wrong: ["\"x\\qy\"", "\"a", "\"\\ud800\"", "'it''s'"])
        case 1:
            pick(
                [
                    "\"\"\"\nab\n  c\"\"\"", "\"\"\"a\\\n   b\"\"\"", "'''\nx\\'''", "\"\"\"a\"\"\"\"", "\"\"\"\"\"\"",
                    "\"\"\"a\"\"\"\"\"", "''''x'''''", "\"\"\"\\  \n\n x\"\"\"",
                ], wrong: ["\"\"\"a\"\"\"\"\"\"", "\"\"\"\\ x\"\"\""])
        case 2:
            pick(
                [
                    "0", "1", "-1", "+5", "1_000", "0x1F", "0o17", "0b101", "-0", "9223372036854775807",
                    "-9223372036854775808", "0x1_F",
                ],
                wrong: ["007", "1__0", "_1", "1_", "0xG", "+0x1", "9223372036854775808", "0x_1", "0X1", "0x"])
        case 3:
            pick(
                [
                    "1.5", "-0.0", "1e5", "1E-3", "6.26e+10", "1_0.0_1", "inf", "-inf", "+nan", "1e400", "0e0",
                    "3.14e08",
                    "1e1_0",
                ], wrong: [".5", "5.", "1.e5", "1e", "00.1", "1._5", "1.5.5", "Inf", "1e_1"])
        case 4: pick(["true", "false"], wrong: ["True", "yes", "tru", "truefalse"])
        case 5:
            pick(
                [
                    "1979-05-27", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00", "07:32:00", "07:32:00.123456789",
                    "1979-05-27T00:32:00.999-07:00", "2000-02-29", "1979-05-27t07:32:00z", "1979-05-27 ",
                ],
                wrong: [
                    "2001-02-29", "1979-13-01", "25:00:00", "07:32", "1979-05-27T07:32:60", "1979-05-27T07:32:00+24:00",
                    "1979-5-27", "1979-05-27  07:32:00", "1979-05-27T", "07:32:00Z", "1979-05-27T07:32:00.Z",
                ])
        case 6: pick(["1", "\"s\"", "true"])
        case 7: pick(["{}", "[]"], wrong: ["", "=", "x", "[", "{", "]", "#", "[,]", "{,}"])
        case 8, 9: inlineTable(depth: depth)
        default: array(depth: depth)
        }
    }

    private mutating func array(depth: Int) -> String {
        let values = (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth + 1) }
        let end = values.isEmpty ? "" : pick(["", "", ",", " , ", "\n", ",\n# c\n"])
        return "[" + pick(["", "\n", " # c\n "]) + values.joined(separator: pick([",", ", ", ",\n", "\n, "])) + end
            + "]"
    }

    private mutating func inlineTable(depth: Int) -> String {
        let pairs = (0..<Int.random(in: 0...3, using: &random)).map { _ in "\(path()) = \(value(depth: depth + 1))" }
        return "{" + pick(["", " "]) + pairs.joined(separator: pick([",", ", "]))
            + pick(["", "", " "], wrong: [",", "\n"]) + "}"
    }

    /// Cuts, doubles or replaces something.
    private mutating func mutated(_ text: String) -> String {
        var scalars = Array(text.unicodeScalars)
        guard !scalars.isEmpty else { return text }
        let index = Int.random(in: 0..<scalars.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: scalars.remove(at: index)
        case 1: scalars.insert(scalars[index], at: index)
        default:
            let replacements: [UnicodeScalar] = [
                "\"", "'", "[", "]", "{", "}", "=", ".", ",", "#", "\n", "\r", "\u{7F}", "\u{0}", "\\", "_", "é", " ",
                "0",
            ]
            scalars[index] = replacements.randomElement(using: &random) ?? "x"
        }
        var result = ""
        result.unicodeScalars.append(contentsOf: scalars)
        return result
    }
}
