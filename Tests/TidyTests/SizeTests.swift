import Testing

/// How long things may get before somebody has to say why.
@Suite struct SizeTests {
    private static let columns = 120
    private static let functionLength = 70
    private static let fileLength = 400
    private static let longestFile = 600

    /// Files past 400 lines, each with the reason why it has no better seam.
    private static let longFiles: [String: String] = [:]

    /// Functions past 70 lines, by "path name".
    private static let longFunctions: [String: String] = [:]

    @Test func `a file has up to 400 lines, or a reason, and never more than 600`() {
        var long: Set<String> = []
        for file in swift where file.lines.count > Self.fileLength {
            long.insert(file.path)
            #expect(file.lines.count <= Self.longestFile, "\(file.path):1: \(file.lines.count) lines: find a seam")
            #expect(Self.longFiles[file.path] != nil, "\(file.path):1: \(file.lines.count) lines, and no reason")
        }
        #expect(Set(Self.longFiles.keys).subtracting(long) == [], "these are not long any more: remove the reason")
    }

    @Test func `a function has up to 70 lines, or a reason`() {
        var long: Set<String> = []
        for file in swift {
            for function in functions(in: file) where function.length > Self.functionLength {
                let key = "\(file.path) \(function.name)"
                long.insert(key)
                let complaint = file.at(function.line, "\(function.name) has \(function.length) lines")
                #expect(Self.longFunctions[key] != nil, "\(complaint)")
            }
        }
        #expect(Set(Self.longFunctions.keys).subtracting(long) == [], "these are not long any more: remove the reason")
    }

    @Test func `a line has up to 120 columns`() {
        let code = SourceTree.files(endingIn: ".swift", ".c", ".h", ".toml", ".py") + SourceTree.scripts
        expectNone(
            code.flatMap { file in
                file.lines.indices.compactMap { index in
                    guard file.lines[index].utf8.count > Self.columns else { return nil }
                    let count = file.lines[index].count
                    return count > Self.columns ? file.at(index, "\(count) columns") : nil
                }
            })
    }

    @Test func `the code view blanks what is no code`() {
        let view = CodeView(##"let a = "public \(b("x")) \" {" // public\##nfunc `async x`() { #"a"b"# }"##)
        #expect(view.lines[0].filter { $0 != " " } == ##"leta="""##)
        #expect(view.lines[1] == ##"func `       `() { #"   "# }"##)
    }

    private var swift: [SourceFile] { SourceTree.files(endingIn: ".swift") }

    private struct Function {
        var name: String
        var line: Int
        var length: Int
    }

    /// By matching braces: a `func` or `init` up to the brace that closes its body. Signatures without a body count
    /// as nothing.
    private func functions(in file: SourceFile) -> [Function] {
        let lines = file.code.lines
        return lines.indices.compactMap { first in
            guard let name = declaredFunction(in: lines[first]) else { return nil }
            var braces = 0
            var parentheses = 0
            for index in first..<lines.count {
                for character in lines[index] {
                    switch character {
                    case "(": parentheses += 1
                    case ")": parentheses -= 1
                    case "{": braces += 1
                    case "}": braces -= 1
                    default: continue
                    }
                    if braces == 0, character == "}", parentheses == 0 {
                        return Function(name: name, line: first, length: index - first + 1)
                    }
                    // The enclosing type ends: this was a requirement of a protocol.
                    if braces < 0 { return nil }
                }
            }
            return nil
        }
    }

    private func declaredFunction(in line: String) -> String? {
        let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }
        if let place = words.firstIndex(of: "func") {
            return place + 1 < words.count ? String(words[place + 1]) : "func"
        }
        let isInitializer = line.contains("init(") && !line.contains(".init(") && words.last != "init"
        return isInitializer && line.drop(while: { $0 == " " }).first?.isLowercase == true ? "init" : nil
    }
}
