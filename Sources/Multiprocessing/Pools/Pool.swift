public import Futures
import Threading

/// Why a pool did not do what it was asked.
public enum PoolUseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It takes work still.
    case running

    /// “cannot …: reason; what to do”.
    public var description: String {
        "cannot join the pool: it takes work still; close or terminate it first"
    }
}

/// Worker processes by the names of Python's `multiprocessing.Pool`.
///
///     let pool = try Pool(processes: 4)
///     let squares = try pool.map(square, Array(1...1000))
///     pool.close()
///     try pool.join()
///
/// It is a `ProcessPoolExecutor` with other manners: all workers are started at once, and when it is dropped without
/// `close()`, or the program ends, its workers are terminated. Unlike Python's, it never loses a task: one whose worker
/// dies fails with `PoolFailure.workerDied`, a callback that throws harms nobody, and an initializer that fails breaks
/// the pool instead of being tried for ever.
public final class Pool: Sendable {
    /// The executor that does the work.
    public let executor: ProcessPoolExecutor

    /// Starts a pool.
    ///
    /// - Parameters:
    ///   - processes: how many workers; nil for the processors that this process may use.
    ///   - context: how workers are started, and from which program.
    ///   - maxTasksPerChild: after how many tasks a worker is replaced; nil for no limit. A chunk is one task.
    /// - Throws: `ExecutorError.notPositive` for a number below 1; `.broken` with `PoolFailure.cannotStart` if a worker
    ///   cannot be started, and then none is left.
    public convenience init(
        processes: Int? = nil, context: Context = .spawn, maxTasksPerChild: Int? = nil
    ) throws(ExecutorError) {
        try self.init(processes, context, maxTasksPerChild, nil)
    }

    /// Starts a pool whose workers run a function before their first task.
    ///
    /// - Parameters:
    ///   - processes: how many workers; nil for the processors that this process may use.
    ///   - context: how workers are started, and from which program.
    ///   - initializer: runs in each worker. If it throws, the pool is broken.
    ///   - argument: what it runs with.
    ///   - maxTasksPerChild: after how many tasks a worker is replaced; nil for no limit. A chunk is one task.
    /// - Throws: as without an initializer; what encoding the argument throws.
    public convenience init<Argument, Output>(
        processes: Int? = nil, context: Context = .spawn, initializer: RemoteFunction<Argument, Output>,
        argument: Argument, maxTasksPerChild: Int? = nil
    ) throws {
        try self.init(processes, context, maxTasksPerChild, try PoolWork(calling: initializer, argument))
    }

    private init(
        _ processes: Int?, _ context: Context, _ maxTasksPerChild: Int?, _ prepared: PoolWork?
    ) throws(ExecutorError) {
        executor = try ProcessPoolExecutor(
            maxWorkers: processes, context: context, name: nil, maxTasksPerWorker: maxTasksPerChild, retries: 0,
            prepared: prepared, diesAtExit: true)
        try executor.engine.startAll()
    }

    deinit { if !executor.isShutDown { executor.engine.abandon() } }

    // MARK: - One call

    /// Runs a function in a worker, and waits for its result.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit. The function goes on in any case.
    /// - Throws: `ExecutorError` if it was not taken; `FutureError` as `Future.get` does.
    public func apply<Argument, Output>(
        _ function: RemoteFunction<Argument, Output>, _ argument: Argument, timeout: Duration? = nil
    ) throws -> Output { try executor.submit(function, argument).get(timeout: timeout) }

    /// Has a function run in a worker.
    ///
    /// - Parameters:
    ///   - callback: called once with the result, in a thread of its own. What it throws goes to
    ///     `Thread.uncaughtErrorHandler`.
    ///   - errorCallback: the same for an error.
    /// - Returns: the future of its result: Python's `AsyncResult`.
    /// - Throws: `ExecutorError` if it was not taken.
    @discardableResult
    public func applyAsync<Argument, Output>(
        _ function: RemoteFunction<Argument, Output>, _ argument: Argument,
        callback: (@Sendable (Output) throws -> Void)? = nil,
        errorCallback: (@Sendable (FutureError<any Error>) throws -> Void)? = nil
    ) throws(ExecutorError) -> Future<Output, any Error> {
        let future = try executor.submit(function, argument)
        Pool.tell(future, callback, errorCallback)
        return future
    }

