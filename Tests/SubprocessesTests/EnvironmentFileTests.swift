import Subprocesses
import Testing

@Suite struct EnvironmentFileTests {
    private func values(_ text: String) throws -> [String] {
        try EnvironmentFile.parse(text).map { "\($0.name)=\($0.value)" }
    }

    @Test func `plain lines are read in order, with their numbers`() throws {
        let variables = try EnvironmentFile.parse("A=1\n\n# comment\n; another\n  B = two words  \nC=\n")
        #expect(variables.map(\.name) == ["A", "B", "C"])
        #expect(variables.map(\.value) == ["1", "two words", ""])
        #expect(variables.map(\.line) == [1, 5, 6])
    }

    @Test func `single quotes keep everything`() throws {
        #expect(try values(#"A='a \n $b "c" # d ; '"#) == [#"A=a \n $b "c" # d ; "#])
    }

    @Test func `double quotes know four escapes`() throws {
        #expect(try values(#"A="\"\\\`\$\n""#) == [#"A="\`$\n"#])
    }

    @Test func `quoted values span lines and are put together`() throws {
        #expect(try values("A='one\ntwo'\nB=\"x\\\ny\" 'z'\n") == ["A=one\ntwo", "B=xyz"])
        #expect(try EnvironmentFile.parse("A='1\n2\n3'\nB=4").map(\.line) == [1, 4])
    }

    @Test func `an unquoted backslash escapes, and continues at the end of a line`() throws {
        #expect(try values("A=a\\ b\\\\ \\\n  c\nB=x\\ ") == ["A=a b\\   c", "B=x "])
    }

    @Test func `quotes within an unquoted value are ordinary`() throws {
        #expect(try values("A=it's \"so\"\nB=x#y;z") == ["A=it's \"so\"", "B=x#y;z"])
    }

    @Test func `a backslash continues a comment`() throws {
        #expect(try values("# one \\\nA=1\nB=2") == ["B=2"])
    }

    @Test func `line ends of another system do not count`() throws {
        #expect(try values("A=1\r\nB='2'\r\n\r\n") == ["A=1", "B=2"])
    }

    @Test(arguments: [
        ("A=1\nB\n", 2, "“B” has no “=”"), ("A=1\n\nexport B=2", 3, "leave out “export”"), ("1A=x", 1, "no digit"),
        ("=x", 1, "is no name"), ("A B=x", 1, "is no name"), ("A=1\nB=\"x\ny", 2, "no closing double quote"),
        ("A='", 1, "no closing single quote"), ("A=a\0b", 1, "NUL"), ("É=1", 1, "is no name"),
    ])
    func `what cannot be understood is an error with its line`(text: String, line: Int, words: String) {
        let error = #expect(throws: EnvironmentFile.ParseError.self) { try EnvironmentFile.parse(text) }
        #expect(error?.line == line)
        #expect(error?.description.hasPrefix("cannot read line \(line) of the environment file: ") == true)
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test func `a file without measure is refused`() {
        let text = "A=" + String(repeating: "x", count: EnvironmentFile.sizeLimit)
        #expect(throws: EnvironmentFile.ParseError.self) { try EnvironmentFile.parse(text) }
    }

    @Test func `a large file of escapes takes no more than its length`() throws {
        let text = "A=" + String(repeating: "\\x", count: EnvironmentFile.sizeLimit / 2 - 1)
        #expect(try values(text).first?.utf8.count == EnvironmentFile.sizeLimit / 2 + 1)
    }
}
