import ControlProtocol
import Linux
import Reactor
import Scheduling
import SupervisorCore

/// One client: what it has sent, what it waits for, and what waits to be sent to it. Decides nothing.
final class ControlConnection {
    let id: ConnectionID
    let stream: UnixStream
    let peer: Peer
    var source: EventLoop.Source?
    var reader = FrameReader()
    var queue = WriteQueue()
    /// Requests without an answer, with the id that the answer must carry; nil for a notification.
    var outstanding: [RequestToken: MessageID?] = [:]
    var subscription: Subscription?
    /// Whether output of workers is being sent to it.
    var isFollowing = false
    var phase = Phase.open
    var lastActivity: Instant
    /// Whether `reader` may hold frames that have not been handled.
    var isHandlingFrames = false
    /// Set while such frames wait for the next turn.
    var continuation: EventLoop.TimerHandle?
    /// When a client that is being closed has had its time.
    var deadline: EventLoop.TimerHandle?

    struct Subscription {
        let filter: EventFilter
        let permits: (Announcement) -> Bool
    }

    enum Phase {
        case open
        /// The client sends no more, but still wants what it asked for.
        case halfClosed
        /// Nothing more is read; the connection closes when the queue has been sent.
        case closing
    }

    init(id: ConnectionID, stream: consuming UnixStream, peer: Peer, at now: Instant) {
        self.id = id
        self.stream = stream
        self.peer = peer
        lastActivity = now
    }

    /// Whether nobody would miss it: nothing asked, nothing to come.
    var isIdle: Bool {
        outstanding.isEmpty && subscription == nil && !isFollowing && queue.isEmpty && !isHandlingFrames
    }

    /// What to wait for now.
    var interest: Linux.Readiness {
        var interest: Linux.Readiness = queue.isEmpty ? [] : .write
        switch phase {
        case .open: if continuation == nil { interest.insert(.read) }
        case .halfClosed, .closing: break
        }
        return interest
    }
}
