import Linux
import Synchronization
public import Threading

/// What happens to work for which a pool has no room.
public enum WhenFull: Hashable, Sendable {
    /// Whoever submits waits until there is room.
    case wait
    /// It is refused, with `ExecutorError.full`.
    case reject
}

/// Threads that do what is submitted: Python's `ThreadPoolExecutor`.
///
///     let pool = try ThreadPoolExecutor(maxWorkers: 4)
///     let sizes = try pages.map { page in try pool.submit { try fetch(page).count } }
///     print(try sizes.map { try $0.get() })
///     try pool.shutdown()
///
/// A worker is started when work is submitted and none is idle, until there are `maxWorkers`; then they stay until the
/// pool is shut down. When the last reference to the pool is gone, or the program ends, it finishes what was submitted
/// and lets its workers go; `withThreadPool` also waits for them.
///
/// A task that waits for another task of its own pool, by `Future.get` and without a limit, does that task itself if
/// nobody has begun; tasks that would wait for each other in a circle get `FutureError.wouldDeadlock`. So a pool never
/// stands still because all of its workers wait for it.
///
/// - Complexity: `submit` takes O(1), and does not wait for the workers.
public final class ThreadPoolExecutor: ClosureExecutor {
    @usableFromInline internal let core: PoolCore

    private static let made = Atomic<Int>(0)

    /// A pool without any worker as yet.
    ///
    /// - Parameters:
    ///   - maxWorkers: how many threads there may be; nil for `defaultMaxWorkers`.
    ///   - name: what the workers are called: `NAME_0`, `NAME_1` and so on; nil for a name that no other pool has.
    ///   - maxPending: how many tasks may wait for a worker; nil for no limit.
    ///   - whenFull: what happens to further ones. A task of the pool itself does the work at once, in place.
    ///   - options: the workers' stack, and what the end of the program does about them; it waits if nothing is said.
    ///   - initializer: runs in each worker before its first task. If it throws, the pool is broken: what is pending
    ///     fails with that error, and so does what is submitted later.
    /// - Throws: `ExecutorError.notPositive` for a number below 1.
    public init(
        maxWorkers: Int? = nil, name: String? = nil, maxPending: Int? = nil, whenFull: WhenFull = .wait,
        options: ThreadOptions = ThreadOptions(atExit: .join), initializer: (@Sendable () throws -> Void)? = nil
    ) throws(ExecutorError) {
        let limit = maxWorkers ?? ThreadPoolExecutor.defaultMaxWorkers
        guard limit >= 1 else { throw .notPositive("the number of workers", limit) }
        if let maxPending, maxPending < 1 { throw .notPositive("the number of pending tasks", maxPending) }
        let number = ThreadPoolExecutor.made.wrappingAdd(1, ordering: .relaxed).oldValue
        var options = options
        options.atExit = options.atExit ?? .join
        core = PoolCore(
            limit: min(limit, FutureWord.workers / 32), maxPending: maxPending,
            settings: PoolCore.Settings(
                name: name ?? "ThreadPoolExecutor-\(number)", options: options, whenFull: whenFull,
                initializer: initializer))
    }

    deinit { core.close() }

    /// How many workers a pool has at most if nothing else is said: four more than there are processors for this
    /// process, because tasks often wait for something, and 32 at most.
    ///
    /// The processors are those that affinity and cpusets allow, or fewer where a control group has a quota of
    /// processor time.
    public static var defaultMaxWorkers: Int { min(32, ProcessorQuota.processors + 4) }

    /// How many threads it may have.
    public var maxWorkers: Int { core.limit }

    /// How many threads it has at this moment.
    public var workerCount: Int { Crew(core.crew.load(ordering: .relaxed)).total }

    /// Whether it takes no more work. Once true, it stays true.
    public var isShutDown: Bool { core.queue.isClosed }

    /// Has work done by a worker. Python's `submit`.
    ///
    /// - Parameter work: what to do, once. It is let go when it has run, before its result can be got.
    /// - Returns: the future of its result.
    /// - Throws: `ExecutorError.shutDown`, `.broken`, `.full` if the pool rejects what it has no room for, or `.thread`
    ///   if it has no worker and none can be started. The work will not run then.
    @inlinable public func submit<Success: Sendable, Failure: Error>(
        _ work: sending @escaping () throws(Failure) -> Success
    ) throws(ExecutorError) -> Future<Success, Failure> {
        let future = Future<Success, Failure>(in: core) { future in
            // It is called with this very future.
            unsafe unsafeDowncast(future, to: Future<Success, Failure>.self).settle(work)
        }
        try core.submit(future)
        return future
    }

    /// Takes no more work, and waits until what was submitted is done and the workers have ended.
    ///
    /// Python's `shutdown(wait, cancel_futures)`; not waiting is a timeout of zero. It may be done again.
    ///
    /// - Parameters:
    ///   - cancelPending: whether to cancel what nobody has begun.
    ///   - timeout: how long to wait; nil for no limit, zero or less not to wait. The work goes on in any case.
    /// - Returns: whether all workers have ended.
    /// - Throws: `ExecutorError.wouldDeadlock` in a task of this pool that would wait for its own end; nothing was done
    ///   then.
    @discardableResult
    public func shutdown(cancelPending: Bool = false, timeout: Duration?) throws(ExecutorError) -> Bool {
        let deadline = Deadline(after: timeout)
        if !deadline.isImmediate, Worker.current?.pool === core { throw .wouldDeadlock }
        core.close(cancelPending: cancelPending)
        return core.join(until: deadline)
    }
}

/// Runs `body` with a new pool, and returns when everything that was submitted is done and all workers have ended.
///
///     let total = try withThreadPool(maxWorkers: 8) { pool in
///         try pool.map(files) { try size(of: $0) }.collect().reduce(0, +)
///     }
///
/// - Parameters:
///   - maxWorkers: how many threads there may be; nil for `ThreadPoolExecutor.defaultMaxWorkers`.
///   - name: what the workers are called.
///   - body: uses the pool. If it throws, what nobody has begun is cancelled.
/// - Returns: what `body` returned.
/// - Throws: what `body` threw, or `ExecutorError`.
public func withThreadPool<Result: ~Copyable>(
    maxWorkers: Int? = nil, name: String? = nil, _ body: (ThreadPoolExecutor) throws -> Result
) throws -> Result {
    let pool = try ThreadPoolExecutor(maxWorkers: maxWorkers, name: name)
    let result: Result
    do {
        result = try body(pool)
    } catch {
        try pool.shutdown(cancelPending: true)
        throw error
    }
    try pool.shutdown()
    return result
}

/// The task that runs in the calling thread, for the task itself.
public enum CurrentWork {
    /// Whether somebody asked the task of a `ThreadPoolExecutor` that runs in the calling thread to stop; false in any
    /// other thread. See `AnyFuture.requestCancellation()`.
    public static var isCancellationRequested: Bool { Worker.current?.task?.isCancellationRequested ?? false }
}
