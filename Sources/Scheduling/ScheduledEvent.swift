/// An event that was entered into a `Scheduler`: Python's `sched.Event`, without its action.
///
/// It names exactly that event of that scheduler, for ever: no later event and no other scheduler is mistaken for it.
public struct ScheduledEvent: Hashable, Sendable, CustomStringConvertible {
    /// When the event is due.
    public let time: Instant
    /// Decides between events of the same time; lower goes first.
    public let priority: Int16

    let name: WheelCore.Name
    /// Held, so that no other scheduler can have the same while this exists.
    let identity: SchedulerIdentity

    /// Such as `event at 1.5 seconds, priority 0`.
    public var description: String { "event at \(time), priority \(priority)" }

    /// Whether both name the same event.
    public static func == (left: ScheduledEvent, right: ScheduledEvent) -> Bool {
        left.name == right.name && left.identity === right.identity
    }

    /// Hashes what names the event.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(ObjectIdentifier(identity))
    }
}

/// What a scheduler and its events have in common.
final class SchedulerIdentity: Sendable {}
