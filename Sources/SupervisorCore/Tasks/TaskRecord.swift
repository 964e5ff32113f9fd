package import Scheduling

/// What there is to do.
package enum TaskWork: Equatable, Sendable {
    /// A command of a queue.
    case command(TaskCommand)
    /// A task of a pool: one line of compact JSON.
    case json(String)
}

/// A command to be run once. Nothing in it is expanded: what a submitter writes in braces stays.
package struct TaskCommand: Equatable, Sendable {
    package var arguments: [String]
    /// Nil runs in the queue's directory.
    package var directory: String?
    /// Beside the environment that the queue gives, and stronger.
    package var environment: [EnvironmentVariable]

    package init(arguments: [String], directory: String? = nil, environment: [EnvironmentVariable] = []) {
        self.arguments = arguments
        self.directory = directory
        self.environment = environment
    }
}

/// Who submits a task, and from where.
package struct Submitter: Equatable, Sendable {
    /// The user's number, as the kernel tells it.
    package var user: UInt32?
    /// Where it was submitted. Used if the queue says `submitter_directory` and has no directory of its own.
    package var directory: String?
    /// Of this a task gets what the queue's `submitter_environment` names; the rest is not kept.
    package var environment: [EnvironmentVariable]

    package init(user: UInt32? = nil, directory: String? = nil, environment: [EnvironmentVariable] = []) {
        self.user = user
        self.directory = directory
        self.environment = environment
    }
}

/// What a client submits.
package struct TaskSubmission: Equatable, Sendable {
    package var work: TaskWork
    /// For people.
    package var label: String?
    /// The same key again is the same task, as long as that is remembered. Belongs to one queue.
    package var key: String?
    /// Nil is the queue's.
    package var priority: Int?
    /// Of one attempt. Nil is the queue's.
    package var timeout: Duration?
    /// How many attempts in all. Nil is the queue's.
    package var attempts: Int?
    /// Tasks that must be done before this one starts, of any queue.
    package var after: [TaskID]
    /// Those need not succeed, only be finished.
    package var afterAny: Bool
    package var submitter: Submitter

    package init(
        work: TaskWork, label: String? = nil, key: String? = nil, priority: Int? = nil, timeout: Duration? = nil,
        attempts: Int? = nil, after: [TaskID] = [], afterAny: Bool = false, submitter: Submitter = Submitter()
    ) {
        self.work = work
        self.label = label
        self.key = key
        self.priority = priority
        self.timeout = timeout
        self.attempts = attempts
        self.after = after
        self.afterAny = afterAny
        self.submitter = submitter
    }
}

/// A task as the store keeps it. Moments are on the monotonic clock: the runtime translates from and to the wall clock.
package struct TaskRecord: Equatable, Sendable {
    package let id: TaskID
    /// The queue or pool.
    package let queue: String
    /// As it was accepted: directory and environment hold what the queue lets through, `submitter` only the user.
    package var submission: TaskSubmission
    package var submittedAt: Instant
    package var progress: TaskProgress

    package init(
        id: TaskID, queue: String, submission: TaskSubmission, submittedAt: Instant,
        progress: TaskProgress = TaskProgress()
    ) {
        self.id = id
        self.queue = queue
        self.submission = submission
        self.submittedAt = submittedAt
        self.progress = progress
    }
}

/// What changes in the life of a task.
package struct TaskProgress: Equatable, Sendable {
    package var state = TaskState.queued
    /// Attempts that were begun, over all its life.
    package var attempts = 0
    /// Those of them that failed and count towards the limit; `retry` by hand begins anew.
    package var failures = 0
    /// How often it was retried by hand.
    package var retries = 0
    /// Attempts that ended because roostd did.
    package var interruptions = 0
    /// The run of the attempt in hand, or of the last one.
    package var run: RunID?
    /// When the last attempt began.
    package var startedAt: Instant?
    package var finishedAt: Instant?
    /// How the last attempt ended; nil when it could not be spawned, or is a pool's.
    package var status: ExitStatus?
    /// The answer of a pool: one line of JSON.
    package var answer: String?
    /// Why it is in this state.
    package var reason = ""

    package init() {}
}
