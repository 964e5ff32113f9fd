import SupervisorCore

/// The `params` of the methods about tasks, read and written in one place.
extension TaskVerb {
    init(_ method: Command.Method, _ reader: ParameterReader) throws(ControlError) {
        switch method {
        case .submit: self = .submit(try reader.submitQuery(), wait: try reader.wait())
        case .tasks: self = .list(try reader.taskQuery())
        case .wait: self = .wait(try reader.tasks(), wait: try reader.wait())
        case .result:
            self = .result(try reader.task("task"), lines: try reader.lines() ?? TaskVerb.resultLines)
        case .cancel: self = .cancel(try reader.tasks(), wait: try reader.wait())
        case .retry: self = .retry(try reader.tasks())
        case .pause: self = .pause(try reader.someNames())
        case .resume: self = .resume(try reader.someNames())
        case .status, .start, .stop, .restart, .signal, .scale, .clear, .plan, .apply, .logs, .subscribe, .unsubscribe,
            .why, .version, .shutdown, .call:
            preconditionFailure("\(method) is no verb about tasks")
        }
    }

    /// How many last lines of output a result has, unless the client says otherwise.
    package static let resultLines = 10

    static func parameterNames(of method: Command.Method) -> [String] {
        switch method {
        case .submit:
            [
                "queue", "command", "directory", "environment", "label", "key", "priority", "task_timeout", "attempts",
                "after", "after_any", "submitter_directory", "submitter_environment", "wait_for_room", "follow",
                "timeout",
            ]
        case .tasks: ["names", "states", "limit"]
        case .wait: ["tasks", "timeout"]
        case .result: ["task", "lines"]
        case .cancel: ["tasks", "wait", "timeout"]
        case .retry: ["tasks"]
        case .pause, .resume: ["names"]
        case .status, .start, .stop, .restart, .signal, .scale, .clear, .plan, .apply, .logs, .subscribe, .unsubscribe,
            .why, .version, .shutdown, .call:
            []
        }
    }

    func encodeParameters(into container: inout KeyedEncodingContainer<AnyKey>) throws {
        switch self {
        case .submit(let query, let wait):
            try query.encode(into: &container)
            try wait.encodeTimeout(into: &container)
        case .list(let query):
            if !query.names.isEmpty { try container.encode(query.names, forKey: AnyKey("names")) }
            if !query.states.isEmpty { try container.encode(query.states, forKey: AnyKey("states")) }
            try container.encode(query.limit, forKey: AnyKey("limit"))
        case .wait(let tasks, let wait):
            try container.encode(tasks.map(\.number), forKey: AnyKey("tasks"))
            try wait.encodeTimeout(into: &container)
        case .cancel(let tasks, let wait):
            try container.encode(tasks.map(\.number), forKey: AnyKey("tasks"))
            try wait.encode(into: &container)
        case .result(let task, let lines):
            try container.encode(task.number, forKey: AnyKey("task"))
            try container.encode(lines, forKey: AnyKey("lines"))
        case .retry(let tasks):
            try container.encode(tasks.map(\.number), forKey: AnyKey("tasks"))
        case .pause(let names), .resume(let names):
            try container.encode(names, forKey: AnyKey("names"))
        }
    }
}

extension SubmitQuery {
    fileprivate func encode(into container: inout KeyedEncodingContainer<AnyKey>) throws {
        try container.encode(queue, forKey: AnyKey("queue"))
        if case .command(let command) = submission.work {
            try container.encode(command.arguments, forKey: AnyKey("command"))
            try container.encodeIfPresent(command.directory, forKey: AnyKey("directory"))
            try container.encode(variables: command.environment, forKey: "environment")
        }
        try container.encodeIfPresent(submission.label, forKey: AnyKey("label"))
        try container.encodeIfPresent(submission.key, forKey: AnyKey("key"))
        try container.encodeIfPresent(submission.priority, forKey: AnyKey("priority"))
        try container.encodeIfPresent(submission.timeout.map { $0 / .seconds(1) }, forKey: AnyKey("task_timeout"))
        try container.encodeIfPresent(submission.attempts, forKey: AnyKey("attempts"))
        if !submission.after.isEmpty { try container.encode(submission.after.map(\.number), forKey: AnyKey("after")) }
        if submission.afterAny { try container.encode(true, forKey: AnyKey("after_any")) }
        try container.encodeIfPresent(submission.submitter.directory, forKey: AnyKey("submitter_directory"))
        try container.encode(variables: submission.submitter.environment, forKey: "submitter_environment")
        if waitForRoom { try container.encode(true, forKey: AnyKey("wait_for_room")) }
        if follow { try container.encode(true, forKey: AnyKey("follow")) }
    }
}

