/// Does things at their time, in order: Python's `sched.scheduler`.
///
///     import Scheduling
///     import Threading
///
///     let scheduler = Scheduler()
///     scheduler.enter(after: .seconds(1)) { print("one") }
///     let two = scheduler.enter(after: .seconds(2)) { print("two") }
///     scheduler.cancel(two)
///     try scheduler.run()
///
/// Events are due by time, then by priority (lower first), then in the order in which they were entered. An event that
/// comes late is never dropped. `run` takes an event out before it carries out its action; the action may enter and
/// cancel events, and if it throws, the error comes out of `run`, which may be called again for the rest.
///
/// With `SystemTime`, which `Scheduler()` of `Threading` uses, all of it may be done from any thread at any time. Other
/// than in Python, a thread that sleeps in `run` notices at once that an earlier event was entered, or that the one it
/// sleeps for was cancelled. Several threads may run the same scheduler; each event is carried out once.
///
/// The time is that of a monotonic clock. It holds no more than 2³² events, and no other limit than memory.
///
/// - Complexity: entering and cancelling are O(1), see `TimerWheel`.
public final class Scheduler<Time: SchedulerTime> {
    /// What an event does: a closure that may throw, and that is `@Sendable` where several threads may run it.
    public typealias Action = Time.Action

    /// Where the time comes from.
    public let time: Time

    private let identity = SchedulerIdentity()

    // Guarded by the lock of `time`, all of it.
    private var wheel: TimerWheel<Entry>
    /// How many threads are in `run`, and how many of them wait for the next event.
    private var runners = 0
    private var sleepers = 0
    /// Counts the calls of `stop`, for the threads in `run`; what it was when the next `run` has to notice.
    private var stops: UInt64 = 0
    private var stopsNextRun = false

    private struct Entry {
        let action: Action
        let priority: Int16
    }

    /// A scheduler without events.
    public init(time: Time) {
        self.time = time
        wheel = TimerWheel(now: time.now())
    }

    // MARK: - Events

    /// Enters an event that is due after a delay: `enter` in Python.
    ///
    /// - Parameters:
    ///   - delay: from now; zero or less is due at once.
    ///   - priority: decides between events of the same time; lower goes first.
    ///   - action: what to do. It is let go as soon as it is done or cancelled.
    /// - Returns: what `cancel` needs.
    @discardableResult
    public func enter(after delay: Duration, priority: Int16 = 0, _ action: Action) -> ScheduledEvent {
        enterAbs(at: time.now() + delay, priority: priority, action)
    }

    /// Enters an event that is due at a moment of the scheduler's clock: `enterabs` in Python.
    ///
    /// - Parameters:
    ///   - moment: may have passed; then the event is due at once, before all that are due later.
    ///   - priority: decides between events of the same time; lower goes first.
    ///   - action: what to do. It is let go as soon as it is done or cancelled.
    /// - Returns: what `cancel` needs.
    @discardableResult
    public func enterAbs(at moment: Instant, priority: Int16 = 0, _ action: Action) -> ScheduledEvent {
        let (handle, isFirst) = time.withLock { () -> (TimerWheel<Entry>.Handle, Bool) in
            let isFirst = sleepers > 0 && moment < wheel.nextDeadline() ?? .distantFuture
            let entry = Entry(action: action, priority: priority)
            return (wheel.insert(entry, at: moment, priority: priority), isFirst)
        }
        if isFirst { time.wake() }
        return ScheduledEvent(time: moment, priority: priority, name: handle.name, identity: identity)
    }

    /// Takes back an event.
    ///
    /// - Returns: false if the event is not waiting: it was carried out or cancelled before, or it is of another
    ///   scheduler. Then nothing has changed. (Python raises `ValueError`.)
    @discardableResult
    public func cancel(_ event: ScheduledEvent) -> Bool {
        guard event.identity === identity else { return false }
        // What the action holds may do anything when it is let go, so that happens without the lock.
        let (entry, wasFirst) = time.withLock { () -> (Entry?, Bool) in
            let first = sleepers > 0 ? wheel.nextDeadline() : nil
            let entry = wheel.cancel(TimerWheel.Handle(name: event.name))
            return (entry, sleepers > 0 && first == event.time && wheel.nextDeadline() != first)
        }
        if wasFirst { time.wake() }
        return entry != nil
    }

    /// Whether no event waits: `empty` in Python. One whose action runs at this moment does not wait any more.
    public var isEmpty: Bool { time.withLock { wheel.isEmpty } }

    /// All events that wait, in the order in which they will be carried out: `queue` in Python.
    ///
    /// - Complexity: O(n log n) for n events.
    public var queue: [ScheduledEvent] {
        time.withLock {
            wheel.pending.map {
                ScheduledEvent(
                    time: $0.deadline, priority: $0.payload.priority, name: $0.handle.name, identity: identity)
            }
        }
    }

    // MARK: - Running

    /// Carries out events: `run` in Python.
    ///
    /// - Parameter blocking: whether to wait for events whose time has not come. False carries out what is due,
    ///   including what becomes due meanwhile, and returns.
    /// - Returns: nil if no event is left; otherwise how long it is until the next, because `blocking` was false or
    ///   `stop` was called.
    /// - Throws: what an action threw. Its event is gone, all others wait as before.
    @discardableResult
    public func run(blocking: Bool = true) throws -> Duration? {
        let begun = time.withLock { () -> UInt64 in
            runners += 1
            defer { stopsNextRun = false }
            return stopsNextRun ? stops - 1 : stops
        }
        defer { time.withLock { runners -= 1 } }
        while true {
            switch next(blocking: blocking, begun) {
            case .none:
                return nil
            case .stop(let remaining):
                return remaining
            case .wait(let delay, let ticket):
                time.delay(delay, unlessWokenSince: ticket)
                time.withLock { sleepers -= 1 }
            case .act(let action, let ticket):
                try Time.perform(action)
                time.delay(.zero, unlessWokenSince: ticket)
            }
        }
    }

    /// Ends every `run` after the action that it carries out at this moment; events stay as they are.
    ///
    /// If no thread is in `run`, the next call returns at once, so that a thread about to call it is not missed.
    public func stop() {
        time.withLock {
            stops += 1
            stopsNextRun = runners == 0
        }
        time.wake()
    }

    private enum Step {
        case none
        case stop(Duration?)
        case wait(Duration, ticket: UInt32)
        case act(Action, ticket: UInt32)
    }

    private func next(blocking: Bool, _ begun: UInt64) -> Step {
        // The clock is read with the lock held, so that of two threads none sees an older time than its events.
        time.withLock {
            guard let moment = wheel.nextDeadline() else { return .none }
            let now = time.now()
            if stops != begun { return .stop(max(.zero, moment - now)) }
            if moment <= now, let due = wheel.popDue(at: now) {
                return .act(due.payload.action, ticket: time.wakeTicket)
            }
            guard blocking else { return .stop(moment - now) }
            sleepers += 1
            return .wait(moment - now, ticket: time.wakeTicket)
        }
    }
}

extension Scheduler: @unchecked Sendable where Time: Sendable, Time.Action: Sendable {}
