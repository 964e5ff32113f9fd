package import ControlProtocol

/// The exit statuses of roostctl. Stable: scripts rely on them.
package struct Exit: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let success = Exit(rawValue: 0)
    package static let notReached = Exit(rawValue: 1)
    package static let usage = Exit(rawValue: 2)
    package static let notRunning = Exit(rawValue: 3)
    package static let unreachable = Exit(rawValue: 4)
    package static let notPermitted = Exit(rawValue: 5)
    package static let unknownName = Exit(rawValue: 6)
    package static let problems = Exit(rawValue: 7)
    package static let timedOut = Exit(rawValue: 8)
    package static let full = Exit(rawValue: 9)
    /// As a shell says of a command that SIGINT ended.
    package static let interrupted = Exit(rawValue: 130)

    /// That of a task which `submit --wait` has followed to its end.
    static func task(_ code: Int32) -> Exit { Exit(rawValue: code) }

    package static let meanings: [(exit: Exit, meaning: String)] = [
        (.success, "done"),
        (
            .notReached,
            "an instance did not get to where it was asked to go, a task did not end well, or roostd could not do it"
        ),
        (.usage, "the command line makes no sense"),
        (
            .notRunning,
            "status found an instance that is stopped, exited or fatal, or result a task that is not finished"
        ),
        (.unreachable, "roostd cannot be reached"),
        (.notPermitted, "you may not do this"),
        (.unknownName, "no such worker, instance, group, queue or task"),
        (.problems, "the configuration has problems"),
        (.timedOut, "it took longer than --timeout; what was asked for goes on"),
        (.full, "the queue is full"),
        (.interrupted, "interrupted"),
    ]
}

/// Why a verb ended without success. An empty message has been said already.
package struct Failure: Error, Equatable, Sendable {
    package let exit: Exit
    package let message: String

    package init(_ exit: Exit, _ message: String = "") {
        self.exit = exit
        self.message = message
    }

    package init(_ error: ControlError) {
        let problems = ProblemText.text(error.data?.problems ?? [], style: Style())
        let message = problems.isEmpty ? error.message : "\(error.message)\n\(problems.dropLast())"
        self.init(Failure.exit(for: error.knownCode), message)
    }

    private static func exit(for code: ControlError.Code?) -> Exit {
        switch code {
        case .unknownName: .unknownName
        case .notPermitted: .notPermitted
        case .configurationHasProblems: .problems
        case .waitTimedOut: .timedOut
        case .invalidParameters: .usage
        case .slowReader: .unreachable
        case .queueIsFull: .full
        case .parseError, .invalidRequest, .methodNotFound, .internalError, .busy, .shuttingDown, .notStored,
            .wrongState, .notRunning, nil:
            .notReached
        }
    }
}
