/// One slot of a worker, such as `web:0`; lives as long as the plan has it.
package struct InstanceID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let worker: String
    package let index: Int

    package init(worker: String, index: Int) {
        self.worker = worker
        self.index = index
    }

    package static func < (left: InstanceID, right: InstanceID) -> Bool {
        (left.worker, left.index) < (right.worker, right.index)
    }

    package var description: String { "\(worker):\(index)" }
}

/// One attempt at running an instance, such as `web:0#17`.
///
/// Numbers never repeat within an instance, so news about an earlier run can be told from news about this one.
package struct RunID: Hashable, Sendable, CustomStringConvertible {
    package let instance: InstanceID
    package let number: UInt64

    package init(instance: InstanceID, number: UInt64) {
        self.instance = instance
        self.number = number
    }

    package var description: String { "\(instance)#\(number)" }
}

/// A request of a client that still wants an answer. Given out by whoever delivers the request.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package var description: String { "request \(number)" }
}

/// The state of an instance as operators see it.
package enum InstanceState: String, Sendable, CaseIterable {
    /// Not wanted up.
    case stopped
    /// Wanted up, and waiting for what it requires or for a free start slot.
    case waiting
    /// Spawned, not ready yet.
    case starting
    /// Up and, if it has a readiness probe, ready.
    case running
    /// Failed, and waiting to be tried again.
    case backoff
    /// Being stopped: its process, or what that left behind, is still there.
    case stopping
    /// Done, as expected, and not to be restarted.
    case exited
    /// Given up. `start` tries again.
    case fatal

    /// Whether a process of this instance may be alive.
    package var isActive: Bool {
        switch self {
        case .starting, .running, .stopping: true
        case .stopped, .waiting, .backoff, .exited, .fatal: false
        }
    }
}
