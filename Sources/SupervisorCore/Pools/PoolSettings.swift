/// What makes a worker a pool: its instances take tasks on standard input and answer on standard output.
package struct PoolSettings: Equatable, Sendable {
    /// Bytes of one task, and of one answer.
    package static let lineLimit = 1 << 20
    /// Bytes of all tasks of a pool that are not finished. Beyond it a pool is full, however few they are.
    package static let unfinishedBytes = 64 << 20
    /// Bytes of the answers that are kept for whoever comes back for them.
    package static let keptBytes = 16 << 20
    package static let capacityLimit = 1_000_000
    /// Callers that wait for room, and callers that wait for one task.
    package static let roomLimit = 1024
    package static let callersOfOneTask = 64

    /// How many unfinished tasks it takes.
    package var capacity = 1000
    /// After so many tasks a process is replaced. Nil lets it live.
    package var tasksPerProcess: Int?
    /// Of one attempt. Nil is no limit.
    package var taskTimeout: Duration?
    /// After a crash, a timeout or an answer that is none. An answer that says "error" is an answer.
    package var retry = RetryPolicy()
    /// How long a process that is to stop may go on with its task before the stop sequence begins.
    package var drain = Duration.seconds(10)
    /// How many finished tasks are remembered that nobody has fetched.
    package var keep = 1000

    package init() {}
}

/// A task for a pool, and somebody who waits for its answer.
package struct PoolCall: Equatable, Sendable {
    package var pool: String
    /// One line of compact JSON, without its end.
    package var task: [UInt8]
    /// The same key again is the same task, as long as that is remembered.
    package var key: String?
    /// How long the caller waits: for room, for its turn and for the answer. The task goes on after that.
    package var timeout: Duration?
    /// Whether a full pool is waited for, and not an error.
    package var waitsForRoom: Bool

    package init(
        pool: String, task: [UInt8], key: String? = nil, timeout: Duration? = nil, waitsForRoom: Bool = false
    ) {
        self.pool = pool
        self.task = task
        self.key = key
        self.timeout = timeout
        self.waitsForRoom = waitsForRoom
    }
}

/// What became of a task, as its callers hear it.
package struct PoolAnswer: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// The worker's answer: JSON.
        case done([UInt8])
        /// The worker answered `{"error": …}`: what it said there, as JSON.
        case error([UInt8])
        /// There is no answer; the text says why.
        case failed(PoolFailure, String)
        case cancelled(String)
    }

    package var task: TaskID
    package var outcome: Outcome

    package init(task: TaskID, outcome: Outcome) {
        self.task = task
        self.outcome = outcome
    }
}

/// Why a task has no answer.
package enum PoolFailure: String, Sendable, CaseIterable {
    /// Its process ended.
    case crashed
    case timedOut = "timed_out"
    /// What its process wrote was no answer.
    case badAnswer = "bad_answer"
    /// Its process was stopped, by request or with the pool.
    case stopped
}

/// What is wrong with the lines between roostd and a process of a pool.
package enum PoolFault: Equatable, Sendable {
    /// Nobody reads the process's standard input any more; `taken` says whether some of the task was read.
    case inputClosed(taken: Bool)
    /// It had written something that nobody asked for when its next task came, so that was not sent.
    case unasked([UInt8])
    /// It closed its standard output, and lives on.
    case outputClosed
    /// A line that does not end within the limit; its beginning.
    case lineTooLong([UInt8])
    /// It is about to be told to have ended, after a line that was not complete.
    case unfinishedLine([UInt8])
    case system(String)
}
