import SupervisorCore

extension Field {
    /// `restart = "always"` or `restart = { when = "always", … }`
    ///
    /// - Parameter policy: what holds for keys that are not there.
    func restartPolicy(from policy: RestartPolicy = RestartPolicy()) -> RestartPolicy? {
        var policy = policy
        if case .string = value.kind {
            guard let condition: RestartPolicy.Condition = choice() else { return nil }
            policy.when = condition
            return policy
        }
        return table("a table or \"always\", \"on-failure\", \"never\"") { table in
            table.set(&policy.when, "when") { $0.choice() }
            table.set(&policy.successCodes, "success_codes") { $0.exitCodes() }
            let delay = table.field("delay")
            if let value = delay?.duration() { policy.delay = value }
            table.set(&policy.factor, "factor") { $0.number(in: 1...100) }
            table.set(&policy.maxDelay, "max_delay") { $0.duration() }
            table.set(&policy.jitter, "jitter") { $0.number(in: 0...1) }
            table.set(&policy.resetAfter, "reset_after") { $0.duration() }
            table.set(&policy.giveUp, "give_up") { $0.giveUp() }
            if policy.delay > policy.maxDelay {
                (table.field("max_delay") ?? delay)?.problem(
                    "delay (\(policy.delay.configured)) is longer than max_delay (\(policy.maxDelay.configured))",
                    fix: "raise max_delay")
            }
            return policy
        }
    }

    /// `{ failures = 5, within = "1m" }`, or false for never.
    private func giveUp() -> RestartPolicy.GiveUp?? {
        if case .boolean(let flag) = value.kind {
            if !flag { return .some(nil) }
            problem(
                "true says nothing about when to give up", fix: "write { failures = 10, within = \"5m\" }, or false")
            return nil
        }
        return table("a table or false") { table in
            var giveUp = RestartPolicy.GiveUp(failures: 10, within: .seconds(300))
            table.set(&giveUp.failures, "failures") { $0.integer(in: 1...10_000) }
            table.set(&giveUp.within, "within") { $0.duration(positive: true) }
            return giveUp
        }
    }

    /// `stop = { signals = ["TERM 10s", "KILL"], scope = "tree" }`
    func stopPolicy() -> StopPolicy? {
        table(hints: ["signal": "signals", "timeout": "part of signals: [\"TERM 10s\"]"]) { table in
            table.expectLater(["drain"])
            var policy = StopPolicy()
            table.set(&policy.steps, "signals") { $0.stopSteps() }
            table.set(&policy.scope, "scope") { $0.choice() }
            return policy
        }
    }

    /// Signals with the time that each has to work. Ends in KILL, whether or not that is written.
    private func stopSteps() -> [StopPolicy.Step]? {
        guard let elements = elements("an array of signals such as [\"TERM 10s\"]") else { return nil }
        guard (1...16).contains(elements.count) else {
            problem("\(elements.count) signals are \(elements.isEmpty ? "too few" : "too many")", fix: "list 1 to 16")
            return nil
        }
        var steps: [StopPolicy.Step] = []
        for element in elements {
            guard let step = element.stopStep() else { continue }
            if steps.last?.signal == .kill {
                element.problem("nothing can follow KILL, it cannot be survived", fix: "move KILL to the end")
                return nil
            }
            steps.append(step)
        }
        guard let last = steps.last else { return nil }
        return last.signal == .kill ? steps : steps + [StopPolicy.Step(signal: .kill, grace: .seconds(5))]
    }

    /// "TERM 10s"; without a time it is 10s, and 5s for KILL.
    private func stopStep() -> StopPolicy.Step? {
        guard let text = string("a signal such as \"TERM 10s\"", takesNumbers: true) else { return nil }
        let words = text.split(separator: " ")
        guard let name = words.first, words.count <= 2 else {
            problem("\(TOML.quoted(text)) is not a signal and a time", fix: "write \"TERM 10s\"")
            return nil
        }
        guard let signal = signal(String(name)) else { return nil }
        guard words.count == 2 else {
            return StopPolicy.Step(signal: signal, grace: .seconds(signal == .kill ? 5 : 10))
        }
        do throws(UnitProblem) {
            return StopPolicy.Step(signal: signal, grace: try Duration(configured: String(words[1])))
        } catch {
            problem(error.message, fix: error.fix)
            return nil
        }
    }

    /// `log = { path = "web.log", … }`, `log = "web.log"`, or `log = false` to discard the output.
    func logPolicy(standard: LogPolicy = LogPolicy()) -> LogPolicy? {
        var policy = standard
        switch value.kind {
        case .boolean(false):
            policy.output = nil
            return policy
        case .boolean(true):
            problem("true is the default", fix: "remove the key, or write false to discard the output")
            return nil
        case .string:
            guard let path = logPath() else { return nil }
            policy.output = path
            return policy
        case .table, .tables, .array, .integer, .float, .date: break
        }
        return table("a table, a path or false", hints: Vocabulary.log) { table in
            table.expectLater(["rotate_age", "compress", "format", "journal"])
            table.set(&policy.output, "path") { $0.logPath() }
            let stderr = table.field("stderr")
            policy.error = stderr?.logPath()
            table.set(&policy.rotateSize, "rotate_size") { $0.size() }
            table.set(&policy.keep, "keep") { $0.integer(in: 0...10_000) }
            table.set(&policy.full, "full") { $0.choice() }
            if let error = policy.error, error == policy.output {
                stderr?.problem(
                    "stderr goes to the same file as path", fix: "leave stderr out, then the two are merged in order")
            }
            return policy
        }
    }

    /// A path, absolute or relative to the log directory.
    private func logPath() -> String? {
        guard let path = string("a path") else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if path.hasPrefix("~") {
            problem("\(TOML.quoted(path)) is not a path", fix: "write the home directory out, ~ is not expanded")
            return nil
        }
        if parts.last?.isEmpty == true || parts.last == "." || parts.last == ".." {
            problem("\(TOML.quoted(path)) names a directory", fix: "name a file in it")
            return nil
        }
        return path
    }
}
