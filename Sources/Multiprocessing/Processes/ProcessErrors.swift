import CLinux
import Linux
public import Subprocesses

/// Why a process could not be started. Nothing is left behind then.
public enum ProcessStartError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The worker's program could not be executed.
    case spawn(SpawnError)
    /// It could not be connected with this process, or be told what to do.
    case connection(ConnectionError)
    /// The fork server could not make a process, for this `errno`.
    case forkServer(errno: Int32)
    /// The fork server ended at once: its program does not call `Worker.begin`, or has threads before that.
    case notAWorker(program: String)
    /// This program has not called `Worker.begin`, so a copy of it would do what the program does, and start copies.
    case notBegun
    /// A standard stream was to be a pipe, whose other end nobody would have.
    case noPipes

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .spawn(let error): error.description
        case .connection(let error): "cannot start a process: \(error)"
        case .forkServer(ENOSYS):
            "cannot start a process: here the kernel, or a filter of system calls, does not let a fork server copy "
                + "itself; start it by spawn"
        case .forkServer(let errno):
            "cannot start a process: its fork server says: \(SystemError.text(errno)); end some, or raise the "
                + "limit (ulimit -u, TasksMax)"
        case .notAWorker(let program):
            "cannot start a process: \(program) ended before it was a worker; call Worker.begin as its first statement"
        case .notBegun:
            "cannot start a process: this program would only be executed once more; call Worker.begin as its first "
                + "statement, or name a program that does"
        case .noPipes:
            "cannot start a process with a pipe as a standard stream: it has no other end here; pass one end of "
                + "Pipe.oneWay() as an argument, or use Subprocess"
        }
    }
}

/// Why a process could not be asked for something.
public enum ProcessUseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is running, and only what has ended can be closed.
    case running
    /// It was closed.
    case closed
    /// A signal could not be sent, for this `errno`.
    case refused(errno: Int32)

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .running: "cannot close the process: it is running; join or terminate it first"
        case .closed: "cannot use the process: it was closed; close it when nobody needs it any more"
        case .refused(let errno): "cannot signal the process: \(SystemError.text(errno))"
        }
    }
}

/// Why there is no result of a process.
public enum ProcessResultError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It ended before its function did.
    case ended(TerminationStatus)
    /// It ended before it became a worker: its program does not call `Worker.begin`, or was ended that early.
    case neverBegan(TerminationStatus)
    /// It did not end in time.
    case timedOut
    /// The result was taken before.
    case taken

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .ended(let status): "cannot get the result of the process: it ended before, with \(status)"
        case .neverBegan(let status):
            "cannot get the result of the process: it ended with \(status) before it was a worker; call Worker.begin "
                + "as the first statement of its program"
        case .timedOut: "cannot get the result of the process: it is still running; wait longer, or terminate it"
        case .taken: "cannot get the result of the process: it was taken before; keep it"
        }
    }
}
