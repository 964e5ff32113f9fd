import Linux
public import Scheduling
import Synchronization

/// The real time, for a `Scheduler` that any number of threads use: the monotonic clock, a lock, and a way to be woken.
///
/// The clock stands still while the machine is suspended, as Python's `time.monotonic` does on Linux.
public final class SystemTime: SchedulerTime, Sendable {
    /// What an event does, on whichever thread runs the scheduler.
    public typealias Action = @Sendable () throws -> Void

    private let lock = FutexLock()
    /// Counts the wake-ups, and is what a thread sleeps on that waits for an event.
    private let ticket = Futex()

    /// A time for one scheduler.
    public init() {}

    /// Calls the action.
    ///
    /// - Throws: what the action threw.
    public static func perform(_ action: Action) throws { try action() }

    /// Nanoseconds since boot.
    public func now() -> Instant { Deadline.now }

    /// Runs `body` with the lock held.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try lock.withLock(body)
    }

    /// Changes with every wake-up. One between reading it and sleeping is not lost: the kernel compares it once more.
    public var wakeTicket: UInt32 { ticket.word.load(ordering: .acquiring) }

    /// Sleeps until the delay is over or somebody wakes. Zero returns at once: whoever else is ready runs anyway.
    public func delay(_ delay: Duration, unlessWokenSince ticket: UInt32) {
        guard delay > .zero else { return }
        self.ticket.wait(while: ticket, until: Deadline(after: delay).nanoseconds)
    }

    /// Wakes all threads that sleep in `delay`.
    public func wake() {
        ticket.word.wrappingAdd(1, ordering: .releasing)
        ticket.wakeAll()
    }
}

extension Scheduler where Time == SystemTime {
    /// A scheduler of the real time, for any number of threads.
    public convenience init() { self.init(time: SystemTime()) }
}
