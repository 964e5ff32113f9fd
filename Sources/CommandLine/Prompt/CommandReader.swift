import Configuration
import Glibc

/// roostctl without a verb: commands from a terminal or from a pipe, one a line, as supervisorctl takes them.
struct CommandReader {
    let options: GlobalOptions

    func run() throws(Failure) {
        if isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 {
            try Prompt(socketPath: options.socketPath).run()
        } else {
            try runScript()
        }
    }

    /// Every line is carried out, whatever became of those before it; the first that failed decides the exit status.
    private func runScript() throws(Failure) {
        var first = Exit.success
        while let line = readLine() {
            guard let word = line.split(whereSeparator: \.isWhitespace).first, !word.hasPrefix("#") else { continue }
            let words: [String]
            do {
                words = try CommandReader.words(line)
            } catch {
                try write("roostctl: \(error.message)\n", to: STDERR_FILENO)
                if first == .success { first = error.exit }
                continue
            }
            if word == "exit" || word == "quit" { break }
            let arguments = options.json ? words + ["--json"] : words
            let exit = Roostctl.run(words: arguments, socketPath: options.socketPath, interrupts: nil)
            if first == .success { first = exit }
        }
        if first != .success { throw Failure(first) }
    }
    /// Splits a line as a shell would, so that a command that is submitted can have blanks in its words.
    static func words(_ line: String) throws(Failure) -> [String] {
        switch Surroundings.shellWords(line) {
        case .words(let words): return words
        case .failure(let reason): throw Failure(.usage, "cannot understand the line: \(reason)")
        }
    }
}
