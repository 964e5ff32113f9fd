import ControlProtocol
import Reactor
import SupervisorCore

/// Which client waits for which request of the core.
struct RequestBook {
    enum Purpose {
        case action
        case apply([PlanChange])
        case call
        /// Whether the client wants the task's output.
        case submit(follow: Bool)
        case tasks
        case queues
    }

    struct Entry {
        let purpose: Purpose
        /// Nil when nobody waits, as with SIGHUP.
        let token: RequestToken?
        var timeout: EventLoop.TimerHandle?
    }

    private var entries: [RequestID: Entry] = [:]
    private var last: UInt64 = 0

    mutating func open(_ purpose: Purpose, token: RequestToken?) -> RequestID {
        last += 1
        let id = RequestID(last)
        entries[id] = Entry(purpose: purpose, token: token)
        return id
    }

    mutating func setTimeout(_ timeout: EventLoop.TimerHandle, of id: RequestID) { entries[id]?.timeout = timeout }

    mutating func close(_ id: RequestID) -> Entry? { entries.removeValue(forKey: id) }

    /// The requests of these tokens, which nobody waits for any more, in the order in which they were made.
    mutating func close(_ tokens: [RequestToken]) -> [(RequestID, Entry)] {
        let gone = Set(tokens)
        let closed = entries.filter { $0.value.token.map(gone.contains) == true }
        for id in closed.keys { entries[id] = nil }
        return closed.sorted { $0.key.number < $1.key.number }.map { ($0.key, $0.value) }
    }
}
