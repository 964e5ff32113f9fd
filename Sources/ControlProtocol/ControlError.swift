package import SupervisorCore

/// Why a request was not carried out: the `error` of a JSON-RPC 2.0 answer.
package struct ControlError: Error, Codable, Equatable, Sendable, CustomStringConvertible {
    package let code: Int
    /// What is wrong and how to mend it, for people.
    package let message: String
    package let data: Details?

    package init(_ code: Code, _ message: String, data: Details? = nil) {
        self.code = code.rawValue
        self.message = message
        self.data = data
    }

    /// Those of JSON-RPC 2.0, and our own from -32000 on. Never renumbered.
    package enum Code: Int, Sendable, CaseIterable {
        case parseError = -32700
        case invalidRequest = -32600
        case methodNotFound = -32601
        case invalidParameters = -32602
        case internalError = -32603
        /// A name that the plan does not know. `data` has `name` and perhaps `nearest`.
        case unknownName = -32000
        /// The peer may not do this.
        case notPermitted = -32001
        /// Too many requests or connections; try again later. `data` has `limit`.
        case busy = -32002
        case shuttingDown = -32003
        /// The configuration has problems, so nothing was changed. `data` has `problems`.
        case configurationHasProblems = -32004
        /// The client does not read; the connection is closed.
        case slowReader = -32005
        /// A pool takes no tasks, for nothing of it runs.
        case notRunning = -32010
        /// The wait took longer than `timeout`. What was asked for goes on.
        case waitTimedOut = -32006
        /// The queue has no room. `data` has `limit`.
        case queueIsFull = -32007
        /// What must be durable could not be made so, and nothing was done.
        case notStored = -32008
        /// A task is in a state in which this cannot be done.
        case wrongState = -32009
    }

    package struct Details: Codable, Equatable, Sendable {
        package var name: String?
        package var nearest: String?
        package var limit: Int?
        package var problems: [ProblemReport]?
        package var task: UInt64?

        package init(
            name: String? = nil, nearest: String? = nil, limit: Int? = nil, problems: [ProblemReport]? = nil,
            task: UInt64? = nil
        ) {
            self.name = name
            self.nearest = nearest
            self.limit = limit
            self.problems = problems
            self.task = task
        }
    }

    /// Nil for a code that a newer daemon may have.
    package var knownCode: Code? { Code(rawValue: code) }

    package var description: String { message }
}

extension ControlError {
    package init(_ refusal: Reply.Refusal) {
        switch refusal {
        case .isQueue(let name):
            self.init(
                .unknownName, "cannot do this with \"\(name)\": it is a queue; \"roostctl tasks \(name)\" shows it",
                data: Details(name: name, nearest: nil))
        case .unknownName(let name, let nearest):
            let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? "; \"roostctl status\" lists all names"
            self.init(
                .unknownName, "cannot find \"\(name)\" in the plan\(hint)",
                data: Details(name: name, nearest: nearest))
        case .shuttingDown:
            self.init(.shuttingDown, "cannot do this while roostd is shutting down")
        case .tooManyRequests(let limit):
            self.init(
                .busy, "cannot take more than \(limit) requests at once; wait for some to be answered",
                data: Details(limit: limit))
        case .badCount(let count, let limit):
            self.init(
                .invalidParameters, "cannot scale to \(count) instances; give a number from 0 to \(limit)",
                data: Details(limit: limit))
        case .noPool, .poolIsDown, .callTimedOut:
            self.init(poolRefusal: refusal)
        case .unknownTask(let id):
            self.init(.unknownName, refusal.taskText, data: Details(name: id.description))
        case .queueIsFull(_, let capacity):
            self.init(.queueIsFull, refusal.taskText, data: Details(limit: capacity))
        case .queueHoldsTooMuch(_, let bytes):
            self.init(.queueIsFull, refusal.taskText, data: Details(limit: bytes))
        case .notStored:
            self.init(.notStored, refusal.taskText)
        case .queueIsLeaving, .dependencyFailed, .keyInUse, .taskIsFinished, .taskIsNotFinished:
            self.init(.wrongState, refusal.taskText)
        case .taskTooLarge(_, let limit), .tooManyDependencies(_, let limit):
            self.init(.invalidParameters, refusal.taskText, data: Details(limit: limit))
        case .wrongWork, .badTask:
            self.init(.invalidParameters, refusal.taskText)
        }
    }

    package init(_ tooLong: FrameReader.TooLong) {
        self.init(
            .invalidRequest, "cannot take a request of more than \(tooLong.limit) bytes; the connection is closed",
            data: Details(limit: tooLong.limit))
    }
}

/// One problem of the configuration, as the configuration room found it.
package struct ProblemReport: Codable, Equatable, Sendable {
    package enum Severity: String, Codable, Sendable, CaseIterable {
        case error, warning
    }

    package var file: String
    package var line: Int?
    package var key: String?
    package var message: String
    package var severity: Severity

    package init(file: String, line: Int? = nil, key: String? = nil, message: String, severity: Severity = .error) {
        self.file = file
        self.line = line
        self.key = key
        self.message = message
        self.severity = severity
    }
}
