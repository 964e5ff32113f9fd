/// How a child and all of its descendants are ended.
public struct TerminationPolicy: Hashable, Sendable {
    /// The signal that asks them to end; nil to kill them at once.
    public var signal: Int32?
    /// How long they may take after that before they are killed.
    public var grace: Duration

    /// They are killed at once, with SIGKILL.
    public static let kill = TerminationPolicy(signal: nil, grace: .zero)

    /// They get a signal, and what has not ended when the grace is over is killed.
    ///
    /// - Parameters:
    ///   - signal: by number; SIGTERM unless given.
    ///   - grace: how long they may take.
    public static func ask(signal: Int32 = 15, grace: Duration = .seconds(2)) -> TerminationPolicy {
        TerminationPolicy(signal: signal, grace: grace)
    }
}
