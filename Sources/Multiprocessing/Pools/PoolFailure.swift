public import Subprocesses

/// What a pool of processes says beyond what its functions throw; within `BrokenReason.worker`.
public enum PoolFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The worker ended while it worked on this task. Other tasks are not concerned.
    case workerDied(TerminationStatus)
    /// Workers ended before they were ready to work, several of them in a row.
    case neverReady(TerminationStatus)
    /// No worker could be started, and there was none that could have done the work.
    case cannotStart(ProcessStartError)
    /// Each worker that was to do the work ended before it began with it.
    case neverBegan(TerminationStatus)
    /// The task was asked to stop before it came to this input.
    case stopped

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .workerDied(let status): "cannot finish the task: its worker ended with \(status); submit it again"
        case .neverReady(let status):
            "cannot use the pool: its workers end with \(status) before they are ready; call Worker.begin as the first "
                + "statement of their program, and mend the initializer"
        case .cannotStart(let error): "cannot run the task: no worker can be started: \(error)"
        case .neverBegan(let status):
            "cannot run the task: workers end with \(status) when they get it; see what they say"
        case .stopped: "cannot get the result: its task was asked to stop before; ask for it again"
        }
    }
}
