import Scheduling
import Testing

@testable import Configuration

@Suite struct TOMLTests {
    private func positions(_ text: String) -> [String] {
        TOML.parse(Array(text.utf8)).errors.map { "\($0.position.line):\($0.position.column)" }
    }

    @Test func `every key and value knows its line and column`() throws {
        let document = TOML.parse(Array("# ä\n[a]\n  ü = 1".utf8))
        #expect(document.errors.map(\.position) == [TOML.Position(line: 3, column: 3)])
        let good = TOML.parse(Array("[a]\n  b = [\n    \"ä\", 2,\n]".utf8))
        let table = try #require(good.root.entry("a"))
        guard case .table(let inner) = table.value.kind, let entry = inner.entry("b") else {
            Issue.record("a.b is missing")
            return
        }
        #expect(entry.key.position == TOML.Position(line: 2, column: 3))
        guard case .array(let values) = entry.value.kind else {
            Issue.record("a.b is no array")
            return
        }
        #expect(values.map(\.position) == [TOML.Position(line: 3, column: 5), TOML.Position(line: 3, column: 10)])
    }

    @Test func `each broken line is told, and only once`() {
        #expect(positions("a = \nb = 1\nc d\n= 2\ne = [1,\n  2\nf = 3\ng = 'x") == ["1:5", "3:3", "4:1", "5:5", "8:5"])
    }

    @Test func `dotted keys may go on after an inline table in between`() {
        #expect(positions("a.b = 1\nc = { d.e = 1, d.f = 2 }\na.g = 2\n[h]\na.b = 1\nc = {}\na.c = 2").isEmpty)
    }

    @Test func `a file of a mebibyte and one byte is refused`() {
        let comment = [UInt8](repeating: UInt8(ascii: "#"), count: TOML.sizeLimit)
        #expect(TOML.parse(comment).errors.isEmpty)
        #expect(TOML.parse(comment + [UInt8(ascii: "#")]).errors.map(\.message) == ["the file is larger than 1 MiB"])
    }

    @Test func `a file of nothing but errors is given up after a hundred`() {
        let text = String(repeating: "x\n", count: 100_000)
        #expect(positions(text).count == TOML.errorLimit + 1)
    }

    @Test func `sixty-four levels are read and sixty-five are not`() {
        let fits = "a = " + String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        #expect(positions(fits).isEmpty)
        let deep = "a = " + String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(positions(deep).count == 1)
        let braces = "a = " + String(repeating: "{ a = ", count: 300_000 / 6)
        #expect(positions(braces).count == 1)
    }

    struct SlowText: CustomTestStringConvertible {
        var testDescription: String
        var start = ""
        var repeated: String
        var count: Int

        var bytes: [UInt8] { Array((start + String(repeating: repeated, count: count)).utf8) }
    }

    @Test(arguments: [
        SlowText(testDescription: "one key again and again", repeated: "a = 1\n", count: 100_000),
        SlowText(testDescription: "brackets", repeated: "[", count: 1 << 20),
        SlowText(testDescription: "a long array", start: "a = [", repeated: "1,", count: 500_000),
        SlowText(testDescription: "empty lines in an array", start: "a = [", repeated: "\n", count: 1_000_000),
        SlowText(testDescription: "empty lines in an inline table", start: "a = {", repeated: "\n", count: 1_000_000),
        SlowText(testDescription: "continued lines", start: "a = \"\"\"", repeated: "\\\n", count: 500_000),
        SlowText(testDescription: "unclosed inline tables", repeated: "a = {\n", count: 170_000),
        SlowText(testDescription: "unclosed arrays", repeated: "a = [\n", count: 170_000),
        SlowText(testDescription: "a key of many parts", start: "a.", repeated: "b.", count: 500_000),
        SlowText(testDescription: "an array of many tables", repeated: "[[a]]\n", count: 170_000),
        SlowText(testDescription: "many strings", start: "a = [", repeated: "\"b\",", count: 250_000),
    ])
    func `a file made to be slow is read in linear time`(_ text: SlowText) {
        let clock = ContinuousClock()
        let time = clock.measure { _ = TOML.parse(text.bytes) }
        // A debug build on a busy machine needs a second or so; quadratic behaviour would need hours.
        #expect(time < .seconds(60))
    }
}
