import Foundation
import Testing

/// What must not be in any text, and what must be in some.
@Suite struct WritingTests {
    @Test func `nothing is left to do`() {
        // In two parts each, so that this file passes.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK"]
        expectNone(
            SourceTree.files.flatMap { file in
                file.lines.indices.flatMap { index in
                    marks.filter { file.lines[index].contains($0) }.map { file.at(index, "holds \($0)") }
                }
            })
    }

    @Test func `nothing ends the process in passing`() {
        let calls = ["try!", "fatalError(", "as! "]
        expectNone(
            SourceTree.swift(in: "Sources").flatMap { file in
                let view = file.code
                return calls.flatMap { call in
                    view.lines(containing: call).map { file.at($0, "`\(call)`: throw, or state a precondition") }
                }
            })
    }

    @Test func `tests do not sleep, except between two looks at a condition`() {
        expectNone(
            SourceTree.swift(in: "Tests").flatMap { file in
                let view = file.code
                return ["sleep(", "Task.sleep", "Thread.sleep"].flatMap { call in
                    view.lines(containing: call).filter { line in
                        !view.lines[max(0, line - 8)...line].contains { $0.contains("func eventually(") }
                    }.map { file.at($0, "`\(call)`: wait for the condition itself") }
                }
            })
    }

    @Test func `lines have neither tabs nor blanks at their end`() {
        expectNone(
            SourceTree.files.filter { !isRecorded($0) }.flatMap { file in
                file.lines.indices.compactMap { index in
                    let line = file.lines[index]
                    if line.contains("\t"), file.path != "LICENSE" { return file.at(index, "holds a tab") }
                    return line.last == " " ? file.at(index, "ends in a blank") : nil
                }
            })
    }

    @Test func `texts end in one line break`() {
        expectNone(
            SourceTree.files.filter { !isRecorded($0) && !$0.text.isEmpty }.compactMap { file in
                file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n")
                    ? nil : file.at(file.lines.count - 1, "does not end in one line break")
            })
    }

    @Test func `no path of one developer's machine is in a text`() {
        let places = ["/wo" + "rk/", "/User" + "s/", "/home/" + "runner"]
        expectNone(
            SourceTree.files.flatMap { file in
                file.lines.indices.flatMap { index in
                    places.filter { file.lines[index].contains($0) }.map { file.at(index, "holds \($0)") }
                }
            })
    }

    @Test func `names have no Manager, Helper or Utils in them`() {
        // Python's `multiprocessing.Manager`, which its users look for by this name.
        let allowed = "Sources/Multiprocessing/Objects/Manager.swift"
        expectNone(
            SourceTree.files(endingIn: ".swift").filter { $0.path != allowed }.filter { file in
                let name = (file.path as NSString).lastPathComponent
                return ["Manager", "Helper", "Utils"].contains { name.contains($0) }
            }.map { $0.at(0, "a name that says nothing") })
    }

    @Test func `links between documents lead somewhere`() throws {
        let link = try Regex(#"\]\(([^)#\s]+)(#[^)]*)?\)"#, as: (Substring, Substring, Substring?).self)
        for file in SourceTree.files(endingIn: ".md") {
            let folder = SourceTree.root.appending(path: file.path).deletingLastPathComponent()
            for (index, line) in file.lines.enumerated() {
                for target in line.matches(of: link).map({ String($0.output.1) }) where !target.contains("://") {
                    let path = folder.appending(path: target).path
                    #expect(FileManager.default.fileExists(atPath: path), "\(file.at(index, "no \(target)"))")
                }
            }
        }
    }

    @Test func `every decision is linked from the architecture page`() throws {
        let page = try #require(SourceTree.file("docs/ARCHITECTURE.md"))
        let decisions = SourceTree.files(endingIn: ".md").filter { $0.path.hasPrefix("docs/decisions/") }
        #expect(!decisions.isEmpty)
        expectNone(
            decisions.filter { !page.text.contains("(decisions/\(($0.path as NSString).lastPathComponent))") }
                .map { $0.at(0, "is not linked from docs/ARCHITECTURE.md") })
    }

    @Test func `the change log has a section for what is to be released`() throws {
        let log = try #require(SourceTree.file("CHANGELOG.md"))
        #expect(log.lines.contains("## [Unreleased]"))
    }

    @Test func `scripts can be executed and stop at the first failure`() throws {
        let scripts = SourceTree.scripts
        #expect(SourceTree.files.filter { $0.path.hasPrefix("scripts/") }.count <= scripts.count)
        for script in scripts {
            let path = SourceTree.root.appending(path: script.path).path
            #expect(FileManager.default.isExecutableFile(atPath: path), "\(script.at(0, "chmod +x"))")
            guard script.lines[0].hasSuffix("bash") else { continue }
            #expect(script.text.contains("\nset -euo pipefail\n"), "\(script.at(0, "needs set -euo pipefail"))")
        }
    }

    /// What a test compares byte for byte may look as it likes.
    private func isRecorded(_ file: SourceFile) -> Bool {
        ["/Golden/", "/Broken/", "/Mutations/", "/Vectors/"].contains { file.path.contains($0) }
    }
}
