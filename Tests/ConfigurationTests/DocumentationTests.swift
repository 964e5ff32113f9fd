import Configuration
import Foundation
import SupervisorCore
import Testing

/// docs/configuration.md and the files in config/ against the decoder.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    @Test func `every key that the decoder asks for has a row in the reference`() throws {
        let page = try text("docs/configuration.md")
        let asked = try Regex(#"(?:field|require|set\([^"]*,)\(? ?"([a-z_]+)""#, as: (Substring, Substring).self)
        let folder = "Sources/Configuration/Decoding"
        var keys: Set<String> = Set(ResourceLimit.Kind.allCases.map(\.rawValue))
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: folder).path) {
            keys.formUnion(try text("\(folder)/\(file)").matches(of: asked).map { String($0.output.1) })
        }
        #expect(keys.count > 70, "keys are found at all")
        // Tables have sections instead.
        let tables: Set = ["daemon", "access", "worker", "pool", "group", "queue"]
        for key in keys.subtracting(tables).sorted() {
            let isThere = page.contains("| `\(key)` |") || page.contains("`{ \(key), ") || page.contains(", \(key) }`")
            #expect(isThere, "docs/configuration.md has no row for `\(key)`")
        }
    }

    @Test func `every example in the documents is a valid configuration`() throws {
        for page in ["docs/configuration.md", "README.md"] {
            let blocks = try text(page).components(separatedBy: "```toml\n").dropFirst()
            #expect(!blocks.isEmpty, "\(page) has examples")
            for block in blocks {
                let example = block.components(separatedBy: "```")[0]
                #expect(problems(example) == [], "\(page): \(example)")
            }
        }
    }

    @Test(arguments: ["config/demo.toml", "config/roost.example.toml"])
    func `the configurations that come with Roost are valid`(path: String) throws {
        #expect(problems(try text(path)) == [])
    }

    @Test func `the example has every key of the reference`() throws {
        let example = try text("config/roost.example.toml")
        let row = try Regex(#"(?m)^\| `([a-z_]+)` \|"#, as: (Substring, Substring).self)
        for key in try text("docs/configuration.md").matches(of: row).map({ String($0.output.1) }) {
            #expect(example.contains(key), "config/roost.example.toml does not show `\(key)`")
        }
    }
}
