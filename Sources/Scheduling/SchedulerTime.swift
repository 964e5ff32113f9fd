/// What a `Scheduler` needs of the world: the time, a way to let time pass, and to keep other threads out.
///
/// `Threading` has `SystemTime`, for the real clock and any number of threads. `InjectedTime` is made of two closures,
/// for one thread, as Python's `sched.scheduler(timefunc, delayfunc)`. Tests write their own.
public protocol SchedulerTime {
    /// What a scheduler does when the time of an event has come: a closure, which is `@Sendable` where several threads
    /// may run it.
    associatedtype Action = () throws -> Void

    /// Carries out an action: `try action()`.
    ///
    /// - Throws: what the action threw.
    static func perform(_ action: Action) throws

    /// The current time. It must not go back.
    func now() -> Instant

    /// Runs `body` while no other thread does. Where there is one thread only, `body` can simply be called.
    ///
    /// The scheduler calls neither actions nor `delay` from within.
    func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result

    /// Changes with every `wake()`. Read with the lock held.
    var wakeTicket: UInt32 { get }

    /// Waits, unless somebody has called `wake()` since `ticket` was read, and until somebody does. It may return early
    /// for no reason. A delay of zero follows each event, and gives others a chance.
    func delay(_ delay: Duration, unlessWokenSince ticket: UInt32)

    /// Ends every `delay`, because what was waited for has changed. Called without the lock.
    func wake()
}

/// Time made of two closures, for one thread: simulated time, or an event loop's own way to wait.
///
/// Corresponds to the `timefunc` and `delayfunc` of Python's `sched.scheduler`, including that `delay` is called with
/// zero after each event.
public struct InjectedTime: SchedulerTime {
    private let readTime: () -> Instant
    private let letPass: (Duration) -> Void

    /// - Parameters:
    ///   - now: the current time.
    ///   - delay: lets that much time pass, or less.
    public init(now: @escaping () -> Instant, delay: @escaping (Duration) -> Void) {
        readTime = now
        letPass = delay
    }

    /// Calls the action.
    ///
    /// - Throws: what the action threw.
    public static func perform(_ action: () throws -> Void) throws { try action() }

    /// The current time.
    public func now() -> Instant { readTime() }

    /// Calls `body`: there is one thread.
    ///
    /// - Throws: what `body` threw.
    public func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try body()
    }

    /// Always the same: while the only thread waits, nobody can wake it.
    public var wakeTicket: UInt32 { 0 }

    /// Lets time pass.
    public func delay(_ delay: Duration, unlessWokenSince ticket: UInt32) { letPass(delay) }

    /// Does nothing.
    public func wake() {}
}
