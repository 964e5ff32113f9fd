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
        var settings = termios()
        let hasSettings = tcgetattr(STDIN_FILENO, &settings) == 0
        if hasSettings {
            var withoutInterrupt = settings
            setControlCharacter(VINTR, of: &withoutInterrupt, to: 0)
            tcsetattr(STDIN_FILENO, TCSADRAIN, &withoutInterrupt)
        }
        defer { if hasSettings { tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) } }
        guard let line = readline(prompt) else { return nil }
        defer { free(line) }
        return String(cString: line)
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

    private func setControlCharacter(_ index: Int32, of settings: inout termios, to value: cc_t) {
        withUnsafeMutableBytes(of: &settings.c_cc) { $0[Int(index)] = value }
    }
}

/// What Tab offers for the word at the cursor.
private struct Completions {
    private let socketPath: String
    private var candidates: ArraySlice<String> = []

    init(socketPath: String = "") { self.socketPath = socketPath }

    mutating func begin(_ prefix: String, isFirstWord: Bool) {
        let words = isFirstWord ? Completions.verbs : InstanceNames.known(socketPath: socketPath)
        candidates = words.filter { $0.hasPrefix(prefix) }[...]
    }

    mutating func next() -> String? { candidates.popFirst() }

    private static let verbs =
        (Roostctl.configuration.subcommands.map { $0._commandName } + ["reload", "help", "exit", "quit"]).sorted()
}

/// For libedit's callbacks, which carry nothing of ours.
private let completions = Mutex(Completions())
