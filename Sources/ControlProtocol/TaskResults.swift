import Scheduling
package import SupervisorCore

/// The answer to `submit`.
package struct SubmitResult: Codable, Equatable, Sendable {
    package var task: UInt64
    /// False when its key was known: then this is the task of that earlier submission.
    package var new: Bool

    package init(task: UInt64, new: Bool) {
        self.task = task
        self.new = new
    }
}

/// The answer to `tasks`, and with tasks alone that to `wait`, `cancel` and `retry`.
package struct TasksResult: Codable, Equatable, Sendable {
    package var tasks: [TaskStatus]
    /// Those that were asked about. Absent in other answers.
    package var queues: [QueueStatus]?
    /// How many older ones were left out.
    package var omitted: Int?

    package init(tasks: [TaskStatus], queues: [QueueStatus]? = nil, omitted: Int? = nil) {
        self.tasks = tasks
        self.queues = queues
        self.omitted = omitted
    }
}

/// The answer to `pause` and `resume`.
package struct QueuesResult: Codable, Equatable, Sendable {
    package var queues: [QueueStatus]

    package init(queues: [QueueStatus]) { self.queues = queues }
}

/// The answer to `result`.
package struct TaskResult: Codable, Equatable, Sendable {
    package var task: TaskStatus
    /// What happened to it, as far as it is still known; the oldest first.
    package var events: [EventNotification]
    package var output: [LogExcerpt]

    package init(task: TaskStatus, events: [EventNotification], output: [LogExcerpt]) {
        self.task = task
        self.events = events
        self.output = output
    }
}

/// One task as it is now. What does not apply is absent.
package struct TaskStatus: Codable, Equatable, Sendable {
    package var id: UInt64
    package var queue: String
    package var state: TaskState
    /// Of a queue.
    package var command: [String]?
    package var directory: String?
    /// Of a pool: one line of JSON.
    package var json: String?
    /// Whether `command` or `json` was cut, for many are listed.
    package var shortened: Bool?
    package var label: String?
    package var key: String?
    package var priority: Int
    package var user: UInt32?
    package var attempts: Int
    package var attemptLimit: Int
    package var submittedAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var nextAttempt: Timestamp?
    package var deadline: Timestamp?
    package var run: String?
    package var pid: Int32?
    package var status: ExitReport?
    /// Of a pool: one line of JSON.
    package var answer: String?
    package var reason: String
    package var next: String?
    package var waitingFor: [UInt64]?

    /// - Parameter limit: bytes of the command that are told; nil for all.
    package init(_ report: TaskReport, clock: ClockReading, limit: Int? = nil) {
        id = report.id.number
        queue = report.queue
        state = report.state
        label = report.label
        key = report.key
        priority = report.priority
        user = report.user
        attempts = report.attempts
        attemptLimit = report.attemptLimit
        submittedAt = clock.wall(at: report.submittedAt)
        startedAt = report.startedAt.map(clock.wall(at:))
        finishedAt = report.finishedAt.map(clock.wall(at:))
        nextAttempt = report.nextAttempt.map(clock.wall(at:))
        deadline = report.deadline.map(clock.wall(at:))
        run = report.run?.description
        pid = report.pid
        status = report.status.map { ExitReport($0) }
        answer = report.answer
        reason = report.reason
        next = report.next.isEmpty ? nil : report.next
        waitingFor = report.waitingFor.isEmpty ? nil : report.waitingFor.map(\.number)
        setWork(report.work, limit: limit)
    }

    private mutating func setWork(_ work: TaskWork, limit: Int?) {
        switch work {
        case .command(let task):
            command = task.arguments
            directory = task.directory
            guard let limit else { return }
            var room = limit
            var shown: [String] = []
            for argument in task.arguments where room > 0 {
                shown.append(argument.shortened(to: room))
                room -= argument.utf8.count + 1
            }
            if shown != task.arguments { (command, shortened) = (shown, true) }
        case .json(let line):
            json = limit.map { line.shortened(to: $0) } ?? line
            if json != line { shortened = true }
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id, queue, state, command, directory, json, shortened, label, key, priority, user, attempts, deadline, run
        case pid, status, answer, reason, next
        case attemptLimit = "attempt_limit"
        case submittedAt = "submitted_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case nextAttempt = "next_attempt"
        case waitingFor = "waiting_for"
    }
}

extension TaskState: Codable {}

extension String {
    fileprivate func shortened(to limit: Int) -> String {
        utf8.count <= limit ? self : String(decoding: utf8.prefix(limit), as: UTF8.self) + "…"
    }
}

/// One queue as it is now.
package struct QueueStatus: Codable, Equatable, Sendable {
    package var name: String
    package var order: String
    package var slots: Int
    /// Slots in which a task is.
    package var busy: Int
    package var capacity: Int
    /// How many tasks there are in each state.
    package var counts: [String: Int]
    package var paused: Bool
    /// It is no longer in the configuration.
    package var leaving: Bool?
    package var waitingSubmissions: Int?
    /// Why nothing is started though something could be.
    package var standstill: String?

    package init(_ report: QueueReport) {
        name = report.name
        order = report.order.rawValue
        slots = report.slots
        busy = report.busySlots
        capacity = report.capacity
        counts = Dictionary(uniqueKeysWithValues: TaskState.allCases.map { ($0.rawValue, report.counts[$0]) })
        paused = report.isPaused
        leaving = report.isLeaving ? true : nil
        waitingSubmissions = report.waitingSubmissions > 0 ? report.waitingSubmissions : nil
        standstill = report.standstill
    }

    package func count(_ state: TaskState) -> Int { counts[state.rawValue] ?? 0 }

    private enum CodingKeys: String, CodingKey {
        case name, order, slots, busy, capacity, counts, paused, leaving, standstill
        case waitingSubmissions = "waiting_submissions"
    }
}
