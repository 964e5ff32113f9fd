/// A hierarchical timer wheel with exact order: many timers, cheap to set and cheap to cancel.
///
/// Timers fire by deadline, then by priority (lower first), then in the order of insertion, exactly as Python's
/// `sched` orders its events. The wheel has no clock: the caller passes the time in, so that simulated time is as
/// good as real time.
///
/// Far timers wait in a wheel of 8 levels × 64 slots, one tick being 2²⁰ ns (about a millisecond). When the tick of a
/// slot comes, its timers move to a lower level, or are sorted by nanoseconds if they are few or of one tick. What may
/// be first is sorted, which makes the order exact without making the slots fine. After Varghese & Lauck, "Hashed and
/// Hierarchical Timing Wheels", scheme 7. Cancelled timers leave their slots on the way; their payloads go at once.
///
/// It is a value: a copy is another wheel with the same timers, and a handle names a timer in both.
///
/// - Complexity: `insert` and `cancel` are amortized O(1), but for a timer of the current tick, which costs O(log n).
///   Expiry moves a timer at most eight times, then costs O(log n) in the timers of one tick. No operation visits empty
///   ticks. A wheel holds 24 bytes for each timer and each that was cancelled but not dropped yet, which are at most
///   twice as many; and 4 bytes and the payload for each index in use.
public struct TimerWheel<Payload> {
    /// Names one timer that was inserted. A handle of a timer that fired or was cancelled is stale, and harmless.
    public struct Handle: Hashable, Sendable {
        @usableFromInline let name: WheelCore.Name

        @usableFromInline
        init(name: WheelCore.Name) { self.name = name }
    }

    @usableFromInline var core: WheelCore

    /// An empty wheel whose time starts at `now`.
    public init(now: Instant = .origin) {
        core = WheelCore(now: now.nanoseconds, PayloadTableOwner<Payload>(capacity: 0))
    }

    /// Makes room for that many timers at once, and keeps it. Otherwise a wheel grows as it must, and gives memory back
    /// after a burst.
    ///
    /// - Complexity: O(n).
    public mutating func reserveCapacity(_ capacity: Int) { core.reserve(capacity) }

    /// The number of timers that have neither fired nor been cancelled.
    @inlinable public var count: Int { core.count }

    /// Whether no timer is waiting.
    @inlinable public var isEmpty: Bool { core.count == 0 }

    /// Sets a timer. A deadline in the past is due at once, in its right place among the other due timers.
    ///
    /// - Parameter priority: decides among equal deadlines; lower fires first.
    /// - Returns: what `cancel` needs.
    @inlinable
    public mutating func insert(_ payload: Payload, at deadline: Instant, priority: Int16 = 0) -> Handle {
        let (name, isNew) = core.insert(deadline.nanoseconds, priority)
        let place = unsafe core.memory.table.payload(name.index, of: Payload.self)
        if isNew { unsafe place.initialize(to: payload) } else { unsafe place.pointee = payload }
        return Handle(name: name)
    }

    /// Removes a timer that has not fired yet.
    ///
    /// - Returns: its payload, or nil when the handle is stale.
    @inlinable
    @discardableResult
    public mutating func cancel(_ handle: Handle) -> Payload? {
        guard core.cancel(handle.name) else { return nil }
        return take(handle.name.index)
    }

    /// The deadline of the timer that will fire first, exact to the nanosecond; nil when there is none.
    ///
    /// - Complexity: O(1) when nothing changed, otherwise O(n) in the timers of one slot.
    @inlinable
    public mutating func nextDeadline() -> Instant? { core.nextDeadline().map(Instant.init(nanoseconds:)) }

    /// As `nextDeadline()`, for a wheel that cannot be changed; it does not remember what it found.
    ///
    /// - Complexity: O(n) in the timers of one slot, more where whole slots were cancelled.
    public var firstDeadline: Instant? {
        var copy = core
        return copy.nextDeadline().map(Instant.init(nanoseconds:))
    }

    /// Takes the first timer whose deadline is at or before `now`; nil when nothing is due.
    ///
    /// One at a time, because acting on a timer may set another that must fire before those already due.
    @inlinable
    public mutating func popDue(at now: Instant) -> (deadline: Instant, payload: Payload)? {
        guard let due = core.popDue(now.nanoseconds) else { return nil }
        guard let payload = take(due.index) else { preconditionFailure("a due timer has no payload") }
        return (Instant(nanoseconds: due.deadline), payload)
    }

    /// All timers that wait, in the order in which they will fire.
    ///
    /// - Complexity: O(n log n).
    public var pending: [(handle: Handle, deadline: Instant, payload: Payload)] {
        core.waiting.compactMap { entry in
            let payload = unsafe core.memory.table.payload(entry.index, of: Payload.self).pointee
            return payload.map {
                (
                    Handle(name: .init(index: entry.index, generation: entry.generation)),
                    Instant(nanoseconds: entry.deadline), $0
                )
            }
        }
    }

    /// What does not hold inside, or nil. For tests: it looks at everything.
    package func violation() -> String? { core.violation() }

    /// Takes out what a timer carried that is gone, so that whatever it holds is let go at once.
    @inlinable
    mutating func take(_ index: UInt32) -> Payload? {
        let payload = unsafe core.memory.table.payload(index, of: Payload.self).pointee.take()
        if core.count == 0 { core.giveBackIfEmpty() }
        return payload
    }
}

extension TimerWheel: @unchecked Sendable where Payload: Sendable {}