    private static func tell<Value>(
        _ future: Future<Value, any Error>, _ callback: (@Sendable (Value) throws -> Void)?,
        _ errorCallback: (@Sendable (FutureError<any Error>) throws -> Void)?
    ) {
        if callback == nil, errorCallback == nil { return }
        future.onCompletion { future in
            switch future.result() {
            case .success(let value): try callback?(value)
            case .failure(let error): try errorCallback?(error)
            }
        }
    }

    // MARK: - Many calls

    /// Runs a function for each input, and waits for all results.
    ///
    /// - Parameters:
    ///   - inputs: what to run it with.
    ///   - chunkSize: how many inputs make one task; nil for as many as give each worker four tasks.
    ///   - timeout: how long to wait; nil for no limit.
    /// - Returns: the results, in the order of the inputs.
    /// - Throws: `ExecutorError` if the inputs were not taken; the error of the first input that failed, as
    ///   `Future.get` does. The rest is cancelled then; Python waits for it.
    public func map<Argument, Output>(
        _ function: RemoteFunction<Argument, Output>, _ inputs: some Sequence<Argument>, chunkSize: Int? = nil,
        timeout: Duration? = nil
    ) throws -> [Output] {
        let inputs = Array(inputs)
        return try executor.map(
            function, inputs, chunkSize: chunkSize ?? defaultChunkSize(inputs.count), timeout: timeout
        ).collect()
    }

    /// Runs a function for each pair of inputs, and waits for all results.
    ///
    /// - Throws: as `map`.
    public func starmap<First, Second, Output>(
        _ function: RemoteFunction<Pair<First, Second>, Output>, _ inputs: some Sequence<(First, Second)>,
        chunkSize: Int? = nil, timeout: Duration? = nil
    ) throws -> [Output] {
        try map(function, inputs.map { Pair($0, $1) }, chunkSize: chunkSize, timeout: timeout)
    }

    /// Has a function run for each input.
    ///
    /// - Parameters:
    ///   - inputs: what to run it with.
    ///   - chunkSize: how many inputs make one task; nil for as many as give each worker four tasks.
    ///   - callback: called once with all results.
    ///   - errorCallback: called once with the error, if there is one.
    /// - Returns: the future of all results, in the order of the inputs. When all are done it fails with the error of
    ///   the first input that failed. To cancel it cancels what nobody has begun.
    /// - Throws: `ExecutorError` if the inputs were not taken.
    @discardableResult
    public func mapAsync<Argument, Output>(
        _ function: RemoteFunction<Argument, Output>, _ inputs: some Sequence<Argument>, chunkSize: Int? = nil,
        callback: (@Sendable ([Output]) throws -> Void)? = nil,
        errorCallback: (@Sendable (FutureError<any Error>) throws -> Void)? = nil
    ) throws(ExecutorError) -> Future<[Output], any Error> {
        let inputs = Array(inputs)
        let size = chunkSize ?? defaultChunkSize(inputs.count)
        guard size >= 1 else { throw .notPositive("the chunk size", size) }
        let collector = PoolCollector<Output>(executor.engine)
        let future = collector.future
        Pool.tell(future, callback, errorCallback)
        do throws(ExecutorError) {
            for start in stride(from: 0, to: inputs.count, by: size) {
                let items = Array(inputs[start..<min(start + size, inputs.count)])
                collector.add(try executor.submit(chunk: items, function))
            }
        } catch {
            future.cancel()
            throw error
        }
        collector.begin()
        return future
    }

