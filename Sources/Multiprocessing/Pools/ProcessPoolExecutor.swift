public import Futures
import Linux
import Synchronization
import Threading

/// Processes that do what is submitted: Python's `ProcessPoolExecutor`.
///
///     let pool = try ProcessPoolExecutor(maxWorkers: 4)
///     let future = try pool.submit(square, 12)
///     print(try future.get())                         // 144
///     try pool.shutdown()
///
/// What can be submitted are functions that the workers' program has registered with `Worker.begin`. A worker is
/// started when work is submitted and none is idle, until there are `maxWorkers`; then they stay until the pool is shut
/// down. When the last reference to the pool is gone, or the program ends, it finishes what was submitted and lets its
/// workers go; `withProcessPool` also waits for them.
///
/// When a worker dies, the task that it worked on fails with `PoolFailure.workerDied`, or is done again if there are
/// retries left. No other task is concerned: those that the worker had been sent and had not begun are done by others,
/// and another worker takes its place. In Python, all tasks fail and the pool is broken.
///
/// Short tasks are sent several at a time, and yet can be cancelled until a worker begins.
///
/// Callbacks of its futures run in a thread of their own, so they may wait for other futures of the pool. Results are
/// decoded in the pool's thread: `init(from:)` of a result must not wait for the pool.
public final class ProcessPoolExecutor: Executor {
    let engine: PoolEngine

    private static let made = Atomic<Int>(0)

    /// A pool without any worker as yet.
    ///
    /// - Parameters:
    ///   - maxWorkers: how many processes there may be; nil for the processors that this process may use.
    ///   - context: how workers are started, and from which program.
    ///   - name: what the workers are called: `NAME-1`, `NAME-2` and so on; nil for a name that no other pool has.
    ///   - maxTasksPerWorker: after how many tasks a worker is replaced; nil for no limit. A chunk is one task.
    ///   - retries: how often a task is done again whose worker has died. Only for tasks that may be done twice.
    /// - Throws: `ExecutorError.notPositive` for a number below 1.
    public convenience init(
        maxWorkers: Int? = nil, context: Context = .spawn, name: String? = nil, maxTasksPerWorker: Int? = nil,
        retries: Int = 0
    ) throws(ExecutorError) {
        try self.init(
            maxWorkers: maxWorkers, context: context, name: name, maxTasksPerWorker: maxTasksPerWorker,
            retries: retries, prepared: nil)
    }

    /// A pool whose workers run a function before their first task.
    ///
    /// - Parameters:
    ///   - maxWorkers: how many processes there may be; nil for the processors that this process may use.
    ///   - context: how workers are started, and from which program.
    ///   - name: what the workers are called; nil for a name that no other pool has.
    ///   - initializer: runs in each worker before its first task. If it throws, the pool is broken: what is pending
    ///     fails with `BrokenReason.initializer` and that error, and so does what is submitted later.
    ///   - argument: what it runs with. Handles in it are passed to each worker.
    ///   - maxTasksPerWorker: after how many tasks a worker is replaced; nil for no limit. A chunk is one task.
    ///   - retries: how often a task is done again whose worker has died. Only for tasks that may be done twice.
    /// - Throws: `ExecutorError.notPositive` for a number below 1; what encoding the argument throws.
    public convenience init<Argument, Output>(
        maxWorkers: Int? = nil, context: Context = .spawn, name: String? = nil,
        initializer: RemoteFunction<Argument, Output>, argument: Argument, maxTasksPerWorker: Int? = nil,
        retries: Int = 0
    ) throws {
        let prepared = try PoolWork(calling: initializer, argument)
        try self.init(
            maxWorkers: maxWorkers, context: context, name: name, maxTasksPerWorker: maxTasksPerWorker,
            retries: retries, prepared: prepared)
    }

    init(
        maxWorkers: Int?, context: Context, name: String?, maxTasksPerWorker: Int?, retries: Int, prepared: PoolWork?,
        diesAtExit: Bool = false
    ) throws(ExecutorError) {
        let limit = maxWorkers ?? ProcessPoolExecutor.defaultMaxWorkers
        guard limit >= 1 else { throw .notPositive("the number of workers", limit) }
        if let most = maxTasksPerWorker, most < 1 { throw .notPositive("the number of tasks for a worker", most) }
        let number = ProcessPoolExecutor.made.wrappingAdd(1, ordering: .relaxed).newValue
        engine = PoolEngine(
            PoolEngine.Settings(
                maxWorkers: limit, context: context, name: name ?? "ProcessPool-\(number)", initializer: prepared,
                maxTasksPerWorker: maxTasksPerWorker, retries: max(0, retries), diesAtExit: diesAtExit))
    }

    deinit { engine.close() }

    /// How many workers a pool has at most if nothing else is said: one for each processor that affinity and cpusets
    /// allow, or fewer where a control group has a quota of processor time. Python does not look at the quota.
    public static var defaultMaxWorkers: Int { ProcessorQuota.processors }

    /// How many processes it may have.
    public var maxWorkers: Int { engine.settings.maxWorkers }

    /// The processes that it has at this moment, with those that are just starting or ending.
    public var workers: [Process] { engine.lock.withLock { engine.members.map(\.process) } }

