import Linux
import Scheduling
import Synchronization

/// Why a thread could not be started.
public enum ThreadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The stack asked for is smaller than this many bytes.
    case stackTooSmall(minimum: Int)
    /// The kernel or the C library refused, with this `errno`: `EAGAIN` when there are too many threads or too little
    /// memory, `EINVAL` for a stack that no machine has.
    case refused(errno: Int32)
    /// The program is ending, and takes no more exit handlers.
    case exiting

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .stackTooSmall(let minimum):
            "cannot start a thread: its stack needs \(minimum) bytes at least; ask for more, or for none in particular"
        case .refused(let errno):
            "cannot start a thread: \(SystemError.text(errno)); end some, raise the limit (ulimit -u, TasksMax), or "
                + "ask for a smaller stack"
        case .exiting:
            "cannot add an exit handler: the program is ending; add it earlier"
        }
    }
}

/// Why a thread has no result for whoever joins it.
public enum JoinError<Failure: Error>: Error, CustomStringConvertible {
    /// The thread's body threw this.
    case failed(Failure)
    /// A thread was to wait for itself.
    case wouldDeadlock

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .failed(let failure): "cannot join: the thread failed: \(failure)"
        case .wouldDeadlock: "cannot join: a thread would wait for itself forever; join it from another one"
        }
    }
}

/// Thrown by a thread's body to end it on purpose: Python's `SystemExit` in a thread. It is reported to nobody but to
/// whoever joins the thread.
public struct ThreadExit: Error, Hashable, Sendable {
    /// An exit without a reason.
    public init() {}
}

/// How a thread is to be.
public struct ThreadOptions: Hashable, Sendable {
    /// The size of the stack in bytes, rounded up to whole pages; nil or 0 for the C library's default, which follows
    /// `ulimit -s` (usually 8 MiB, of which only what is used takes memory).
    public var stackSize: Int?

    /// What the end of the program does about the thread.
    public enum AtExit: Hashable, Sendable {
        /// It waits until the thread has ended.
        case join
        /// It does not wait: wherever the thread is, it stops for good, holding what it holds. Python's `daemon`.
        case detach
    }

    /// What the end of the program does about the thread; nil for what it does about the thread that makes it, if
    /// `Thread` made that one, and otherwise for `join`.
    public var atExit: AtExit?

    /// Options; without arguments, what is right for nearly every thread.
    public init(stackSize: Int? = nil, atExit: AtExit? = nil) {
        self.stackSize = stackSize
        self.atExit = atExit
    }
}

/// A thread with a result: Python's `threading.Thread`, whose `join` gives back what the thread found or what it threw.
///
///     let thread = try Thread(name: "sum") { (1...1000).reduce(0, +) }
///     try thread.join()          // 500500
///
/// A value of this type is a handle: copies are about the same thread, every one of them may be joined, several times
/// and from several threads, and dropping all of them changes nothing for the thread. When a thread throws, the
/// `Thread.uncaughtErrorHandler` is told, and whoever joins it gets the error.
///
/// When the main thread ends the program, by returning from its main code or by `exit`, it first waits for all
/// threads but those that are detached at exit. Another thread that calls `exit` waits for none: somebody may be
/// waiting for that very thread. `withThreads` waits earlier, at the end of a scope. A new thread has the signal mask
/// of the one that makes it.
///
/// Where Foundation is imported as well, write `Threading.Thread`.
public struct Thread<Success: Sendable, Failure: Error>: Sendable {
    /// The thread as others see it: its name, numbers, and whether it is alive.
    public let info: ThreadInfo
    private let outcome: Outcome

    /// Makes a thread and starts it.
    ///
    /// - Parameters:
    ///   - name: how to call it; nil for `Thread-1`, `Thread-2` and so on.
    ///   - options: the stack, and what happens at the end of the program.
    ///   - body: what the thread does. It is let go as soon as it has returned.
    /// - Throws: `ThreadError`; no thread was made then.
    public init(
        name: String? = nil, options: ThreadOptions = ThreadOptions(),
        _ body: sending @escaping () throws(Failure) -> Success
    ) throws(ThreadError) {
        let stackSize = try options.checkedStackSize()
        let detached = options.atExit.map { $0 == .detach } ?? ThreadRegistry.current.childrenAreDetachedAtExit
        let record = ThreadRecord(
            kind: .own, name: name.flatMap { $0.isEmpty ? nil : $0 } ?? ThreadRegistry.nextName(),
            isDetachedAtExit: detached)
        let outcome = Outcome(body)
        ThreadExitHandlers.install()
        ThreadRegistry.add(record)
        do {
            try KernelThread.start(stackSize: stackSize) { outcome.produce(in: record) }
        } catch {
            ThreadRegistry.remove(record)
            record.begin(nativeID: -1)
            record.end()
            throw .refused(errno: error.errno)
        }
        info = ThreadInfo(record: record)
        self.outcome = outcome
    }

