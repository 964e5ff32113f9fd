public import Threading

/// Something that does work and gives futures of it: what pools of threads and pools of processes have in common.
/// Python's `concurrent.futures.Executor`.
///
/// How work is submitted depends on where it runs: see `ClosureExecutor` for what runs in this process.
public protocol Executor: AnyObject, Sendable {
    /// How many tasks can run at the same time.
    var maxWorkers: Int { get }

    /// Whether it takes no more work, because it was shut down or is broken. Once true, it stays true.
    var isShutDown: Bool { get }

    /// Takes no more work, and waits until what was submitted is done and the workers have ended.
    ///
    /// Doing it again is fine, and waits as well. Python's `shutdown(wait, cancel_futures)`.
    ///
    /// - Parameters:
    ///   - cancelPending: whether to cancel what nobody has begun.
    ///   - timeout: how long to wait; nil for no limit, zero or less not to wait. The work goes on in any case.
    /// - Returns: whether all workers have ended.
    /// - Throws: `ExecutorError.wouldDeadlock` in a task of this executor that would wait for its own end; nothing was
    ///   done then.
    @discardableResult
    func shutdown(cancelPending: Bool, timeout: Duration?) throws(ExecutorError) -> Bool
}

extension Executor {
    /// Takes no more work, and waits until what was submitted is done and the workers have ended.
    ///
    /// - Parameter cancelPending: whether to cancel what nobody has begun.
    /// - Throws: `ExecutorError.wouldDeadlock` in a task of this executor; nothing was done then.
    public func shutdown(cancelPending: Bool = false) throws(ExecutorError) {
        _ = try shutdown(cancelPending: cancelPending, timeout: nil)
    }
}

/// An executor whose work is closures, which run in this process.
public protocol ClosureExecutor: Executor {
    /// Has work done. Python's `submit`.
    ///
    /// - Parameter work: what to do, once. It is let go when it has run, before its result can be got.
    /// - Returns: the future of its result.
    /// - Throws: `ExecutorError` if the work was not taken.
    func submit<Success: Sendable, Failure: Error>(
        _ work: sending @escaping () throws(Failure) -> Success
    ) throws(ExecutorError) -> Future<Success, Failure>
}

/// Why an executor did not do what it was asked.
public enum ExecutorError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It was shut down, or the program is ending.
    case shutDown
    /// It is broken: Python's `BrokenExecutor`.
    case broken(BrokenReason)
    /// As many tasks are pending as it takes.
    case full
    /// It has no workers, and no thread can be started.
    case thread(ThreadError)
    /// The calling thread would wait for itself.
    case wouldDeadlock
    /// A number that has to be 1 or more is not.
    case notPositive(String, Int)

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .shutDown: "cannot submit: the executor was shut down; submit earlier, or make another one"
        case .broken(let reason): "cannot submit: \(reason)"
        case .full: "cannot submit: too many tasks are pending; submit later, or let the executor wait for room"
        case .thread(let error): "cannot submit: \(error)"
        case .wouldDeadlock:
            "cannot wait for the end of the executor: a task of it would wait for itself; shut it down from outside, "
                + "or with a timeout of zero"
        case .notPositive(let what, let number): "cannot take \(number) as \(what): it must be 1 or more"
        }
    }
}
