import ArgumentParser
import CEdit
import Glibc
import Synchronization

/// Reads lines from a terminal through libedit: editing, completion, and a history that is kept between sessions.
///
/// There is one terminal, and libedit keeps its state in globals: make one editor.
struct LineEditor {
    private static let historyLimit: Int32 = 1000
    private let historyPath: String?

    init(socketPath: String) {
        completions.withLock { $0 = Completions(socketPath: socketPath) }
        using_history()
        stifle_history(LineEditor.historyLimit)
        historyPath = LineEditor.makeHistoryDirectory().map { "\($0)/history" }
        // There is none the first time.
        if let historyPath { _ = read_history(historyPath) }
        rl_initialize()
        // Ctrl-C arrives as a key (see `read`) and clears the line.
        rl_parse_and_bind("bind ^C em-kill-line")
        roost_edit_complete_with { text, start, _ in
            roost_edit_completion_is_final()
            guard let text else { return nil }
            completions.withLock { $0.begin(String(cString: text), isFirstWord: start == 0) }
            return rl_completion_matches(text) { _, _ in
                // libedit frees each of them.
                completions.withLock { $0.next() }.flatMap { strdup($0) }
            }
        }
    }

    /// The next line, or nil at the end of input.
    func read(prompt: String) -> String? {
        LineEditor.withKeys {
            guard let line = readline(prompt) else { return nil }
            defer { free(line) }
            return String(cString: line)
        }
    }

    /// Makes Ctrl-C and Ctrl-D keys like any other meanwhile. libedit does so only after it has printed the prompt, and
    /// what is typed between the two must not be lost.
    private static func withKeys<Result>(_ body: () -> Result) -> Result {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return body() }
        var keys = settings
        withUnsafeMutableBytes(of: &keys.c_cc) { characters in
            characters[Int(VINTR)] = 0
            characters[Int(VEOF)] = 0
        }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &keys)
        defer { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) }
        return body()
    }

    /// Adds a line to the history, at once also to the file: a session may end in any way.
    func remember(_ line: String) {
        add_history(line)
        if let historyPath {
            _ = write_history(historyPath)
            // It may name what is nobody else's business.
            chmod(historyPath, 0o600)
        }
    }

    /// `$XDG_STATE_HOME/roost` or `~/.local/state/roost`; nil when it cannot be made, and then history is not kept.
    private static func makeHistoryDirectory() -> String? {
        let base: String
        if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            base = state
        } else if let home = environment("HOME"), home.hasPrefix("/") {
            base = "\(home)/.local/state"
        } else {
            return nil
        }
        let directory = "\(base)/roost"
        var path = ""
        for part in directory.split(separator: "/") {
            path += "/\(part)"
            if mkdir(path, 0o700) != 0, errno != EEXIST { return nil }
        }
        return directory
    }
}

/// What Tab offers for the word at the cursor.
private struct Completions {
    private let socketPath: String
    private var candidates: ArraySlice<String> = []

    init(socketPath: String = "") { self.socketPath = socketPath }

    mutating func begin(_ prefix: String, isFirstWord: Bool) {
        let words = isFirstWord ? Completions.verbs : KnownNames.all(socketPath: socketPath)
        candidates = words.filter { $0.hasPrefix(prefix) }[...]
    }

    mutating func next() -> String? { candidates.popFirst() }

    private static let verbs =
        (Roostctl.configuration.subcommands.map { $0._commandName } + ["reload", "help", "exit", "quit"]).sorted()
}

/// For libedit's callbacks, which carry nothing of ours.
private let completions = Mutex(Completions())
