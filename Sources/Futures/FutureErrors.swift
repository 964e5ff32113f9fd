/// Why a future has no value for whoever asks.
public enum FutureError<Failure: Error>: Error, CustomStringConvertible {
    /// The work threw this.
    case failed(Failure)
    /// It was cancelled before anybody began to work on it: Python's `CancelledError`.
    case cancelled
    /// There was no result in time: Python's `TimeoutError`. There may be one later.
    case timedOut
    /// There will never be a result: Python's `BrokenExecutor`.
    case broken(BrokenReason)
    /// The calling thread would wait for what only it can do.
    case wouldDeadlock

    /// “cannot get …: reason; what to do”.
    public var description: String {
        switch self {
        case .failed(let failure): "cannot get the result of the future: its work failed: \(failure)"
        case .cancelled: "cannot get the result of the future: it was cancelled; submit the work again"
        case .timedOut: "cannot get the result of the future: it is not done yet; wait longer, or come back later"
        case .broken(let reason): "cannot get the result of the future: \(reason)"
        case .wouldDeadlock:
            "cannot wait for the future: only the calling task, or one that waits for it, can finish it; do not wait "
                + "in a circle"
        }
    }

    /// What the work threw; nil for everything else.
    public var failure: Failure? {
        if case .failed(let failure) = self { return failure }
        return nil
    }
}

extension FutureError: Equatable where Failure: Equatable {}

/// Why a future is broken, or an executor. Two reasons are equal when they are of the same kind.
public enum BrokenReason: Error, Equatable, CustomStringConvertible {
    /// The promise was dropped without an answer.
    case abandoned
    /// The initializer of a worker failed, with this error.
    case initializer(any Error)
    /// The worker that was to do the work was lost, as this error tells.
    case worker(any Error)
    /// The executor took no more work.
    indirect case rejected(ExecutorError)

    /// “reason; what to do”, as the end of a sentence.
    public var description: String {
        switch self {
        case .abandoned: "whoever promised it gave up without an answer; look there"
        case .initializer(let error): "the initializer of a worker failed: \(error); mend it and make a new executor"
        case .worker(let error): "the worker was lost: \(error)"
        case .rejected(let error): "the executor did not take the work: \(error)"
        }
    }

    /// The error behind it, if there is one.
    public var cause: (any Error)? {
        switch self {
        case .abandoned: nil
        case .initializer(let error), .worker(let error): error
        case .rejected(let error): error
        }
    }

    /// Whether two reasons are of the same kind; the errors behind them are not compared.
    public static func == (left: BrokenReason, right: BrokenReason) -> Bool {
        switch (left, right) {
        case (.abandoned, .abandoned), (.initializer, .initializer), (.worker, .worker), (.rejected, .rejected): true
        case (.abandoned, _), (.initializer, _), (.worker, _), (.rejected, _): false
        }
    }
}

/// Why several futures could not be waited for.
public enum WaitError: Error, Hashable, Sendable, CustomStringConvertible {
    /// So many of them were not done in time.
    case timedOut(unfinished: Int, of: Int)
    /// The calling thread would wait for what only it can do.
    case wouldDeadlock

    /// “cannot wait …: reason; what to do”.
    public var description: String {
        switch self {
        case .timedOut(let unfinished, let total):
            "cannot wait for the futures: \(unfinished) of \(total) were not done in time; wait longer"
        case .wouldDeadlock:
            "cannot wait for the futures: only the calling task, or one that waits for it, can finish one of them; do "
                + "not wait in a circle"
        }
    }
}
