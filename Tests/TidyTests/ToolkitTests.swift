import Foundation
import Testing

/// What is promised of the libraries that are products of their own.
@Suite struct ToolkitTests {
    @Test func `every behaviour case has a test that carries its name, or a reason why none can be written`() throws {
        let list = try #require(SourceTree.file("Tests/TidyTests/Cases/toolkit.txt"))
        let tests = SourceTree.swift(in: "Tests").flatMap { file in
            file.lines.filter { $0.contains("@Test") || $0.contains("func `") }.map(String.init)
        }
        let reasons = try #require(SourceTree.file("docs/decisions/0008-cases-that-types-rule-out.md"))
        for line in list.lines where !line.isEmpty {
            let words = line.split(separator: " ")
            let id = String(words[0])
            let carriers = tests.filter { $0.contains(id) }
            if reasons.lines.contains(where: { $0.hasPrefix("| \(id) ") }) { continue }
            #expect(!carriers.isEmpty, "no test carries \(id)")
            // The hard ones show in the test's name, so that the nightly run can choose them.
            guard words.count > 1, let mark = words.last else { continue }
            #expect(carriers.contains { $0.contains("\(mark) ") }, "no test of \(id) carries \(mark)")
        }
    }

    @Test func `every library has an example that is built`() throws {
        let manifest = try #require(SourceTree.file("Package.swift"))
        for room in ["Threading", "Queues", "Scheduling", "Subprocesses", "Futures", "Multiprocessing"] {
            #expect(SourceTree.file("Examples/\(room)/main.swift") != nil, "Examples/\(room)/main.swift is missing")
            #expect(manifest.text.contains("path: \"Examples/\(room)\""), "the example of \(room) is not built")
        }
    }
}
