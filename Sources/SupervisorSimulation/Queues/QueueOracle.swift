import Scheduling
import SupervisorCore

/// What clients were promised, and what has happened to each task: a record of its own, from effects alone.
struct QueueOracle: Sendable {
    struct Known: Sendable {
        let id: TaskID
        let queue: String
        var submission: TaskSubmission
        let isDurable: Bool
        /// A client was told that it is accepted.
        var isPromised = false
        var state = TaskState.queued
        /// How its last attempt went.
        var last = Last.none
        /// Since it was submitted, or retried by hand.
        var failures = 0
        var run: RunID?
        var cancelAsked = false
        /// The core must have taken note of it.
        var isCancelled = false
        /// What a client was told of its end.
        var toldEnd: TaskState?
        var isForgotten = false
        /// It was so once; a retry by hand does not call back those that came after it.
        var wasDone = false
        var wasFinished = false
        /// Some change of it did not reach the disk, so the disk may be behind.
        var isBehind = false
    }

    enum Last: Equatable, Sendable {
        case none
        case runs
        case succeeded
        case failed
        /// roostd was gone, or stopped.
        case interrupted
    }

    var tasks: [TaskID: Known] = [:]
    var submissions: [String: TaskSubmission] = [:]
    /// Tasks whose start is under way to the disk.
    var starting: Set<TaskID> = []
    /// Chosen to start in the event in hand.
    var chosen: [TaskID] = []
    var paused: Set<String> = []
    /// Queues whose logs take nothing.
    var heldUp: Set<String> = []
    /// The last request that may have changed the pauses.
    var lastWordOnPauses: UInt64 = 0
    var lastAnswer = Instant.origin
    /// Starts and retries under way, by ticket.
    var tickets: [StoreTicket: [TaskID]] = [:]
    /// The disk could not reserve numbers once, so those of tasks in memory may come again.
    var numbersMayRepeat = false
    /// Accepted, ended and forgotten in one event: nothing is known of them.
    var vanished: Set<TaskID> = []
    private(set) var complaint: String?

    mutating func require(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition, complaint == nil { complaint = text() }
    }

    mutating func begins() { chosen = [] }

    mutating func stores(_ changes: [StoreChange], _ ticket: StoreTicket, capacity: (String) -> Int?) {
        for change in changes {
            switch change {
            case .add(let record):
                isBorn(record.id, record.queue, record.submission, isDurable: true)
                let unfinished = tasks.values.count {
                    $0.queue == record.queue && !$0.isForgotten && !$0.state.isFinished
                }
                require(unfinished <= capacity(record.queue) ?? 0, "task \(record.id) is one too many in its queue")
            case .change(let id, let progress):
                // A retry by hand: what was told of its end holds no more.
                if tasks[id]?.state.isFinished == true, !progress.state.isFinished { tasks[id]?.toldEnd = nil }
                if progress.state != .running { starting.remove(id) }
                // A progress that runs already is written again when an earlier write of it failed.
                guard progress.state == .running, tasks[id]?.run == nil, !starting.contains(id) else { break }
                starting.insert(id)
                chosen.append(id)
                tickets[ticket, default: []].append(id)
            case .forget, .reserve, .pause:
                break
            }
        }
    }

    /// The core has heard of a start's ticket: it is spawned in this event, or goes back.
    mutating func hears(_ event: Event) {
        switch event {
        case .stored(let ticket), .storeFailed(let ticket, _):
            for id in tickets.removeValue(forKey: ticket) ?? [] { starting.remove(id) }
        default: break
        }
    }

    mutating func isBorn(_ id: TaskID, _ queue: String, _ submission: TaskSubmission, isDurable: Bool) {
        if let old = tasks[id], old.isPromised, old.isDurable || !numbersMayRepeat {
            require(false, "the number \(id) was given before")
        }
        tasks[id] = Known(id: id, queue: queue, submission: submission, isDurable: isDurable)
    }

    mutating func writeFailed(_ changes: [StoreChange]) {
        for change in changes {
            switch change {
            case .add(let record): tasks[record.id]?.isForgotten = true
            case .change(let id, _): tasks[id]?.isBehind = true
            case .reserve: numbersMayRepeat = true
            case .forget, .pause: break
            }
        }
    }

