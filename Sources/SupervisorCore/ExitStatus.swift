/// How a process ended, as `waitid(2)` tells it.
package enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
    /// It called `exit` with this code, 0…255.
    case exited(code: Int32)
    /// A signal ended it.
    case signaled(Signal, coreDumped: Bool)
    /// It is gone and nobody could say how. Never guessed.
    case unknown

    package var description: String {
        switch self {
        case .exited(let code): "exited with code \(code)"
        case .signaled(let signal, coreDumped: false): "was killed by \(signal)"
        case .signaled(let signal, coreDumped: true): "was killed by \(signal) (core dumped)"
        case .unknown: "ended with an unknown status"
        }
    }
}

/// Why a run could not be spawned.
package struct SpawnFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The errno of the step that failed; 0 when no system call was to blame.
    package let errno: Int32
    /// What failed and how to mend it, starting with "cannot".
    package let message: String

    package init(errno: Int32, message: String) {
        self.errno = errno
        self.message = message
    }

    package var description: String { message }
}