    /// Waits until the thread has ended, and returns its result.
    ///
    /// - Returns: what the body returned.
    /// - Throws: `JoinError.failed` with what the body threw, or `.wouldDeadlock` in the thread itself.
    @discardableResult
    public func join() throws(JoinError<Failure>) -> Success {
        while true {
            if let result = try join(timeout: nil) { return result }
        }
    }

    /// Waits until the thread has ended or the timeout has passed.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: what the body returned; nil if the thread is still running.
    /// - Throws: `JoinError.failed` with what the body threw, or `.wouldDeadlock` in the thread itself.
    public func join(timeout: Duration?) throws(JoinError<Failure>) -> Success? {
        if ThreadRegistry.current === info.record { throw .wouldDeadlock }
        guard info.record.waitForEnd(timeout: timeout) else { return nil }
        do { return try outcome.get() } catch { throw .failed(error) }
    }

    /// Whether the thread has ended, so that `join` returns at once.
    public var isFinished: Bool { info.record.hasEnded }

    /// What the thread is to do, and later what came of it.
    private final class Outcome: @unchecked Sendable {
        // The thread itself writes these before it ends; others read the result after it has ended.
        private var body: (() throws(Failure) -> Success)?
        private var result: Result<Success, Failure>?

        init(_ body: sending @escaping () throws(Failure) -> Success) { self.body = body }

        func get() throws(Failure) -> Success {
            guard let result else {
                preconditionFailure("the thread has no result: foreign code ended it by pthread_exit or pthread_cancel")
            }
            return try result.get()
        }

        /// The whole life of the thread.
        func produce(in record: ThreadRecord) {
            ThreadRegistry.enter(record)
            record.tellKernelName()
            let info = ThreadInfo(record: record)
            ThreadHooks.started(info)
            let result = run()
            if case .failure(let error) = result, !(error is ThreadExit) {
                UncaughtErrors.report(UncaughtError(error: error, thread: info))
            }
            self.result = result
            ThreadHooks.ended(info)
            record.locals.removeAll()
            // Out of the list before anybody is told: a thread that was joined is never listed.
            ThreadRegistry.remove(record)
            record.end()
        }

        /// In a function of its own, so that the body and what it holds are gone afterwards.
        private func run() -> Result<Success, Failure> {
            guard let body = body.take() else { preconditionFailure("a thread runs once") }
            do { return .success(try body()) } catch { return .failure(error) }
        }
    }
}

extension Thread where Success == Never, Failure == Never {
    /// The calling thread, whoever made it. Python's `threading.current_thread`.
    public static var current: ThreadInfo { ThreadInfo(record: ThreadRegistry.current) }

    /// The thread in which the program began. Python's `threading.main_thread`.
    public static var main: ThreadInfo { ThreadInfo(record: ThreadRegistry.main) }

    /// All threads that have not ended, in the order in which they were made: the main one, those that `Thread` made,
    /// and those of other libraries that have asked for `Thread.current`. Python's `threading.enumerate`.
    ///
    /// A thread is in the list from before it runs, and is out of it before it can be joined.
    public static var all: [ThreadInfo] { ThreadRegistry.all.map(ThreadInfo.init) }

    /// How many threads `all` lists. Python's `threading.active_count`.
    public static var activeCount: Int { ThreadRegistry.all.count }

    /// Runs `handler` when the program ends, before it waits for the threads that are still running.
    ///
    /// Handlers run once each, the last one added first. Python's internal `threading._register_atexit`.
    ///
    /// - Throws: `ThreadError.exiting` if the program is already ending.
    public static func atExit(_ handler: @escaping @Sendable () -> Void) throws(ThreadError) {
        try ThreadExitHandlers.add(handler)
    }
}

extension ThreadOptions {
    fileprivate func checkedStackSize() throws(ThreadError) -> Int? {
        guard let stackSize, stackSize != 0 else { return nil }
        let minimum = KernelThread.minimumStackSize
        guard stackSize >= minimum else { throw .stackTooSmall(minimum: minimum) }
        return stackSize
    }
}
