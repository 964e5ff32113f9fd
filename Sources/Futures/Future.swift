import Threading

/// A result that is not there yet: Python's `concurrent.futures.Future`.
///
///     let future = try pool.submit { try fetch(page) }
///     let text = try future.get(timeout: .seconds(10))
///
/// It is a reference: all copies are about the same result, and any number of threads may wait for it. Whoever does the
/// work holds the other end, a `Promise` or a place in the queue of an executor; when that is dropped without an
/// answer the future is broken, so nobody waits for ever.
///
/// When it is done, first the threads that wait in `get` are woken, then those in `wait` and `asCompleted` and the
/// tasks in `await future.value`, and then the callbacks run.
public final class Future<Success: Sendable, Failure: Error>: AnyFuture, @unchecked Sendable {
    /// Written once, by whoever took it out of pending, before it is finished; read when it is.
    @usableFromInline internal var outcome: Result<Success, FutureError<Failure>>?

    @usableFromInline internal override init(in pool: PoolCore? = nil, work: ((AnyFuture) -> Void)? = nil) {
        super.init(in: pool, work: work)
    }

    /// Waits until it is done, and returns the value. Python's `result(timeout)`.
    ///
    /// In a worker of the pool that has the work in its queue, and without a limit, this does the work if nobody has
    /// begun: a pool never waits for itself. So a task should hold no lock that others need while it waits.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: what the work returned.
    /// - Throws: `FutureError`: `failed` with what the work threw, `cancelled`, `timedOut`, `broken`, or
    ///   `wouldDeadlock` in a task that would wait for itself.
    @inlinable public func get(timeout: Duration? = nil) throws(FutureError<Failure>) -> Success {
        try result(timeout: timeout).get()
    }

    /// Waits until it is done, and returns the value or the error. Corresponds to Python's `exception(timeout)`.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: what `get` would return or throw.
    @inlinable public func result(timeout: Duration? = nil) -> Result<Success, FutureError<Failure>> {
        if isDone { return settled }
        return result(after: waitUntilDone(timeout))
    }

    @inlinable internal func result(after ending: WaitEnding) -> Result<Success, FutureError<Failure>> {
        switch ending {
        case .done: settled
        case .tooLate: .failure(.timedOut)
        case .wouldDeadlock: .failure(.wouldDeadlock)
        }
    }

    /// The value or the error of a future that is done.
    @inlinable internal var settled: Result<Success, FutureError<Failure>> {
        if isCancelled { return .failure(.cancelled) }
        guard let outcome else { preconditionFailure("a future is done without a result") }
        return outcome
    }

    /// Has `body` called once the future is done, with the future itself. Python's `add_done_callback`.
    ///
    /// Callbacks run once each, in the order in which they were added, in the thread that finishes or cancels the
    /// future: in a thread pool that is the worker, which takes no other task meanwhile. All who wait have been woken
    /// before. If the future is done and no earlier callback is left, `body` runs at once in the calling thread; if one
    /// is left, after it and in its thread.
    ///
    /// - Parameter body: what to call. What it throws goes to `Thread.uncaughtErrorHandler`, and harms no other
    ///   callback.
    public func onCompletion(_ body: @escaping @Sendable (Future<Success, Failure>) throws -> Void) {
        addCallback { future in
            // It is this very object.
            try body(unsafe unsafeDowncast(future, to: Future<Success, Failure>.self))
        }
    }

    /// Does the work and writes its result, for a pool that has begun.
    @inlinable internal func settle(_ work: () throws(Failure) -> Success) {
        do { outcome = .success(try work()) } catch { outcome = .failure(.failed(error)) }
    }

    /// Finishes it, unless it is done or somebody else has begun.
    ///
    /// - Returns: whether this call finished it.
    internal func finish(_ result: Result<Success, FutureError<Failure>>, hasBegun: Bool) -> Bool {
        guard hasBegun || begin() else { return false }
        outcome = result
        tell(publish())
        return true
    }

    internal override var hasFailed: Bool {
        guard isDone, !isCancelled, case .failure = outcome else { return false }
        return true
    }

    internal override var hasPlainValue: Bool { _isPOD(Success.self) }

    internal override func settleBroken(_ reason: BrokenReason) { outcome = .failure(.broken(reason)) }
}

extension Future {
    /// A future that has its value already.
    public static func fulfilled(_ value: Success) -> Future { done(.success(value)) }

    /// A future that has failed already.
    public static func failed(_ failure: Failure) -> Future { done(.failure(.failed(failure))) }

    private static func done(_ result: Result<Success, FutureError<Failure>>) -> Future {
        let future = Future()
        _ = future.finish(result, hasBegun: false)
        return future
    }
}
