import SupervisorCore

extension Field {
    /// `[queue.NAME]`
    func queue(_ name: String) -> QueueDefinition? {
        table(hints: Vocabulary.queue) { table in
            var queue = QueueDefinition(name: name)
            table.set(&queue.slots, "slots") { $0.integer(in: 1...QueueDefinition.slotLimit) }
            table.set(&queue.order, "order") { $0.choice() }
            table.set(&queue.capacity, "capacity") { $0.integer(in: 1...QueueDefinition.capacityLimit) }
            table.set(&queue.keep, "keep") { $0.integer(in: 0...QueueDefinition.capacityLimit) }
            table.set(&queue.timeout, "timeout") { $0.duration(positive: true) }
            table.set(&queue.retry, "retry") { $0.retryPolicy() }
            table.set(&queue.priority, "priority") { $0.integer(in: QueueDefinition.priorities) }
            table.set(&queue.onInterrupt, "on_interrupt") { $0.choice() }
            table.set(&queue.durable, "durable") { $0.boolean() }
            table.set(&queue.paused, "paused") { $0.boolean() }
            table.set(&queue.successCodes, "success_codes") { $0.exitCodes() }
            table.set(&queue.submitterEnvironment, "submitter_environment") { $0.variablePatterns() }
            table.set(&queue.submitterDirectory, "submitter_directory") { $0.boolean() }
            if let command = table.field("command") {
                command.problem(
                    "a queue has no command, each task brings its own",
                    fix: "remove it, or use [worker.\(TOML.spelled(name))] or a pool")
            }
            table.setSurroundings(of: &queue.launch)
            table.set(&queue.stop, "stop") { $0.stopPolicy() }
            table.set(&queue.log, "log") { $0.logPolicy(standard: QueueDefinition(name: name).log) }
            return queue
        }
    }

    /// `retry = { attempts = 3, delay = "5s" }`
    func retryPolicy() -> RetryPolicy? {
        var policy = RetryPolicy()
        return table(hints: Vocabulary.retry) { table in
            table.set(&policy.attempts, "attempts") { $0.integer(in: 1...10_000) }
            let delay = table.field("delay")
            if let value = delay?.duration() { policy.delay = value }
            table.set(&policy.factor, "factor") { $0.number(in: 1...100) }
            table.set(&policy.maxDelay, "max_delay") { $0.duration() }
            table.set(&policy.jitter, "jitter") { $0.number(in: 0...1) }
            if policy.delay > policy.maxDelay {
                (table.field("max_delay") ?? delay)?.problem(
                    "delay (\(policy.delay.configured)) is longer than max_delay (\(policy.maxDelay.configured))",
                    fix: "raise max_delay")
            }
            return policy
        }
    }

    func exitCodes() -> [Int32]? {
        elements("an array of exit codes")?.compactMap { $0.integer(in: 0...255) }
    }

    /// Names of variables, or the beginning of names with a `*`.
    private func variablePatterns() -> [String]? {
        elements("an array of names of variables")?.compactMap { element in
            guard let pattern = element.string("a name such as \"LANG\" or \"LC_*\"") else { return nil }
            let name = pattern.hasSuffix("*") ? String(pattern.dropLast()) : pattern
            if name.contains("*") || name.contains("=") || pattern.contains(" ") {
                element.problem(
                    "\(TOML.quoted(pattern)) is neither a name nor the beginning of one",
                    fix: "write \"LANG\", \"LC_*\" or \"*\"")
                return nil
            }
            if "ROOST_RUN".hasPrefix(name), pattern.hasSuffix("*") || name == "ROOST_RUN", !name.isEmpty {
                element.problem("ROOST_RUN is how Roost recognises its runs", fix: "name other variables")
                return nil
            }
            return pattern
        }
    }
}

extension Vocabulary {
    /// What other batch and job systems call things.
    static let queue = [
        "concurrency": "slots", "cwd": "directory", "env": "environment", "instances": "slots", "limit": "capacity",
        "max_jobs": "capacity", "maxsize": "capacity", "parallel": "slots", "persistent": "durable",
        "retries": "retry.attempts", "size": "capacity", "strategy": "order", "task_timeout": "timeout",
        "workers": "slots", "working_directory": "directory",
    ]
    static let retry = ["backoff": "factor", "count": "attempts", "max": "attempts", "retries": "attempts"]
}