extension KeyedEncodingContainer<AnyKey> {
    fileprivate mutating func encode(variables: [EnvironmentVariable], forKey key: String) throws {
        guard !variables.isEmpty else { return }
        let values = Dictionary(variables.map { ($0.name, $0.value) }) { _, last in last }
        try encode(values, forKey: AnyKey(key))
    }
}

extension Command.Wait {
    /// Of a method whose answer comes when there is something to say, so that it has no `wait`.
    fileprivate func encodeTimeout(into container: inout KeyedEncodingContainer<AnyKey>) throws {
        guard case .untilDone(let timeout?) = self else { return }
        try container.encode(timeout / .seconds(1), forKey: AnyKey("timeout"))
    }
}

extension ParameterReader {
    static let maximumTasks = 1000
    private static let maximumTextLength = 256

    func task(_ key: String) throws(ControlError) -> TaskID {
        let number: UInt64? = try value(key, "the number of a task")
        guard let number else { throw mismatch(key, "the number of a task") }
        return TaskID(number)
    }

    func tasks() throws(ControlError) -> [TaskID] {
        let wanted = "a list of 1 to \(ParameterReader.maximumTasks) numbers of tasks"
        let numbers: [UInt64]? = try value("tasks", wanted)
        guard let numbers, !numbers.isEmpty, numbers.count <= ParameterReader.maximumTasks else {
            throw mismatch("tasks", wanted)
        }
        return numbers.map(TaskID.init)
    }

    func lines() throws(ControlError) -> Int? {
        guard try value("lines", "a number") as Int? != nil else { return nil }
        return try count("lines", upTo: LogQuery.maximumLines)
    }

    func taskQuery() throws(ControlError) -> TaskQuery {
        let known = TaskState.allCases.map(\.rawValue).joined(separator: ", ")
        var query = TaskQuery(
            names: try names() ?? [], states: try value("states", "a list of states, which are \(known)") ?? [])
        if try value("limit", "a number") as Int? != nil {
            query.limit = try count("limit", upTo: TaskQuery.maximumLimit)
        }
        return query
    }

    func submitQuery() throws(ControlError) -> SubmitQuery {
        let arguments: [String]? = try value("command", "a list of strings")
        guard let arguments, let program = arguments.first, !program.isEmpty else {
            throw mismatch("command", "a list of strings, the program first, such as [\"echo\", \"hello\"]")
        }
        guard arguments.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw mismatch("command", "without NUL characters")
        }
        let command = TaskCommand(
            arguments: arguments, directory: try path("directory"), environment: try variables("environment"))
        var submission = TaskSubmission(
            work: .command(command), label: try text("label"), key: try text("key"),
            priority: try value("priority", "a whole number"), timeout: try seconds("task_timeout"),
            attempts: try value("attempts", "a whole number"))
        let after: [UInt64]? = try value("after", "a list of numbers of tasks")
        submission.after = (after ?? []).map(TaskID.init)
        submission.afterAny = try flag("after_any") ?? false
        submission.submitter = Submitter(
            directory: try path("submitter_directory"), environment: try variables("submitter_environment"))
        var query = SubmitQuery(queue: try name("queue"), submission: submission)
        query.waitForRoom = try flag("wait_for_room") ?? false
        query.follow = try flag("follow") ?? false
        return query
    }

    private func text(_ key: String) throws(ControlError) -> String? {
        let text: String? = try value(key, "a text")
        guard let text else { return nil }
        guard !text.isEmpty, text.utf8.count <= ParameterReader.maximumTextLength, !text.utf8.contains(0) else {
            throw mismatch(key, "a text of 1 to \(ParameterReader.maximumTextLength) bytes")
        }
        return text
    }

    private func path(_ key: String) throws(ControlError) -> String? {
        let path: String? = try value(key, "an absolute path")
        guard let path else { return nil }
        guard path.hasPrefix("/"), path.utf8.count <= 4096, !path.utf8.contains(0) else {
            throw mismatch(key, "an absolute path")
        }
        return path
    }

    private func seconds(_ key: String) throws(ControlError) -> Duration? {
        let wanted = "a number of seconds, more than 0 and no more than a year"
        let seconds: Double? = try value(key, wanted)
        guard let seconds else { return nil }
        guard seconds > 0, seconds <= ParameterReader.maximumTimeout else { throw mismatch(key, wanted) }
        return .seconds(seconds)
    }

    /// In the order of their names, for an object has none.
    private func variables(_ key: String) throws(ControlError) -> [EnvironmentVariable] {
        let values: [String: String]? = try value(key, "an object of strings, such as {\"LANG\": \"C\"}")
        guard let values else { return [] }
        for (name, value) in values {
            guard !name.isEmpty, !name.contains("="), !name.utf8.contains(0), !value.utf8.contains(0) else {
                throw mismatch(key, "an object of strings whose names have no \"=\"; no NUL characters")
            }
        }
        return values.sorted { $0.key < $1.key }.map { EnvironmentVariable(name: $0.key, value: $0.value) }
    }
}
