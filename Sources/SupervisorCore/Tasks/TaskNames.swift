/// One submitted task: a number that is unique over all queues and pools, and over lives of the daemon.
package struct TaskID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: TaskID, right: TaskID) -> Bool { left.number < right.number }

    package var description: String { "\(number)" }
}

/// A write that the store was asked for. Given out by the core, never twice in one life.
package struct StoreTicket: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: StoreTicket, right: StoreTicket) -> Bool { left.number < right.number }

    package var description: String { "ticket \(number)" }
}

/// The state of a task as operators see it.
package enum TaskState: String, Sendable, CaseIterable {
    /// Waits for tasks that it depends on.
    case held
    /// Waits for its turn.
    case queued
    case running
    /// Being stopped: cancelled, too slow, or roostd is stopping.
    case stopping
    /// An attempt failed, and it waits to be tried again.
    case backoff
    case done
    case failed
    case cancelled
    /// roostd went down while it ran.
    case interrupted

    /// Nothing more will become of it by itself.
    package var isFinished: Bool {
        switch self {
        case .done, .failed, .cancelled, .interrupted: true
        case .held, .queued, .running, .stopping, .backoff: false
        }
    }

    /// A process of it may be alive.
    package var isActive: Bool {
        switch self {
        case .running, .stopping: true
        case .held, .queued, .backoff, .done, .failed, .cancelled, .interrupted: false
        }
    }
}
