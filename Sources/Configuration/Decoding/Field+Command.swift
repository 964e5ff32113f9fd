extension Field {
    /// The arguments of a command. An array is taken as it is; a string is split as a shell would, without a shell.
    func command() -> [String]? {
        switch value.kind {
        case .string(let text): return split(text)
        case .array: return list()
        case .integer, .float, .boolean, .date, .table, .tables:
            mismatch("a command", fix: "write [\"program\", \"argument\"]")
            return nil
        }
    }

    private func list() -> [String]? {
        guard let elements = elements("a command") else { return nil }
        guard !elements.isEmpty else {
            problem("the command is empty", fix: "write [\"program\", \"argument\"]")
            return nil
        }
        let words = elements.compactMap { $0.string(allowEmpty: true, takesNumbers: true) }
        guard words.count == elements.count else { return nil }
        guard !words[0].isEmpty else {
            problem("the program's name is empty", fix: "write the program first")
            return nil
        }
        if words.count == 1, words[0].contains(" "), !words[0].hasPrefix("/") {
            warning(
                "the whole of \(TOML.quoted(words[0])) is taken as the program's name",
                fix: "put each argument in quotes of its own")
        }
        inspect(words[0])
        return words
    }

    private func split(_ text: String) -> [String]? {
        guard string("a command") != nil else { return nil }
        switch context.surroundings.splitCommand(text) {
        case .failure(let reason):
            problem("cannot split the command: \(reason)", fix: "correct it, or write an array of strings")
            return nil
        case .words(let words):
            guard let program = words.first, !program.isEmpty else {
                problem("the command is empty", fix: "write [\"program\", \"argument\"]")
                return nil
            }
            let operators = ["|", "||", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1"]
            if let found = words.first(where: { operators.contains($0) }) {
                warning(
                    "\(TOML.quoted(found)) is passed on as an argument, there is no shell",
                    fix: "write [\"/bin/sh\", \"-c\", …] to have one")
            }
            inspect(program)
            return words
        }
    }

    /// Warns about a program that is not there now. It may come later, so that is no error.
    private func inspect(_ program: String) {
        guard program.hasPrefix("/"), !program.contains("{") else { return }
        switch context.surroundings.finding?(program) {
        case .missing: warning("\(program) does not exist", fix: "install it, or correct the path")
        case .directory: warning("\(program) is a directory", fix: "name a program")
        case .otherFile: warning("\(program) is not executable", fix: "chmod +x \(program)")
        case .executable, nil: break
        }
    }

    /// Warns about a directory that is not there now.
    func inspectDirectory(_ path: String) {
        guard !path.contains("{") else { return }
        switch context.surroundings.finding?(path) {
        case .missing: warning("\(path) does not exist", fix: "create it, or correct the path")
        case .executable, .otherFile: warning("\(path) is not a directory", fix: "name a directory")
        case .directory, nil: break
        }
    }
}
