package import Linux

/// How a child ended.
public enum TerminationStatus: Hashable, Sendable, CustomStringConvertible {
    /// It ended by itself, with this code from 0 to 255.
    case exited(code: Int32)
    /// A signal ended it.
    case signaled(signal: Int32, coreDumped: Bool)
    /// It has ended, and nobody can say how: another part of this program collected its exit, or the program ignores
    /// SIGCHLD, whereupon the kernel throws exits away. Never taken for a success.
    case unknown

    /// Whether it ended by itself with code 0.
    public var isSuccess: Bool { self == .exited(code: 0) }

    /// “exit code 3”, “signal 11 (SIGSEGV), core dumped” or “unknown exit”.
    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal, let coreDumped):
            "signal \(signal) (\(SystemError.signalName(signal)))\(coreDumped ? ", core dumped" : "")"
        case .unknown: "unknown exit"
        }
    }

    package init(_ exit: ProcessExit) {
        switch exit {
        case .exited(let code): self = .exited(code: code)
        case .signaled(let signal, let coreDumped): self = .signaled(signal: signal, coreDumped: coreDumped)
        }
    }
}

/// What a child has used, with all of its descendants that it waited for.
public struct ResourceUsage: Hashable, Sendable {
    /// Processor time in the program itself.
    public let userTime: Duration
    /// Processor time in the kernel on behalf of the program.
    public let systemTime: Duration
    /// The most memory that it, or the largest of those descendants, had at one time, in bytes.
    public let peakMemory: Int

    init(_ usage: ProcessUsage) {
        userTime = usage.userTime
        systemTime = usage.systemTime
        peakMemory = usage.peakMemory
    }
}

/// Why a process could not be signalled, or its pipe not be used.
public struct ProcessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kernel's reason, as in `errno(3)`.
    public let errno: Int32
    /// “cannot …: reason”, for people.
    public let description: String

    package init(_ error: SystemError) {
        errno = error.errno
        description = error.description
    }

    init(_ operation: String, _ subject: String, errno: Int32, advice: String? = nil) {
        self.errno = errno
        let text = SystemError(operation, subject, errno: errno).description
        description = text + (advice.map { "; \($0)" } ?? "")
    }
}
