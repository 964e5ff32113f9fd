/// Splitting and quoting of command lines as a POSIX shell does it, without a shell.
///
/// The semantics are those of Python's `shlex.split`, `shlex.quote` and `shlex.join`: quotes and backslashes count,
/// everything else that a shell knows (`$`, `*`, `|`, `;`, `#`) is ordinary text.
public enum ShellWords {
    /// Why a text could not be split.
    public enum SplitError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The quote opened at this position, counted in characters from 1, is never closed.
        case noClosingQuotation(position: Int)
        /// The text ends with a backslash.
        case noEscapedCharacter

        /// “cannot split …: reason”, and what to do.
        public var description: String {
            switch self {
            case .noClosingQuotation(let position):
                "cannot split the command: no closing quotation for the quote at character \(position); close it, "
                    + "or put a backslash before it"
            case .noEscapedCharacter:
                "cannot split the command: no escaped character after the last backslash; write \\\\ for a backslash"
            }
        }
    }

    /// Splits a text into words at spaces, tabs and line ends.
    ///
    /// Within single quotes everything counts as it is. Within double quotes a backslash escapes `"` and `\` and is
    /// ordinary before anything else. Outside of quotes a backslash escapes any character.
    ///
    /// - Parameters:
    ///   - text: the command line.
    ///   - comments: whether `#` starts a comment that lasts to the end of the line, also in the middle of a word.
    /// - Throws: `SplitError` if a quote is not closed or nothing follows a backslash.
    /// - Complexity: O(*n*) in the length of the text.
    public static func split(_ text: String, comments: Bool = false) throws(SplitError) -> [String] {
        var splitter = Splitter(comments: comments)
        // By scalars, because a shell knows no graphemes: a combining mark after a quote must not hide the quote.
        for scalar in text.unicodeScalars { splitter.take(scalar) }
        return try splitter.finish()
    }

    /// The word in a form that a shell, and `split`, reads as exactly this word.
    public static func quote(_ word: String) -> String {
        if word.isEmpty { return "''" }
        if word.unicodeScalars.allSatisfy(isSafe) { return word }
        var quoted = "'"
        for scalar in word.unicodeScalars {
            if scalar == "'" { quoted += "'\"'\"'" } else { quoted.unicodeScalars.append(scalar) }
        }
        return quoted + "'"
    }

    /// The words as one command line, which `split` takes apart into the same words.
    public static func join(_ words: some Sequence<String>) -> String {
        words.map(quote).joined(separator: " ")
    }

    private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "@", "%", "+", "=", ":", ",", ".", "/", "-": true
        default: false
        }
    }
}

/// Takes a command line one character at a time.
private struct Splitter {
    private enum State {
        case betweenWords
        case inWord
        case inComment
        case inSingleQuotes(from: Int)
        case inDoubleQuotes(from: Int)
        case escaped
        case escapedInDoubleQuotes(from: Int)
    }

    private let comments: Bool
    private var state = State.betweenWords
    private var position = 0
    private var word = ""
    private var words: [String] = []

    init(comments: Bool) {
        self.comments = comments
    }

    mutating func take(_ scalar: Unicode.Scalar) {
        position += 1
        switch state {
        case .betweenWords, .inWord:
            takeUnquoted(scalar)
        case .inComment:
            if scalar == "\n" { state = .betweenWords }
        case .inSingleQuotes:
            if scalar == "'" { state = .inWord } else { append(scalar) }
        case .inDoubleQuotes(let start):
            if scalar == "\"" {
                state = .inWord
            } else if scalar == "\\" {
                state = .escapedInDoubleQuotes(from: start)
            } else {
                append(scalar)
            }
        case .escaped:
            append(scalar)
            state = .inWord
        case .escapedInDoubleQuotes(let start):
            if scalar != "\"" && scalar != "\\" { append("\\") }
            append(scalar)
            state = .inDoubleQuotes(from: start)
        }
    }

    private mutating func takeUnquoted(_ scalar: Unicode.Scalar) {
        switch scalar {
        case " ", "\t", "\r", "\n": endWord()
        case "'": state = .inSingleQuotes(from: position)
        case "\"": state = .inDoubleQuotes(from: position)
        case "\\": state = .escaped
        case "#" where comments:
            endWord()
            state = .inComment
        default:
            append(scalar)
            state = .inWord
        }
    }

    mutating func finish() throws(ShellWords.SplitError) -> [String] {
        switch state {
        case .betweenWords, .inComment: break
        case .inWord: endWord()
        case .inSingleQuotes(let start), .inDoubleQuotes(let start), .escapedInDoubleQuotes(let start):
            throw .noClosingQuotation(position: start)
        case .escaped: throw .noEscapedCharacter
        }
        return words
    }

    private mutating func append(_ scalar: Unicode.Scalar) { word.unicodeScalars.append(scalar) }

    private mutating func endWord() {
        if case .inWord = state {
            words.append(word)
            word = ""
        }
        state = .betweenWords
    }
}
