import Scheduling
import SupervisorCore

/// What must hold, looked at after each event.
extension QueueWorld {
    mutating func heard(_ told: Announcement) {
        guard let id = told.task else {
            switch told.kind {
            case .internalError: fail("internal error: \(told.message)")
            case .queuePaused: oracle.paused.insert(told.queue ?? "")
            case .queueResumed: oracle.paused.remove(told.queue ?? "")
            default: break
            }
            return
        }
        if told.kind == .taskAccepted { accepted(id) }
        if oracle.vanished.contains(id) { return }
        guard let known = oracle.tasks[id], let state = told.taskState else {
            return fail("\(told.kind.rawValue) is told of task \(id), which nobody knows")
        }
        let queue = supervisor.queueDefinition(known.queue)
        let limit = known.submission.attempts ?? queue?.retry.attempts ?? 1
        // A retry that is cancelled before it is stored.
        let isUnretried = told.kind == .taskCancelled && known.cancelAsked
        require(
            !known.state.isFinished || isUnretried,
            "\(told.kind.rawValue) is told of task \(id), which is \(known.state)")
        oracle.tasks[id]?.state = state
        if state == .done { oracle.tasks[id]?.wasDone = true }
        if state.isFinished { oracle.tasks[id]?.wasFinished = true }
        switch told.kind {
        case .taskRetrying:
            require(!known.isCancelled, "task \(id) is tried again, but it was cancelled")
            require(known.last == .failed && known.failures < limit, "task \(id) is tried again, against the rule")
        case .taskFinished where state == .done:
            require(known.last == .succeeded, "task \(id) is called done, but did not succeed")
        case .taskFinished:
            require(known.last == .failed, "task \(id) is called failed, but did not fail")
            require(known.failures >= limit, "task \(id) is given up after \(known.failures) of \(limit) attempts")
        case .taskCancelled:
            oracle.starting.remove(id)
            let failed = known.submission.after.contains { dependency in
                guard let other = oracle.tasks[dependency], !known.submission.afterAny else { return false }
                return other.state.isFinished && other.state != .done || !other.isDurable
            }
            require(known.cancelAsked || failed, "task \(id) is cancelled, but nobody asked for that")
        case .taskInterrupted:
            require(known.last == .interrupted || isShuttingDown, "task \(id) is called interrupted, but is not")
            oracle.tasks[id]?.last = .interrupted
        default:
            break
        }
        if state.isFinished || state == .backoff { oracle.tasks[id]?.run = nil }
    }

    private mutating func accepted(_ id: TaskID) {
        let report = supervisor.taskReport(id, at: now)
        let label = report?.label ?? oracle.tasks[id]?.submission.label
        if let known = oracle.tasks[id], known.submission.label == label, known.isDurable || !known.isForgotten {
            guard known.state.isFinished else { return }
            oracle.tasks[id]?.state = .queued
            oracle.tasks[id]?.last = .none
            oracle.tasks[id]?.failures = 0
            oracle.tasks[id]?.cancelAsked = false
            oracle.tasks[id]?.isCancelled = false
            oracle.tasks[id]?.toldEnd = nil
        } else if let report,
            let submission = oracle.submissions[report.label ?? ""]
        {
            oracle.isBorn(id, report.queue, submission, isDurable: false)
            oracle.vanished.remove(id)
        } else {
            oracle.vanished.insert(id)
        }
    }

    /// Whoever was chosen in this event came before all who were left.
    mutating func checkOrder() {
        guard !oracle.chosen.isEmpty else { return }
        let live = Set(supervisor.taskReports(at: now).reports.filter { $0.state == .queued }.map(\.id))
        oracle.starting.formIntersection(live)
        for id in oracle.chosen {
            guard let known = oracle.tasks[id], let queue = supervisor.queueDefinition(known.queue) else { continue }
            checkDependencies(of: known)
            for other in live.sorted() where other != id && !oracle.starting.contains(other) {
                // One that is finished here is being retried by hand, and not in the queue yet.
                guard let rival = oracle.tasks[other], rival.queue == known.queue, !rival.state.isFinished else {
                    continue
                }
                let isFirst =
                    switch queue.order {
                    case .fifo: id < other
                    case .lifo: id > other
                    case .priority:
                        (-(known.submission.priority ?? queue.priority), id)
                            < (-(rival.submission.priority ?? queue.priority), other)
                    }
                require(isFirst, "task \(id) is chosen before task \(other), against the order \(queue.order)")
            }
        }
    }

    private mutating func checkDependencies(of known: QueueOracle.Known) {
        guard known.last == .none else { return }
        for dependency in known.submission.after {
            guard let other = oracle.tasks[dependency], !other.isForgotten else { continue }
            let isFine = known.submission.afterAny ? other.wasFinished : other.wasDone
            require(isFine, "task \(known.id) is started, but \(dependency), which it comes after, is \(other.state)")
        }
    }

    mutating func checkTurn() {
        for (run, process) in processes {
            guard let timeout = process.timeout, let spawnedAt = process.spawnedAt, !process.hasExited else { continue }
            let isLate = process.firstSignal == nil && now > spawnedAt + timeout
            require(!isLate, "\(run) runs longer than its timeout, and nothing is done about it")
        }
    }

    /// Everything that was promised is there after a start.
    mutating func checkSurvivors() {
        for known in oracle.tasks.values.sorted(by: { $0.id < $1.id }) {
            guard known.isDurable, known.isPromised, !known.isForgotten else { continue }
            guard let report = supervisor.taskReport(known.id, at: now) else {
                fail("task \(known.id) was accepted, and is lost")
                continue
            }
            if let told = known.toldEnd, !known.isBehind {
                require(report.state == told, "task \(known.id) was called \(told), and is \(report.state) now")
            }
        }
    }

    /// In calm everything comes to its end, and the disk is the truth.
    mutating func checkRest() {
        guard violation == nil else { return }
        for report in supervisor.taskReports(at: now).reports {
            require(
                report.state.isFinished, "task \(report.id) is still \(report.state): \(report.reason); \(report.next)")
            guard oracle.tasks[report.id]?.isDurable == true else { continue }
            let stored = disk.records[report.id]?.progress.state
            require(
                stored == report.state,
                "task \(report.id) is \(report.state), and stored as \(String(describing: stored))")
        }
        for id in disk.records.keys.sorted() {
            require(supervisor.taskReport(id, at: now) != nil, "the store still holds task \(id), which is forgotten")
        }
        if let open = openRequests.keys.min() { fail("request \(open) is not answered") }
        if let run = processes.keys.first { fail("\(run) still runs") }
        require(supervisor.nextDeadline() == nil, "a timer outlived everything that it could be for")
    }
}