    /// Whether it takes no more work, because it was shut down or is broken. Once true, it stays true.
    public var isShutDown: Bool { engine.isClosed }

    /// Has a function run by a worker. Python's `submit`.
    ///
    /// - Parameters:
    ///   - function: what to run; the workers' program must have registered it.
    ///   - argument: what to run it with, encoded at once in the calling thread. Handles in it are passed along.
    /// - Returns: the future of its result. It fails with what the function throws, an error that it declares as
    ///   itself and any other one as `RemoteError`; with `EncodingError` or `DecodingError` if the argument or the
    ///   result could not be understood; and is broken by `PoolFailure` if the worker died.
    /// - Throws: `ExecutorError.shutDown`, `.broken`, or `.thread`. The function will not run then.
    /// - Complexity: O(1) and the encoding. It does not wait for the workers.
    public func submit<Argument, Output>(
        _ function: RemoteFunction<Argument, Output>, _ argument: Argument
    ) throws(ExecutorError) -> Future<Output, any Error> {
        let work: PoolWork
        do {
            work = try engine.encode(function.name) { writer in
                try writer.writePooled(argument)
                return 1
            }
        } catch {
            // Nobody else is concerned, as in Python; but a pool that takes nothing says so in any case.
            if engine.isClosed { throw engine.refusal }
            return .failed(error)
        }
        let future = Future<Output, any Error>(outside: engine)
        try engine.submit(SingleTask(function, work, future, retries: engine.settings.retries))
        return future
    }

    /// Has a function without an argument run by a worker.
    ///
    /// - Returns: the future of its result.
    /// - Throws: `ExecutorError` if the work was not taken.
    public func submit<Output>(
        _ function: RemoteFunction<Nothing, Output>
    ) throws(ExecutorError) -> Future<Output, any Error> { try submit(function, Nothing()) }

    /// Takes no more work, and waits until what was submitted is done and the workers have ended.
    ///
    /// Python's `shutdown(wait, cancel_futures)`; not waiting is a timeout of zero. It may be done again.
    ///
    /// - Parameters:
    ///   - cancelPending: whether to cancel what nobody has begun.
    ///   - timeout: how long to wait; nil for no limit, zero or less not to wait. The work goes on in any case.
    /// - Returns: whether all workers have ended.
    /// - Throws: `ExecutorError.wouldDeadlock` in the pool's own thread; nothing was done then.
    @discardableResult
    public func shutdown(cancelPending: Bool = false, timeout: Duration?) throws(ExecutorError) -> Bool {
        let deadline = Deadline(after: timeout)
        if !deadline.isImmediate, engine.isCurrent { throw .wouldDeadlock }
        engine.close()
        if cancelPending { engine.cancelPending() }
        return engine.join(until: deadline)
    }

    /// Asks all workers to end, with SIGTERM, and takes no more work. What they work on fails with
    /// `PoolFailure.workerDied`, and what nobody has begun is cancelled. Does not wait; `shutdown` does.
    ///
    /// Python's `terminate_workers`, which leaves those alone that ignore SIGTERM.
    ///
    /// - Parameter grace: after which time those are killed that have not ended; nil to let them be.
    public func terminateWorkers(grace: Duration? = .seconds(5)) { engine.terminate(signal: 15, grace: grace) }

    /// Kills all workers, with SIGKILL, and takes no more work; otherwise as `terminateWorkers`. Python's
    /// `kill_workers`.
    public func killWorkers() { engine.terminate(signal: 9, grace: nil) }
}

/// Runs `body` with a new pool, and returns when everything that was submitted is done and all workers have ended.
///
/// - Parameters:
///   - maxWorkers: how many processes there may be; nil for `ProcessPoolExecutor.defaultMaxWorkers`.
///   - context: how workers are started, and from which program.
///   - body: uses the pool. If it throws, what nobody has begun is cancelled.
/// - Returns: what `body` returned.
/// - Throws: what `body` threw, or `ExecutorError`.
public func withProcessPool<Result: ~Copyable>(
    maxWorkers: Int? = nil, context: Context = .spawn, _ body: (ProcessPoolExecutor) throws -> Result
) throws -> Result {
    let pool = try ProcessPoolExecutor(maxWorkers: maxWorkers, context: context)
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

extension PoolWork {
    /// The call of an initializer.
    init<Argument, Output>(calling initializer: RemoteFunction<Argument, Output>, _ argument: Argument) throws {
        let writer = ParcelWriter()
        try self.init(.initializer, initializer.name, with: writer) {
            try writer.writePooled(argument)
            return 1
        }
    }
}

extension PoolEngine {
    /// Encodes the arguments of a task.
    func encode(_ name: String, _ write: (ParcelWriter) throws -> Int) throws -> PoolWork {
        let writer = writers.take() ?? ParcelWriter()
        let work = try PoolWork(.work, name, with: writer) { try write(writer) }
        // A large one was an exception; its memory is not kept.
        if work.bytes.count <= PacketKind.longestWhole { writers.put(writer) }
        return work
    }
}

extension ProcessPoolExecutor {
    /// Fills the counter by which the pool's thread is woken, for tests.
    package func fillBell() { engine.inboxLock.withLock { engine.inbox.thread?.bell.fill() } }
}
