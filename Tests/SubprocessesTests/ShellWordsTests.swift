import Subprocesses
import Testing

@Suite(.timeLimit(.minutes(10))) struct ShellWordsTests {
    /// Command lines, and the words that they are made of, in the form text|word|word|. A `→` stands for a tab.
    static let corpus = #"""
        ls|ls|
        ls -l /tmp|ls|-l|/tmp|
           cp  a.txt   b.txt|cp|a.txt|b.txt|
        mv  one  two→three|mv|one|two|three|
        echo hello,world;|echo|hello,world;|
        tar -czf backup.tgz /etc /srv|tar|-czf|backup.tgz|/etc|/srv|
        make -j4 CFLAGS=-O2|make|-j4|CFLAGS=-O2|
        a=b c=d|a=b|c=d|
        --flag=value -x|--flag=value|-x|
        'single'|single|
        'two words'|two words|
        "double"|double|
        "two words"|two words|
        '' ||
        ""||
        a '' b|a||b|
        a "" b|a||b|
        '' ''|||
        'a''b'|ab|
        "a""b"|ab|
        'a'"b"c|abc|
        pre'mid'post|premidpost|
        pre"mid"post|premidpost|
        pre'm i d'post|prem i dpost|
        "it's"|it's|
        'say "hi"'|say "hi"|
        it\'s|it's|
        'it'\''s'|it's|
        "a \"quoted\" word"|a "quoted" word|
        "back\\slash"|back\slash|
        "kept \n backslash"|kept \n backslash|
        "kept \$HOME too"|kept \$HOME too|
        "kept \` and \!"|kept \` and \!|
        'kept \ everything \'|kept \ everything \|
        \a\b\c|abc|
        a\ b|a b|
        a\ \ b|a  b|
        \ leading| leading|
        trailing\ |trailing |
        \\|\|
        \\\\|\\|
        \"|"|
        \'|'|
        "\""|"|
        "'"|'|
        '"'|"|
        a\"b|a"b|
        a\'b|a'b|
        "\\\""|\"|
        $HOME *.swift|$HOME|*.swift|
        a && b ; c > d 2>&1|a|&&|b|;|c|>|d|2>&1|
        `date` $(date)|`date`|$(date)|
        {1..3} [a-z] ~user|{1..3}|[a-z]|~user|
        # no comment|#|no|comment|
        a#b #c|a#b|#c|
        !history|!history|
        100% sure?|100%|sure?|
        user@host:/path,with=all+safe%chars|user@host:/path,with=all+safe%chars|
        naïve café|naïve|café|
        日本語 'со пробел' "ñ ü"|日本語|со пробел|ñ ü|
        'a→tab' b→c|a→tab|b|c|
        emoji\ 🦆 "🦆 🦆"|emoji 🦆|🦆 🦆|
        """triple"""|triple|
        ''''four''''|four|
        x"y"'z'\w|xyzw|
        """#.split(separator: "\n").map { line in line.split(separator: "→").joined(separator: "\t") }

    @Test(arguments: corpus) func `SX-006 a text is split into its words, and joined words are split again`(
        line: String
    ) throws {
        let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let words = Array(parts[1..<parts.count - 1])
        #expect(try ShellWords.split(parts[0]) == words)
        #expect(try ShellWords.split(ShellWords.join(words)) == words)
    }

    @Test func `nothing, and only spaces, are no words`() throws {
        #expect(try ShellWords.split("") == [])
        #expect(try ShellWords.split(" \t\r\n ") == [])
    }

    @Test func `a line end separates words, and an escaped one is part of a word`() throws {
        #expect(try ShellWords.split("a\nb\r\nc") == ["a", "b", "c"])
        #expect(try ShellWords.split("a\\\nb") == ["a\nb"])
    }

    @Test func `SX-002 safe characters need no quotes`() {
        let safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_-+=:,./"
        #expect(ShellWords.quote(safe) == safe)
    }

    @Test(arguments: [" ", "\"", "`", "$", "\\", "!", "é", "à", "ß", "\n", "e\u{301}"])
    func `SX-003 everything else is put into single quotes`(unsafe: String) throws {
        #expect(ShellWords.quote("test\(unsafe)file") == "'test\(unsafe)file'")
        #expect(try ShellWords.split(ShellWords.quote("test\(unsafe)file")) == ["test\(unsafe)file"])
    }

    @Test func `SX-001 an empty word is a pair of quotes`() {
        #expect(ShellWords.quote("") == "''")
    }

    @Test func `SX-004 a single quote goes into double quotes`() {
        #expect(ShellWords.quote("it's") == #"'it'"'"'s'"#)
    }

    @Test func `words are joined with a space`() {
        #expect(ShellWords.join(["echo", "a b", "", "c"]) == "echo 'a b' '' c")
    }

    @Test func `SX-009 a number sign is a comment only if asked for`() throws {
        #expect(try ShellWords.split("a # c") == ["a", "#", "c"])
        #expect(try ShellWords.split("a # c", comments: true) == ["a"])
        #expect(try ShellWords.split("a#c\nb", comments: true) == ["a", "b"])
        #expect(try ShellWords.split("'#' \\# b", comments: true) == ["#", "#", "b"])
    }

    @Test(arguments: [("a 'b", 3), ("\"", 1), ("x\"a\\", 2), ("'a' 'b' c'", 10)])
    func `SX-010 a quote that is not closed is an error with its place`(text: String, position: Int) {
        let error = #expect(throws: ShellWords.SplitError.self) { try ShellWords.split(text) }
        #expect(error == .noClosingQuotation(position: position))
        #expect(error?.description.contains("no closing quotation") == true)
    }

    @Test func `SX-010 a backslash at the end is an error`() {
        let error = #expect(throws: ShellWords.SplitError.self) { try ShellWords.split("a \\") }
        #expect(error == .noEscapedCharacter)
        #expect(error?.description.contains("no escaped character") == true)
    }

    @Test func `SX-011 a combining mark does not hide a quote`() throws {
        #expect(try ShellWords.split("'a'\u{301} b") == ["a\u{301}", "b"])
    }
}
