package import ControlProtocol

/// The exit statuses of roostctl. Stable: scripts rely on them.
package enum Exit: Int32, CaseIterable, Sendable {
    case success = 0
    case notReached = 1
    case usage = 2
    case notRunning = 3
    case unreachable = 4
    case notPermitted = 5
    case unknownName = 6
    case problems = 7
    case timedOut = 8
    /// As a shell says of a command that SIGINT ended.
    case interrupted = 130

    package var meaning: String {
        switch self {
        case .success: "done"
        case .notReached: "an instance did not get to where it was asked to go, or roostd could not do it"
        case .usage: "the command line makes no sense"
        case .notRunning: "status found an instance that is stopped, exited or fatal"
        case .unreachable: "roostd cannot be reached"
        case .notPermitted: "you may not do this"
        case .unknownName: "no such worker, instance or group"
        case .problems: "the configuration has problems"
        case .timedOut: "it took longer than --timeout; what was asked for goes on"
        case .interrupted: "interrupted"
        }
    }
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
        case .parseError, .invalidRequest, .methodNotFound, .internalError, .busy, .shuttingDown, nil: .notReached
        }
    }
}
