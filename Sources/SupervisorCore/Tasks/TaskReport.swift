package import Scheduling

/// One row of `tasks`, and all that `result` and `why` tell of a task in a queue or a pool.
package struct TaskReport: Equatable, Sendable {
    package var id: TaskID
    /// The queue or pool.
    package var queue: String
    package var state: TaskState
    package var work: TaskWork
    package var label: String?
    package var key: String?
    package var priority: Int
    /// The user who submitted it.
    package var user: UInt32?
    package var attempts: Int
    /// How many attempts it has in all.
    package var attemptLimit: Int
    package var submittedAt: Instant
    /// When the last attempt began.
    package var startedAt: Instant?
    package var finishedAt: Instant?
    /// When it is tried again, in `backoff`.
    package var nextAttempt: Instant?
    /// When the attempt in hand is stopped for being too slow.
    package var deadline: Instant?
    /// The run of the attempt in hand, or of the last one.
    package var run: RunID?
    package var pid: Int32?
    /// How the last attempt ended.
    package var status: ExitStatus?
    /// The answer of a pool: one line of JSON.
    package var answer: String?
    /// Why it is in this state: which rule fired.
    package var reason: String
    /// What comes next and what it waits for; empty once it is finished.
    package var next: String
    /// Tasks that it still waits for.
    package var waitingFor: [TaskID]
}

/// How many tasks there are in each state.
package struct TaskCounts: Equatable, Sendable {
    private var counts = [Int](repeating: 0, count: TaskState.allCases.count)

    package init() {}

    package subscript(state: TaskState) -> Int {
        get { counts[state.position] }
        set { counts[state.position] = newValue }
    }

    package var unfinished: Int { sum { !$0.isFinished } }
    package var finished: Int { sum { $0.isFinished } }
    package var active: Int { sum { $0.isActive } }

    private func sum(_ isMeant: (TaskState) -> Bool) -> Int {
        TaskState.allCases.reduce(0) { $0 + (isMeant($1) ? self[$1] : 0) }
    }
}

extension TaskState {
    fileprivate var position: Int {
        switch self {
        case .held: 0
        case .queued: 1
        case .running: 2
        case .stopping: 3
        case .backoff: 4
        case .done: 5
        case .failed: 6
        case .cancelled: 7
        case .interrupted: 8
        }
    }
}

/// A queue as it is now.
package struct QueueReport: Equatable, Sendable {
    package var name: String
    package var order: QueueDefinition.Order
    package var slots: Int
    package var busySlots: Int
    package var capacity: Int
    package var counts: TaskCounts
    package var isPaused: Bool
    /// It is in the plan no more, and takes no new tasks.
    package var isLeaving: Bool
    /// Submissions that wait for room.
    package var waitingSubmissions: Int
    /// Why nothing is started though something could be; nil when all is well.
    package var standstill: String?
}
