import Glibc

/// The interactive prompt.
struct Prompt {
    let socketPath: String

    func run() throws(Failure) {
        let editor = LineEditor(socketPath: socketPath)
        carryOut(["status"])
        while let line = editor.read(prompt: "roost> ") {
            guard line.contains(where: { !$0.isWhitespace }) else { continue }
            editor.remember(line)
            let words: [String]
            do {
                words = try CommandReader.words(line)
            } catch {
                try write("roostctl: \(error.message)\n", to: STDERR_FILENO)
                continue
            }
            guard let word = words.first else { continue }
            switch word {
            case "exit", "quit": return
            case "help", "?": carryOut(["help"] + words.dropFirst())
            case _: carryOut(words)
            }
        }
        // Ctrl-D leaves the cursor behind the prompt.
        try write("\n")
    }

    private func carryOut(_ words: [String]) {
        // Ctrl-C ends the command, not the prompt. When there is no pipe for that, it ends both.
        let interrupts = try? Interrupts()
        let exit = Roostctl.run(words: words, socketPath: socketPath, interrupts: interrupts)
        if exit == .interrupted { try? write("\n") }
    }
}
