package import Linux
package import Scheduling

/// One thread that waits for everything at once: descriptors, timers, signals and messages of other threads.
///
/// An idle loop sleeps in the kernel and is never woken. A turn waits for a batch of events, reads the clock once,
/// and calls the handlers: exits of processes first, then signals, due timers, control, output. Handlers run one at a
/// time; each may add and remove any source, its own included. The loop, its handlers and what they touch belong to
/// the thread that calls `run`; `Mailbox` is the only door for others.
package final class EventLoop {
    /// Who comes first when several sources are ready. Due timers run between `signals` and `control`, so that an exit
    /// cancels the timer that would have acted on it.
    package enum Priority: UInt8, CaseIterable, Sendable {
        case exits
        case signals
        case control
        case output
    }

    /// Names a source that was added. A source that was removed leaves its token stale, and harmless.
    package struct Source: Hashable, Sendable {
        let index: UInt32
        let generation: UInt32

        init(index: UInt32, generation: UInt32) {
            self.index = index
            self.generation = generation
        }

        init(token: UInt64) {
            self.init(index: UInt32(truncatingIfNeeded: token), generation: UInt32(truncatingIfNeeded: token >> 32))
        }

        var token: UInt64 { UInt64(generation) << 32 | UInt64(index) }
    }

    package typealias TimerHandle = TimerWheel<() -> Void>.Handle

    /// The most events, and the most timers, that one turn handles: what is left waits for the next turn, behind the
    /// exits and signals that have come meanwhile.
    package static let batch = 256

    /// When this turn began.
    package private(set) var now: Instant

    private var epoll: Epoll
    private var sources = SourceTable()
    private var ready: [Epoll.Event] = []

    private let timer: TimerDescriptor
    private var wheel: TimerWheel<() -> Void>
    /// What the kernel's timer is set to: never later than the first deadline while the loop sleeps.
    private var armed = Instant.distantFuture

    private var signals: SignalDescriptor?
    private var isStopping = false

    package init() throws(SystemError) {
        now = Instant(nanoseconds: MonotonicClock.now())
        wheel = TimerWheel(now: now)
        epoll = try Epoll(batch: Self.batch)
        timer = try TimerDescriptor()
        // Edge-triggered: an expiry wakes the loop once and then needs no read.
        try epoll.add(timer.raw, .read, .edge, token: Self.timerToken)
    }

    /// No source has this token: its index would be the last that a `UInt32` can hold.
    private static let timerToken = UInt64.max

    // MARK: - Running

    /// Turns until a handler calls `stop`.
    package func run() throws(SystemError) {
        isStopping = false
        while !isStopping { try turn() }
    }

    /// Ends `run` after this turn.
    package func stop() { isStopping = true }

    /// Waits for events, or with `blocking` false only looks, and handles one batch of them.
    package func turn(blocking: Bool = true) throws(SystemError) {
        try armTimer()
        let timersWait = (wheel.nextDeadline() ?? .distantFuture) <= now
        try epoll.wait(blocking: blocking && !timersWait, into: &ready)
        now = Instant(nanoseconds: MonotonicClock.now())

        let events = ready
        if events.contains(where: { $0.token == Self.timerToken }) { armed = .distantFuture }
        for priority in Priority.allCases {
            if priority == .control { runTimers() }
            for event in events { dispatch(event, at: priority) }
        }
    }

    private func dispatch(_ event: Epoll.Event, at priority: Priority) {
        guard let entry = sources[Source(token: event.token)], entry.priority == priority else { return }
        // An earlier handler of this batch may have lost interest in what is reported.
        let news = event.readiness.intersection(entry.interest.union([.hangUp, .failure]))
        if !news.isEmpty { entry.handler(news) }
    }

    // MARK: - Sources

    /// Watches a descriptor, which stays the caller's and must outlive the source.
    ///
    /// - Parameter trigger: `.oneShot` reports once, until `rearm`.
    /// - Parameter handler: is told what the descriptor is ready for, hang-up and failure always included.
    package func add(
        _ fd: Int32, _ interest: Readiness, _ trigger: Epoll.Trigger = .level, priority: Priority,
        _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Source {
        let source = sources.insert(
            .init(fd: fd, priority: priority, interest: interest, trigger: trigger, handler: handler))
        do {
            try epoll.add(fd, interest, trigger, token: source.token)
        } catch {
            _ = sources.remove(source)
            throw error
        }
        return source
    }

    /// Changes what a source waits for, or arms a one-shot source again. Nothing happens to a stale source.
    package func rearm(_ source: Source, _ interest: Readiness) throws(SystemError) {
        guard var entry = sources[source] else { return }
        // What is watched all the time is watched for this already.
        if entry.interest == interest, entry.trigger == .level { return }
        entry.interest = interest
        sources[source] = entry
        try epoll.modify(entry.fd, interest, entry.trigger, token: source.token)
    }

    /// Stops watching. No handler call for this source happens afterwards, not even for news already received.
    ///
    /// Call it before the descriptor is closed.
    package func remove(_ source: Source) {
        guard let entry = sources.remove(source) else { return }
        do {
            try epoll.remove(entry.fd)
        } catch {
            assertionFailure("a descriptor was closed before its source was removed: \(error)")
        }
    }

    // MARK: - Timers

    /// Calls `action` once when `deadline` has come; in the next turn, if it has passed already.
    package func schedule(at deadline: Instant, _ action: @escaping () -> Void) -> TimerHandle {
        wheel.insert(action, at: deadline)
    }

    /// Forgets a timer. A timer that has fired leaves its handle stale, and harmless.
    package func cancel(_ timer: TimerHandle) { wheel.cancel(timer) }

    private func runTimers() {
        // Timers set by these timers for now or earlier wait for the next turn only when the budget is used up.
        for _ in 0..<Self.batch {
            guard let due = wheel.popDue(at: now) else { return }
            due.payload()
        }
    }

    /// Sets the kernel's timer if a deadline has become earlier. A cancelled deadline leaves it alone: one wake-up for
    /// nothing costs less than a system call for each cancellation.
    private func armTimer() throws(SystemError) {
        guard let next = wheel.nextDeadline(), next < armed, next > now else { return }
        try timer.arm(at: next.nanoseconds)
        armed = next
    }

    // MARK: - Signals and other threads

    /// Blocks `signals` in this thread and hands them to `handler` instead. At most once a loop, and before other
    /// threads are started (see `SignalDescriptor`).
    package func watchSignals(
        _ numbers: [Int32], _ handler: @escaping (SignalDescriptor.Signal) -> Void
    ) throws(SystemError) {
        precondition(signals == nil, "signals are watched once")
        let descriptor = try SignalDescriptor(signals: numbers)
        _ = try add(descriptor.raw, .read, priority: .signals) { [unowned self] _ in nextSignals(handler) }
        signals = consume descriptor
    }

    private func nextSignals(_ handler: (SignalDescriptor.Signal) -> Void) {
        // Each signal number is pending at most once, and there are 64: this ends.
        while true {
            let signal: SignalDescriptor.Signal?
            do {
                signal = try signals?.next()
            } catch {
                preconditionFailure("a signal descriptor cannot fail: \(error)")
            }
            guard let signal else { return }
            handler(signal)
        }
    }

    /// Makes a mailbox whose messages `handler` gets on this loop's thread, in the order of posting.
    package func makeMailbox<Message: Sendable>(
        of type: Message.Type = Message.self, capacity: Int, priority: Priority = .control,
        _ handler: @escaping (Message) -> Void
    ) throws(SystemError) -> Mailbox<Message> {
        let mailbox = try Mailbox<Message>(capacity: capacity)
        // The handler keeps the mailbox, and with it the watched descriptor, for as long as the loop lives.
        _ = try add(mailbox.bellDescriptor, .read, priority: priority) { _ in
            for message in mailbox.takeAll() { handler(message) }
        }
        return mailbox
    }
}