    mutating func forgets(_ ids: [TaskID], of queue: String) {
        for id in ids where !vanished.contains(id) {
            require(tasks[id]?.queue == queue, "task \(id) is forgotten by another queue")
            require(tasks[id]?.state.isFinished == true, "task \(id) is forgotten unfinished")
            tasks[id]?.isForgotten = true
            let needer = tasks.values.first {
                !$0.isForgotten && !$0.state.isFinished && $0.submission.after.contains(id)
            }
            require(needer == nil, "task \(id) is forgotten, but another waits for it")
        }
    }

    // MARK: - Attempts

    mutating func spawns(_ id: TaskID, _ run: RunID, _ queue: QueueDefinition) {
        guard let known = tasks[id] else { return }
        starting.remove(id)
        if !known.isDurable { chosen.append(id) }
        require(!paused.contains(queue.name), "task \(id) is started although \(queue.name) is paused")
        require(!heldUp.contains(queue.name), "task \(id) is started although the logs of \(queue.name) are full")
        require(!known.state.isFinished, "task \(id) is started although it is \(known.state)")
        switch known.last {
        case .none: break
        case .runs: require(false, "task \(id) is started although it runs")
        case .succeeded: require(false, "task \(id) is started again although it succeeded")
        case .failed:
            let limit = known.submission.attempts ?? queue.retry.attempts
            // A plan that allowed more may have been in force when it failed.
            require(known.failures < max(limit, 4), "task \(id) is started again after \(known.failures) failures")
        case .interrupted: break
        }
        tasks[id]?.last = .runs
        tasks[id]?.run = run
    }

    mutating func ends(_ id: TaskID, _ run: RunID, _ status: SupervisorCore.ExitStatus?, successCodes: [Int32]) {
        guard tasks[id]?.run == run else { return }
        let isSuccess: Bool
        if case .exited(let code)? = status { isSuccess = successCodes.contains(code) } else { isSuccess = false }
        tasks[id]?.last = isSuccess ? .succeeded : .failed
        if !isSuccess { tasks[id]?.failures += 1 }
    }

    // MARK: - Lives

    mutating func daemonDies() {
        heldUp = []
        starting = []
        tickets = [:]
        lastAnswer = .origin
        for (id, known) in tasks {
            tasks[id]?.run = nil
            tasks[id]?.cancelAsked = false
            tasks[id]?.isCancelled = false
            // What is in memory only is gone, and so is what the disk never took.
            if !known.isDurable || !known.isPromised { tasks[id]?.isForgotten = true }
        }
    }

    /// From here on the disk is the truth about what was promised.
    mutating func daemonStarts(_ disk: SimulatedDisk, _ plan: Plan) {
        for (id, record) in disk.records {
            let wasFinished = record.progress.state.isFinished
            if let told = tasks[id]?.toldEnd, tasks[id]?.isBehind == false, tasks[id]?.isForgotten == false {
                require(
                    record.progress.state == told,
                    "task \(id) was called \(told), but is stored as \(record.progress.state)")
            }
            if wasFinished {
                tasks[id]?.state = record.progress.state
                tasks[id]?.wasFinished = true
                if record.progress.state == .done { tasks[id]?.wasDone = true }
            } else {
                tasks[id]?.state = .queued
                tasks[id]?.toldEnd = nil
            }
            tasks[id]?.isForgotten = false
            tasks[id]?.isPromised = true
            // Only a cancel is stored so.
            tasks[id]?.cancelAsked = record.progress.state == .stopping
            tasks[id]?.failures = record.progress.failures
            switch record.progress.state {
            case .running, .stopping: tasks[id]?.last = .interrupted
            case .held, .queued, .backoff, .done, .failed, .cancelled, .interrupted:
                tasks[id]?.last =
                    record.progress.interruptions > 0 ? .interrupted : record.progress.failures > 0 ? .failed : .none
            }
        }
        for (id, known) in tasks where !known.isForgotten && disk.records[id] == nil {
            require(!known.isDurable || !known.isPromised, "task \(id) was accepted, and is not stored")
            tasks[id]?.isForgotten = true
        }
        paused = []
        for queue in plan.queues where queue.paused { paused.insert(queue.name) }
        for (queue, isPaused) in disk.paused {
            if isPaused { paused.insert(queue) } else { paused.remove(queue) }
        }
    }
}
