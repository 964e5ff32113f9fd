import Configuration
import Foundation
import Testing

/// One case of Broken/broken.txt: files, and every line that is to be said about them.
struct BrokenCase: CustomTestStringConvertible {
    var name: String
    var files: [String: String] = [:]
    var text = ""
    var expected: [String] = []

    var testDescription: String { name }

    /// The actual problems.
    var problems: [String] {
        var fixture = Fixture("", files: [:])
        for (path, text) in files { fixture.files[path] = BrokenCase.bytes(text) }
        fixture.files["roost.toml"] = BrokenCase.bytes(text)
        return fixture.load().problems.map(\.description)
    }

    /// `⟦FF⟧` stands for that byte, because an editor would not keep it.
    static func bytes(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        for (index, part) in text.components(separatedBy: "⟦").enumerated() {
            if index == 0 {
                result += part.utf8
            } else {
                let pieces = part.components(separatedBy: "⟧")
                result.append(UInt8(pieces[0], radix: 16) ?? 0)
                result += pieces.dropFirst().joined(separator: "⟧").utf8
            }
        }
        return result
    }

    /// Beside this file rather than in the bundle, so that it can be rewritten.
    static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Broken/broken.txt")

    static let all: [BrokenCase] = {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        var cases: [BrokenCase] = []
        var part = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("=== ") {
                cases.append(BrokenCase(name: String(line.dropFirst(4))))
                part = "roost.toml"
            } else if line.hasPrefix("--- ") {
                part = String(line.dropFirst(4))
            } else if cases.isEmpty {
                continue
            } else if part == "expect" {
                if !line.isEmpty { cases[cases.count - 1].expected.append(line) }
            } else if part == "roost.toml" {
                cases[cases.count - 1].text += line + "\n"
            } else {
                cases[cases.count - 1].files[part, default: ""] += line + "\n"
            }
        }
        return cases
    }()
}

@Suite struct BrokenConfigurationTests {
    @Test(arguments: BrokenCase.all)
    func `everything that is wrong is told, each with its place, its key and a way out`(_ broken: BrokenCase) {
        #expect(broken.problems == broken.expected)
    }

    @Test func `there are more than two hundred broken configurations`() {
        #expect(BrokenCase.all.count > 200)
        #expect(Set(BrokenCase.all.map(\.name)).count == BrokenCase.all.count, "each has a name of its own")
    }

    /// `REWRITE_BROKEN=1 swift test --filter BrokenConfigurationTests` after messages were changed on purpose.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["REWRITE_BROKEN"] != nil))
    func `the expectations are rewritten on request`() throws {
        let text = try String(contentsOf: BrokenCase.file, encoding: .utf8)
        var output = text.prefix(upTo: text.range(of: "=== ")?.lowerBound ?? text.endIndex)
        for broken in BrokenCase.all {
            output += "=== \(broken.name)\n\(broken.text.trimmingSuffixNewlines)\n"
            for (path, text) in broken.files.sorted(by: { $0.key < $1.key }) {
                output += "--- \(path)\n\(text.trimmingSuffixNewlines)\n"
            }
            output += "--- expect\n" + broken.problems.map { $0 + "\n" }.joined() + "\n"
        }
        try String(output).write(to: BrokenCase.file, atomically: true, encoding: .utf8)
    }
}

extension String {
    fileprivate var trimmingSuffixNewlines: String {
        var text = self
        while text.hasSuffix("\n") { text.removeLast() }
        return text
    }
}
