/// The other end of a future: the duty to answer, once.
///
///     let promise = Promise<Int, Never>()
///     let future = promise.future
///     try Thread { promise.fulfill(42) }
///
/// It cannot be copied, and answering uses it up, so there is never a second answer. When it is dropped without one,
/// the future is broken with `BrokenReason.abandoned`. Corresponds to `set_running_or_notify_cancel`, `set_result`
/// and `set_exception` of Python's `Future`, which everybody may call at any time there.
public struct Promise<Success: Sendable, Failure: Error>: ~Copyable, Sendable {
    /// The future that is to be answered.
    public let future: Future<Success, Failure>
    private var hasBegun = false

    /// A promise with a new future.
    public init() { future = Future() }

    deinit {
        // If it was answered or cancelled this does nothing.
        if hasBegun, future.isDone { return }
        _ = future.finish(.failure(.broken(.abandoned)), hasBegun: hasBegun)
    }

    /// Begins to work on it: from now on the future is running, and can no longer be cancelled.
    ///
    /// One may also answer without it, if the work is done in no time.
    ///
    /// - Returns: false if it was cancelled, and there is nothing to do.
    public mutating func begin() -> Bool {
        if !hasBegun { hasBegun = future.begin() }
        return hasBegun
    }

    /// Whether somebody has cancelled the future or asked the work to stop.
    public var isCancellationRequested: Bool { future.isCancellationRequested }

    /// Answers with a value.
    ///
    /// - Returns: false if the future was cancelled before.
    @discardableResult
    public consuming func fulfill(_ value: Success) -> Bool {
        future.finish(.success(value), hasBegun: hasBegun)
    }

    /// Answers with an error.
    ///
    /// - Returns: false if the future was cancelled before.
    @discardableResult
    public consuming func fail(_ failure: Failure) -> Bool {
        future.finish(.failure(.failed(failure)), hasBegun: hasBegun)
    }

    /// Answers with a value or an error.
    ///
    /// - Returns: false if the future was cancelled before.
    @discardableResult
    public consuming func complete(_ result: Result<Success, Failure>) -> Bool {
        future.finish(result.mapError(FutureError.failed), hasBegun: hasBegun)
    }

    /// Says that there will be no answer, and why.
    ///
    /// - Returns: false if the future was cancelled before.
    @discardableResult
    public consuming func abandon(_ reason: BrokenReason) -> Bool {
        future.finish(.failure(.broken(reason)), hasBegun: hasBegun)
    }
}

extension Promise where Success == Void {
    /// Answers that it is done.
    ///
    /// - Returns: false if the future was cancelled before.
    @discardableResult
    public consuming func fulfill() -> Bool { fulfill(()) }
}
