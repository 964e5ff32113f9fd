import Linux
import Scheduling
import Synchronization

/// Code that runs once, after a while, unless it is cancelled before: Python's `threading.Timer`.
///
///     let timer = try Timer(after: .seconds(30)) { connection.close() }
///     timer.cancel()             // true: it will not run
///
/// All timers share one thread and one `TimerWheel`, so that ten thousand of them cost memory only. Therefore an action
/// has to be short: while it runs, other timers wait. Dropping the value does not cancel the timer. Timers with the
/// same deadline fire in the order in which they were made. The end of the program does not wait for timers. Time
/// stands still while the machine is suspended.
///
/// - Complexity: making and cancelling a timer is O(1).
public final class Timer: Sendable {
    private let handle: TimerThread.Handle

    /// Makes a timer and starts it.
    ///
    /// - Parameters:
    ///   - delay: how long to wait; zero or less fires as soon as possible.
    ///   - action: what to do. It is let go when it has run or the timer was cancelled. An error that it throws goes to
    ///     `Thread.uncaughtErrorHandler`.
    /// - Throws: `ThreadError.refused` if the thread that serves all timers cannot be started.
    public init(after delay: Duration, _ action: @escaping @Sendable () throws -> Void) throws(ThreadError) {
        handle = try TimerThread.shared.insert(action, at: Deadline.now + delay)
    }

    /// Cancels the timer, if it has not begun to run.
    ///
    /// - Returns: true if the action has not run and never will; false if it runs, has run, or was cancelled before.
    @discardableResult
    public func cancel() -> Bool { TimerThread.shared.cancel(handle) }

    /// How many timers are waiting in this process.
    public static var pendingCount: Int { TimerThread.shared.pendingCount }
}

/// The one thread that serves all timers.
private final class TimerThread: Sendable {
    typealias Action = @Sendable () throws -> Void
    typealias Handle = TimerWheel<Action>.Handle

    static let shared = TimerThread()

    private struct State: ~Copyable {
        var wheel = TimerWheel<Action>(now: Deadline.now)
        var isRunning = false
        /// Until when the thread sleeps; an earlier timer has to wake it.
        var sleepsUntil = Instant.distantFuture
    }

    private let state = Guarded(State())
    /// Changes whenever the thread has to look again.
    private let news = Futex()

    func insert(_ action: @escaping Action, at deadline: Instant) throws(ThreadError) -> Handle {
        let (handle, isEarlier) = try state.withLock { state throws(ThreadError) in
            if !state.isRunning {
                // No signal of the program is its business: a handler that runs here would hold up all timers.
                _ = try KernelThread.withAllSignalsBlocked { () throws(ThreadError) in
                    try Thread(name: "timers", options: ThreadOptions(atExit: .detach)) { [self] in serve() }
                }
                state.isRunning = true
            }
            let isEarlier = deadline < state.sleepsUntil
            return (state.wheel.insert(action, at: deadline), isEarlier)
        }
        if isEarlier {
            news.word.wrappingAdd(1, ordering: .releasing)
            news.wake()
        }
        return handle
    }

    func cancel(_ handle: Handle) -> Bool {
        // Out of the lock before the action is let go: what it holds may do anything then. The thread is not woken:
        // that it finds nothing to do does no harm.
        let action = state.withLock { $0.wheel.cancel(handle) }
        return action != nil
    }

    var pendingCount: Int { state.withLock { $0.wheel.count } }

    private func serve() {
        while true {
            while runNext() {}
            let (ticket, deadline) = state.withLock { state in
                state.sleepsUntil = state.wheel.nextDeadline() ?? .distantFuture
                return (news.word.load(ordering: .acquiring), state.sleepsUntil)
            }
            news.wait(while: ticket, until: deadline == .distantFuture ? nil : deadline.nanoseconds)
        }
    }

    /// Runs the first action that is due, if any is. In a function of its own, so that the action and what it holds are
    /// gone before the thread sleeps.
    private func runNext() -> Bool {
        guard let action = state.withLock({ $0.wheel.popDue(at: Deadline.now)?.payload }) else { return false }
        do {
            try action()
        } catch {
            UncaughtErrors.report(error)
        }
        return true
    }
}
