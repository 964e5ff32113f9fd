public import Futures
import Threading

extension Future {
    /// The value, for a task of Swift concurrency: it is suspended until the future is done.
    ///
    ///     let text = try await pool.submit { try fetch(page) }.value
    ///
    /// Corresponds to `await asyncio.wrap_future(future)`, but a task that is cancelled only stops waiting: the future
    /// may matter to others. `ClosureExecutor.run` is for work that belongs to one task.
    ///
    /// - Throws: `FutureError` as `get()` does, or `CancellationError` if the task is cancelled before it is done.
    public var value: Success {
        get async throws { try await value(timeout: nil) }
    }

    /// The value, unless it takes too long.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: what the work returned.
    /// - Throws: `FutureError` as `get(timeout:)` does, or `CancellationError` if the task is cancelled before it is
    ///   done.
    public func value(timeout: Duration?) async throws -> Success {
        let deadline = Deadline(after: timeout)
        if !isDone, !deadline.isImmediate, await Arrival.wait(for: self, until: deadline) == .cancelled {
            throw CancellationError()
        }
        // It is done, or too late; a worker of a pool never comes here to wait.
        return try get(timeout: .zero)
    }
}

extension ClosureExecutor {
    /// Has work done for a task of Swift concurrency, and returns its result.
    ///
    ///     let size = try await pool.run { try FileTree(path).size }
    ///
    /// If the task is cancelled, work that has not begun is cancelled, and work that runs is asked to stop, by
    /// `CurrentWork.isCancellationRequested`; either way this returns when nothing runs any more. What blocks belongs
    /// in a pool and not in a task, for there are only as many threads for tasks as processors.
    ///
    /// - Parameter work: what to do, once.
    /// - Returns: what it returned.
    /// - Throws: `CancellationError` if the task was cancelled before the work began, otherwise `ExecutorError` or
    ///   `FutureError`.
    public func run<Success: Sendable, Failure: Error>(
        _ work: sending @escaping () throws(Failure) -> Success
    ) async throws -> Success {
        try Task.checkCancellation()
        let future = try submit(work)
        await withTaskCancellationHandler {
            await Arrival.waitRegardless(for: future)
        } onCancel: {
            future.requestCancellation()
        }
        if future.isCancelled, Task.isCancelled { throw CancellationError() }
        return try future.get(timeout: .zero)
    }
}

/// Futures in the order in which they get done, as an asynchronous sequence: `asCompleted` for tasks.
///
///     for await future in completions(of: futures) { print(try future.get()) }
///
/// Those that are done already come first. It ends after the last one, or when the task is cancelled.
///
/// - Parameter futures: what to wait for; each is returned once, however often it is in there.
/// - Returns: the sequence, for one task.
public func completions<Element: AnyFuture>(of futures: some Sequence<Element>) -> AsyncStream<Element> {
    let all = Set(futures)
    let left = Monitor(all.count)
    // There are never more in the buffer than there are futures.
    return AsyncStream(Element.self, bufferingPolicy: .unbounded) { continuation in
        if all.isEmpty { continuation.finish() }
        let arrive = { @Sendable (future: Element) in
            continuation.yield(future)
            let isLast = left.withLock { left in
                left -= 1
                return left == 0
            }
            if isLast { continuation.finish() }
        }
        var waiters: [(Element, Waiter)] = []
        for future in all {
            let waiter = Waiter(callback: { arrive(future) })
            if future.observe(waiter) { waiters.append((future, waiter)) } else { arrive(future) }
        }
        continuation.onTermination = { [waiters] _ in
            for (future, waiter) in waiters { future.stopObserving(waiter) }
        }
    }
}
