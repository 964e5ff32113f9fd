package import SupervisorCore

/// What a client asks about queues, pools and their tasks.
package enum TaskVerb: Equatable, Sendable {
    /// Answered once the task is safe. `wait` limits how long that may take.
    case submit(SubmitQuery, wait: Command.Wait)
    case list(TaskQuery)
    /// Answered once all of them are finished.
    case wait([TaskID], wait: Command.Wait)
    case result(TaskID, lines: Int)
    case cancel([TaskID], wait: Command.Wait)
    case retry([TaskID])
    /// Names of queues, `mail*` or `all`.
    case pause([String])
    case resume([String])

    package var method: Command.Method {
        switch self {
        case .submit: .submit
        case .list: .tasks
        case .wait: .wait
        case .result: .result
        case .cancel: .cancel
        case .retry: .retry
        case .pause: .pause
        case .resume: .resume
        }
    }

    /// Whether the answer may take as long as tasks take.
    package var takesTime: Bool {
        switch self {
        case .wait, .cancel(_, wait: .untilDone): true
        case .submit(let query, wait: .untilDone): query.waitForRoom
        case .submit, .list, .result, .cancel, .retry, .pause, .resume: false
        }
    }
}

/// A task to be, as a client describes it.
package struct SubmitQuery: Equatable, Sendable {
    package var queue: String
    /// Without the submitter's user, which is for the kernel to say.
    package var submission: TaskSubmission
    /// Whether to wait while the queue is full.
    package var waitForRoom = false
    /// Whether its output follows as `log` notifications, from its beginning, until the connection closes.
    package var follow = false

    package init(queue: String, submission: TaskSubmission) {
        self.queue = queue
        self.submission = submission
    }
}

/// Which tasks a client wants to see.
package struct TaskQuery: Equatable, Sendable {
    package static let defaultLimit = 1000
    package static let maximumLimit = 5000
    /// Of a command, when many are listed.
    package static let commandLimit = 200

    /// Queues or pools, `mail*` or `all`; none means all.
    package var names: [String]
    /// None means every state.
    package var states: [TaskState]
    /// The newest so many.
    package var limit = TaskQuery.defaultLimit

    package init(names: [String] = [], states: [TaskState] = []) {
        self.names = names
        self.states = states
    }
}
