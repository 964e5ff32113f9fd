import Foundation

/// A text file of the project.
struct SourceFile {
    /// Relative to the root of the package.
    let path: String
    let text: String
    let lines: [Substring]

    /// What is code in it, if it is Swift.
    var code: CodeView { SourceTree.code[path] ?? CodeView("") }

    /// What a rule says about a line, in a form that editors can jump to.
    func at(_ index: Int, _ complaint: String) -> String { "\(path):\(index + 1): \(complaint)" }
}

/// The files that the rules are about: everything except what a build makes and what git keeps.
enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let files: [SourceFile] = relativePaths().compactMap { path in
        guard let data = try? Data(contentsOf: root.appending(path: path)),
            let text = String(data: data, encoding: .utf8), !text.contains("\0")
        else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return SourceFile(path: path, text: text, lines: lines)
    }

    static func file(_ path: String) -> SourceFile? { files.first { $0.path == path } }

    static func files(endingIn suffixes: String...) -> [SourceFile] {
        files.filter { file in suffixes.contains { file.path.hasSuffix($0) } }
    }

    static func swift(in folder: String) -> [SourceFile] {
        files(endingIn: ".swift").filter { $0.path.hasPrefix(folder + "/") }
    }

    /// Made once: looking at each byte takes a while.
    fileprivate static let code: [String: CodeView] = Dictionary(
        uniqueKeysWithValues: files(endingIn: ".swift").map { ($0.path, CodeView($0.text)) })

    static let scripts = files.filter { $0.text.hasPrefix("#!") }

    private static func relativePaths() -> [String] {
        let ignored = [".git", "__pycache__", "Package.resolved", "findings", "corpus"]
        let enumerator = FileManager.default.enumerator(atPath: root.path)
        var paths: [String] = []
        while let path = enumerator?.nextObject() as? String {
            let name = (path as NSString).lastPathComponent
            if ignored.contains(name) || name.hasPrefix(".build") {
                enumerator?.skipDescendants()
            } else {
                paths.append(path)
            }
        }
        return paths.sorted()
    }
}
