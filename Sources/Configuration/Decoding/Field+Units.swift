import SupervisorCore

extension Field {
    /// - Parameter positive: whether zero is an error.
    func duration(positive: Bool = false) -> Duration? {
        let duration: Duration
        switch value.kind {
        case .string(let text):
            do throws(UnitProblem) {
                duration = try Duration(configured: text)
            } catch {
                problem(error.message, fix: error.fix)
                return nil
            }
        case .integer(let number):
            problem("\(number) needs a unit", fix: "write \"\(number)s\" or \"\(number)ms\"")
            return nil
        case .float(let number):
            problem("\(number) needs a unit", fix: "write \"\(number)s\" or \"\(number)ms\"")
            return nil
        case .boolean, .date, .array, .table, .tables:
            mismatch("a duration such as \"10s\"")
            return nil
        }
        if positive, duration == .zero {
            problem("must be longer than zero", fix: "write \"1s\", for example")
            return nil
        }
        return duration
    }

    /// Bytes. 0 needs no unit: it is the same in all of them.
    func size() -> Int64? {
        switch value.kind {
        case .string(let text):
            do throws(UnitProblem) {
                return try sizeInBytes(text)
            } catch {
                problem(error.message, fix: error.fix)
            }
        case .integer(0): return 0
        case .integer(let number) where number < 0:
            problem("a size cannot be negative", fix: "write \"50M\", for example")
        case .integer(let number):
            problem("\(number) needs a unit", fix: "write \"\(number)B\", \"\(number)K\" or \"\(number)M\"")
        case .float, .boolean, .date, .array, .table, .tables:
            mismatch("a size such as \"50M\"")
        }
        return nil
    }

    /// Permission bits, written in octal as a string: TOML would read 022 as an error and 22 as decimal.
    func mode() -> UInt32? {
        guard case .string(let text) = value.kind else {
            mismatch("an octal mode as a string", fix: "put it in quotes, as \"022\"")
            return nil
        }
        guard (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8), mode <= 0o777 else {
            problem("\(TOML.quoted(text)) is no octal mode", fix: "use \"000\" to \"0777\"")
            return nil
        }
        return mode
    }

    func signal() -> Signal? { string("a signal such as \"TERM\"", takesNumbers: true).flatMap { signal($0) } }

    func signal(_ name: String) -> Signal? {
        if let signal = Signal(name: name) { return signal }
        let plain = name.uppercased().hasPrefix("SIG") ? String(name.dropFirst(3)) : name
        let nearest = nearestName(to: plain, among: Signal.names)
        problem(
            "\(TOML.quoted(name)) is no signal",
            fix: nearest.map { "did you mean \"\($0)\"?" } ?? "use a name such as \"TERM\", or 1 to 64")
        return nil
    }

    /// An absolute path, not interpreted in any way.
    func absolutePath() -> String? {
        guard let path = string("a path") else { return nil }
        if path.hasPrefix("/") { return path }
        let fix = path.hasPrefix("~") ? "write the home directory out, ~ is not expanded" : "start it with /"
        problem("\(TOML.quoted(path)) is not an absolute path", fix: fix)
        return nil
    }

    /// The name or number of a user.
    func user() -> String? {
        guard let name = string("a user name or number", takesNumbers: true) else { return nil }
        if isAccountNumber(name) || context.surroundings.userExists(name) { return name }
        problem("there is no user \(TOML.quoted(name))", fix: "create it, or correct the name")
        return nil
    }

    /// The name or number of a group.
    func accountGroup() -> String? {
        guard let name = string("a group name or number", takesNumbers: true) else { return nil }
        if isAccountNumber(name) || context.surroundings.groupExists(name) { return name }
        problem("there is no group \(TOML.quoted(name))", fix: "create it, or correct the name")
        return nil
    }

    /// A number stands for itself, whether or not a name belongs to it. The highest means "none" to the kernel.
    private func isAccountNumber(_ text: String) -> Bool {
        text.utf8.allSatisfy(TOML.isDigit) && UInt32(text).map { $0 != .max } ?? false
    }
}
