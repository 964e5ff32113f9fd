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
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let word = words.first, !word.hasPrefix("#") else { continue }
            if ["exit", "quit"].contains(word) { break }
            let arguments = options.json ? words + ["--json"] : words
            let exit = Roostctl.run(words: arguments, socketPath: options.socketPath, interrupts: nil)
            if first == .success { first = exit }
        }
        if first != .success { throw Failure(first) }
    }
}
