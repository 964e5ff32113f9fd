import Glibc
import Linux

/// Code that runs at the beginning and at the end of every thread that `Thread` makes: where Python has `settrace` and
/// `setprofile`, for profilers, and for libraries that must be told of each thread.
public enum ThreadHooks {
    /// Takes a hook away again. Dropping it changes nothing.
    public struct Registration: Sendable {
        fileprivate let number: Int

        /// Takes the hook away. Threads that are just calling it finish.
        public func remove() {
            // Let go outside of the lock: what a hook holds may remove another one when it goes.
            let removed = ThreadHooks.hooks.withLock { hooks in
                let removed = (hooks.atStart + hooks.atEnd).filter { $0.number == number }
                hooks.atStart.removeAll { $0.number == number }
                hooks.atEnd.removeAll { $0.number == number }
                return removed
            }
            withExtendedLifetime(removed) {}
        }
    }

    private struct Hook {
        let number: Int
        let run: @Sendable (ThreadInfo) -> Void
    }

    private struct Hooks: ~Copyable {
        var atStart: [Hook] = []
        var atEnd: [Hook] = []
        var made = 0
    }

    private static let hooks = Guarded(Hooks())

    /// Has `hook` run in every thread made by `Thread` from now on, before its body, in the order of registration.
    @discardableResult
    public static func onStart(_ hook: @escaping @Sendable (ThreadInfo) -> Void) -> Registration {
        hooks.withLock { hooks in
            hooks.made += 1
            hooks.atStart.append(Hook(number: hooks.made, run: hook))
            return Registration(number: hooks.made)
        }
    }

    /// Has `hook` run in every thread made by `Thread` that ends from now on, after its body, the last one registered
    /// first. Whoever joins the thread waits for it.
    @discardableResult
    public static func onEnd(_ hook: @escaping @Sendable (ThreadInfo) -> Void) -> Registration {
        hooks.withLock { hooks in
            hooks.made += 1
            hooks.atEnd.append(Hook(number: hooks.made, run: hook))
            return Registration(number: hooks.made)
        }
    }

    static func started(_ thread: ThreadInfo) {
        for hook in hooks.withLock({ $0.atStart }) { hook.run(thread) }
    }

    static func ended(_ thread: ThreadInfo) {
        for hook in hooks.withLock({ $0.atEnd }).reversed() { hook.run(thread) }
    }
}

/// An error that nobody caught in a thread or in the action of a timer.
public struct UncaughtError: Sendable {
    /// The error.
    public let error: any Error
    /// The thread in which it was thrown.
    public let thread: ThreadInfo
}

/// What is done about errors that nobody caught.
package enum UncaughtErrors {
    private static let handler = Guarded<@Sendable (UncaughtError) -> Void>(writeToStandardError)

    static var current: @Sendable (UncaughtError) -> Void {
        get { handler.withLock { $0 } }
        set {
            // The old one goes outside of the lock, because what it holds may do anything then.
            var other = newValue
            handler.withLock { swap(&$0, &other) }
        }
    }

    static func report(_ uncaught: UncaughtError) { current(uncaught) }

    /// The same for code of users that runs in the calling thread; `ThreadExit` is no error.
    package static func report(_ error: any Error) {
        if !(error is ThreadExit) { report(UncaughtError(error: error, thread: Thread.current)) }
    }

    @Sendable static func writeToStandardError(_ uncaught: UncaughtError) {
        var rest = Array("Error in \(uncaught.thread.name): \(uncaught.error)\n".utf8)[...]
        while !rest.isEmpty {
            // Where nobody reads the standard error, or there is none, there is nobody to tell.
            guard let written = StandardError.writeQuietly(rest), written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}

extension Thread where Success == Never, Failure == Never {
    /// What is done about an error that a thread's body, or a timer's action, throws: Python's `threading.excepthook`.
    ///
    /// It runs in that thread, before anybody who joins the thread is told. At first it is
    /// `defaultUncaughtErrorHandler`. `ThreadExit` is no error and not reported.
    public static var uncaughtErrorHandler: @Sendable (UncaughtError) -> Void {
        get { UncaughtErrors.current }
        set { UncaughtErrors.current = newValue }
    }

    /// Writes one line to the standard error: the thread's name and the error. Python's `threading.__excepthook__`.
    public static var defaultUncaughtErrorHandler: @Sendable (UncaughtError) -> Void {
        UncaughtErrors.writeToStandardError
    }
}

/// What happens when the program ends.
enum ThreadExitHandlers {
    private enum State {
        case collecting([@Sendable () -> Void])
        case exiting
    }

    private static let state = Guarded(State.collecting([]))
    /// The process that the C library tells of its end. Settled under the lock of `state`.
    private static let home = HomeProcess()

    /// Makes the C library tell us of the end; once.
    static func install() {
        state.withLock { _ in
            guard !home.isSettled else { return }
            // It refuses only for want of memory, and then there are no handlers of anybody.
            if atexit({ ThreadExitHandlers.run() }) == 0 { home.settle() }
        }
    }

    static func add(_ handler: @escaping @Sendable () -> Void) throws(ThreadError) {
        install()
        try state.withLock { state throws(ThreadError) in
            guard case .collecting(let handlers) = state else { throw .exiting }
            state = .collecting(handlers + [handler])
        }
    }

    private static func run() {
        // A child that C code has forked has none of the threads, and nothing to say about the end.
        guard home.isHere else { return }
        let handlers = state.withLock { state -> [@Sendable () -> Void] in
            guard case .collecting(let handlers) = state else { return [] }
            state = .exiting
            return handlers
        }
        for handler in handlers.reversed() { handler() }
        // Somebody may be waiting for the thread that calls `exit`, and would never be done.
        guard KernelThread.id == getpid() else { return }
        // A thread may start others as long as it runs, so look again until there is none.
        while let thread = ThreadRegistry.all.first(where: { $0.kind == .own && !$0.isDetachedAtExit }) {
            _ = thread.waitForEnd(timeout: nil)
        }
    }
}
