import Subprocesses
import Testing

@Suite struct ShellWordsTests {
    /// The POSIX corpus of CPython's test_shlex.py, in the form text|word|word|.
    static let corpus = #"""
        x|x|
        foo bar|foo|bar|
         foo bar|foo|bar|
        foo   bar    bla     fasel|foo|bar|bla|fasel|
        x y  z              xxxx|x|y|z|xxxx|
        \x bar|x|bar|
        \ x bar| x|bar|
        \ bar| bar|
        foo \x bar|foo|x|bar|
        foo \ x bar|foo| x|bar|
        foo \ bar|foo| bar|
        foo "bar" bla|foo|bar|bla|
        "foo" "bar" "bla"|foo|bar|bla|
        "foo" bar "bla"|foo|bar|bla|
        foo 'bar' bla|foo|bar|bla|
        'foo' bar 'bla'|foo|bar|bla|
        blurb foo"bar"bar"fasel" baz|blurb|foobarbarfasel|baz|
        blurb foo'bar'bar'fasel' baz|blurb|foobarbarfasel|baz|
        ""||
        ''||
        foo "" bar|foo||bar|
        foo "" "" "" bar|foo||||bar|
        \"|"|
        "\""|"|
        "foo\ bar"|foo\ bar|
        "foo\\ bar"|foo\ bar|
        "foo\\ bar\""|foo\ bar"|
        "foo\\" bar\"|foo\|bar"|
        "foo\\ bar\" dfadf"|foo\ bar" dfadf|
        "foo\\\ bar\" dfadf"|foo\\ bar" dfadf|
        "foo\\\x bar\" dfadf"|foo\\x bar" dfadf|
        "foo\x bar\" dfadf"|foo\x bar" dfadf|
        \'|'|
        'foo\ bar'|foo\ bar|
        'foo\\ bar'|foo\\ bar|
        "foo\\\x bar\" df'a\ 'df"|foo\\x bar" df'a\ 'df|
        \"foo|"foo|
        \"foo\x|"foox|
        "foo\x"|foo\x|
        "foo\ "|foo\ |
        foo\ xx|foo xx|
        foo\ x\x|foo xx|
        foo\ x\x\"|foo xx"|
        "foo\ x\x"|foo\ x\x|
        "foo\ x\x\\"|foo\ x\x\|
        "foo\ x\x\\""foobar"|foo\ x\x\foobar|
        "foo\ x\x\\"\'"foobar"|foo\ x\x\'foobar|
        "foo\ x\x\\"\'"fo'obar"|foo\ x\x\'fo'obar|
        "foo\ x\x\\"\'"fo'obar" 'don'\''t'|foo\ x\x\'fo'obar|don't|
        'foo\ bar'|foo\ bar|
        'foo\\ bar'|foo\\ bar|
        foo\ bar|foo bar|
        :-) ;-)|:-)|;-)|
        áéíóú|áéíóú|
        """#.split(separator: "\n").map(String.init)

    @Test(arguments: corpus) func `a text is split as Python splits it`(line: String) throws {
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

    @Test func `safe characters need no quotes`() {
        let safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%_-+=:,./"
        #expect(ShellWords.quote(safe) == safe)
    }

    @Test(arguments: [" ", "\"", "`", "$", "\\", "!", "é", "à", "ß", "\n", "e\u{301}"])
    func `everything else is put into single quotes`(unsafe: String) throws {
        #expect(ShellWords.quote("test\(unsafe)file") == "'test\(unsafe)file'")
        #expect(try ShellWords.split(ShellWords.quote("test\(unsafe)file")) == ["test\(unsafe)file"])
    }

    @Test func `an empty word and a single quote can be quoted`() {
        #expect(ShellWords.quote("") == "''")
        #expect(ShellWords.quote("it's") == #"'it'"'"'s'"#)
    }

    @Test func `words are joined with a space`() {
        #expect(ShellWords.join(["echo", "a b", "", "c"]) == "echo 'a b' '' c")
    }

    @Test func `a number sign is a comment only if asked for`() throws {
        #expect(try ShellWords.split("a # c") == ["a", "#", "c"])
        #expect(try ShellWords.split("a # c", comments: true) == ["a"])
        #expect(try ShellWords.split("a#c\nb", comments: true) == ["a", "b"])
        #expect(try ShellWords.split("'#' \\# b", comments: true) == ["#", "#", "b"])
    }

    @Test(arguments: [("a 'b", 3), ("\"", 1), ("x\"a\\", 2), ("'a' 'b' c'", 10)])
    func `a quote that is not closed is an error with its place`(text: String, position: Int) {
        let error = #expect(throws: ShellWords.SplitError.self) { try ShellWords.split(text) }
        #expect(error == .noClosingQuotation(position: position))
        #expect(error?.description.contains("no closing quotation") == true)
    }

    @Test func `a backslash at the end is an error`() {
        let error = #expect(throws: ShellWords.SplitError.self) { try ShellWords.split("a \\") }
        #expect(error == .noEscapedCharacter)
        #expect(error?.description.contains("no escaped character") == true)
    }

    @Test func `a combining mark does not hide a quote`() throws {
        #expect(try ShellWords.split("'a'\u{301} b") == ["a\u{301}", "b"])
    }
}
