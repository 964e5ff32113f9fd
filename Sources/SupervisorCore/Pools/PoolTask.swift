import Scheduling

/// One task of a pool, from its acceptance until nobody can ask about it any more.
struct PoolTask: Sendable {
    enum State: Equatable, Sendable {
        case queued
        /// In the hands of the process in this slot.
        case running(slot: Int)
        /// Its process is being killed because of it; what becomes of it then is decided.
        case stopping(slot: Int, Verdict)
        case backoff(until: Instant)
        case finished(PoolAnswer.Outcome)
    }

    enum Verdict: Equatable, Sendable {
        case fails(PoolFailure, String)
        case cancelled(String)
    }

    let id: TaskID
    let line: [UInt8]
    let key: String?
    let label: String?
    let user: UInt32?
    let attemptLimit: Int
    let timeout: Duration?
    let submittedAt: Instant

    var state = State.queued
    /// Attempts that were begun.
    var attempts = 0
    var startedAt: Instant?
    var finishedAt: Instant?
    /// The run of the attempt in hand, or of the last one.
    var run: RunID?
    /// What ends the attempt in hand, or the wait for the next one.
    var timer: TimerWheel<PoolTimer>.Handle?
    /// Who waits for the answer. One, nearly always, so that others cost nothing until there are some.
    var caller: RequestID?
    var otherCallers: [RequestID] = []
    /// Requests that wait for the end of this task and of others.
    var isWatched = false
    /// Somebody has its number, so its end is remembered.
    var isKept: Bool
    /// Why it is in this state.
    var reason = ""

    var hasCallers: Bool { caller != nil || !otherCallers.isEmpty }
    var callerCount: Int { (caller == nil ? 0 : 1) + otherCallers.count }

    mutating func addCaller(_ request: RequestID) {
        if caller == nil { caller = request } else { otherCallers.append(request) }
    }

    mutating func removeCaller(_ request: RequestID) {
        if caller == request { caller = nil } else { otherCallers.removeAll { $0 == request } }
    }
}

/// What a pool's wheel is set for.
enum PoolTimer: Equatable, Sendable {
    /// The attempt in hand has taken too long, or the wait for the next one is over.
    case attempt(TaskID)
    /// A caller has waited long enough.
    case caller(RequestID)
}

/// A process of a pool, as far as tasks are concerned.
struct PoolHand: Sendable {
    /// The number of the run; 0 when there is no process.
    var run: UInt64 = 0
    /// It is up, and meant to stay so.
    var isUsable = false
    /// It is in the list of those without a task.
    var isListed = false
    /// Its lines are out of order, and it is being killed.
    var isBroken = false
    /// It does not read what is written to it.
    var isDeaf = false
    var task: TaskID?
    /// Tasks that this process has answered.
    var answered = 0
    /// How many tasks this process gets; nil is no limit.
    var limit: Int?
    /// Some process was in this slot before.
    var isSeasoned = false
    /// The beginning of a line that it did not finish before it ended.
    var unfinishedLine: [UInt8] = []
}