    /// Has a function run for each pair of inputs.
    ///
    /// - Throws: as `mapAsync`.
    @discardableResult
    public func starmapAsync<First, Second, Output>(
        _ function: RemoteFunction<Pair<First, Second>, Output>, _ inputs: some Sequence<(First, Second)>,
        chunkSize: Int? = nil, callback: (@Sendable ([Output]) throws -> Void)? = nil,
        errorCallback: (@Sendable (FutureError<any Error>) throws -> Void)? = nil
    ) throws(ExecutorError) -> Future<[Output], any Error> {
        try mapAsync(
            function, inputs.map { Pair($0, $1) }, chunkSize: chunkSize, callback: callback,
            errorCallback: errorCallback)
    }

    /// Runs a function for each input, as the results are needed.
    ///
    /// - Parameters:
    ///   - inputs: read only as far as the buffer has room, so there may be no end of them.
    ///   - chunkSize: how many inputs make one task.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got; nil for 64, or more if there are
    ///     many workers. Python has no limit.
    /// - Returns: where to get the results, in the order of the inputs.
    /// - Throws: `ExecutorError`.
    public func imap<Inputs: Sequence, Output>(
        _ function: RemoteFunction<Inputs.Element, Output>, _ inputs: Inputs, chunkSize: Int = 1,
        bufferSize: Int? = nil
    ) throws(ExecutorError) -> MapResults<Output, any Error> {
        try executor.map(function, inputs, chunkSize: chunkSize, bufferSize: bufferSize ?? defaultBufferSize)
    }

    /// Runs a function for each input, as the results are needed, and gives them as they come.
    ///
    /// - Parameters:
    ///   - inputs: read only as far as the buffer has room, so there may be no end of them.
    ///   - chunkSize: how many inputs make one task.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got; nil as for `imap`.
    /// - Returns: where to get the results, in no order.
    /// - Throws: `ExecutorError`.
    public func imapUnordered<Inputs: Sequence, Output>(
        _ function: RemoteFunction<Inputs.Element, Output>, _ inputs: Inputs, chunkSize: Int = 1,
        bufferSize: Int? = nil
    ) throws(ExecutorError) -> UnorderedResults<Output> {
        try UnorderedResults(inputs, chunkSize: chunkSize, bufferSize: bufferSize ?? defaultBufferSize) {
            [executor] (items: [Inputs.Element]) throws(ExecutorError) in
            try executor.submit(chunk: items, function)
        }
    }

    private func defaultChunkSize(_ count: Int) -> Int {
        let tasks = 4 * executor.maxWorkers
        return max(1, (count + tasks - 1) / tasks)
    }

    private var defaultBufferSize: Int { max(64, 4 * executor.maxWorkers) }

    // MARK: - The end

    /// Takes no more work; the workers end when they have done what there is.
    public func close() { executor.engine.close() }

    /// Ends the workers at once, with SIGTERM, and after `grace` with SIGKILL, and takes no more work. What they work
    /// on fails with `PoolFailure.workerDied`, and what nobody has begun is cancelled. Python's `terminate` waits for
    /// ever for a worker that ignores SIGTERM.
    public func terminate(grace: Duration = .seconds(5)) { executor.terminateWorkers(grace: grace) }

    /// Waits until all workers have ended, after `close()` or `terminate()`. It may be done again.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: whether all have ended.
    /// - Throws: `PoolUseError.running`; `ExecutorError.wouldDeadlock`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws -> Bool {
        guard executor.isShutDown else { throw PoolUseError.running }
        return try executor.shutdown(timeout: timeout)
    }

    /// The worker processes that it has at this moment.
    public var workers: [Process] { executor.workers }
}

/// Runs `body` with a new pool, and terminates its workers when it has returned or thrown: Python's `with Pool()`.
///
/// - Throws: what `body` threw, or `ExecutorError`.
public func withPool<Result: ~Copyable>(
    processes: Int? = nil, context: Context = .spawn, _ body: (Pool) throws -> Result
) throws -> Result {
    let pool = try Pool(processes: processes, context: context)
    defer {
        pool.terminate()
        // It throws only in the pool's own thread, which calls nobody's code here.
        _ = try? pool.join()
    }
    return try body(pool)
}
