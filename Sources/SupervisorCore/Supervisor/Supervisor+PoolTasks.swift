import Scheduling

/// Tasks of pools among the tasks of all: looking, waiting, cancelling.
extension Supervisor {
    /// The reports of those tasks that are a pool's.
    func poolReports(of ids: [TaskID], at now: Instant) -> [TaskID: TaskReport] {
        var reports: [TaskID: TaskReport] = [:]
        for id in ids {
            if let report = poolTaskReport(id, at: now) { reports[id] = report }
        }
        return reports
    }

    func poolTaskReport(_ id: TaskID, at now: Instant) -> TaskReport? {
        for entry in poolEntries {
            guard let pool = entries[entry].pool, let task = pool.tasks[id] else { continue }
            var report = pool.report(task)
            if let run = report.run, task.isInHand, let place = place(of: run.instance) {
                report.pid = self[place].machine.pid
            }
            return report
        }
        return nil
    }

    /// In no order.
    func poolTasks(of isMeant: (String) -> Bool, in isWanted: (TaskState) -> Bool) -> [TaskID] {
        poolEntries.filter { isMeant(entries[$0].definition.name) }.flatMap { entry in
            (entries[entry].pool?.tasks.values.filter { isWanted($0.publicState) } ?? []).map(\.id)
        }
    }

    func poolOfTask(_ id: TaskID) -> String? {
        poolEntries.first { entries[$0].pool?.tasks[id] != nil }.map { entries[$0].definition.name }
    }

    /// Each pool as `tasks` shows queues.
    func poolQueueReports() -> [QueueReport] {
        poolEntries.compactMap { entry in
            guard let pool = entries[entry].pool else { return nil }
            return pool.report(
                slots: entries[entry].slots.count, isLeaving: entries[entry].isRemoved,
                standstill: pool.queuedCount > 0 ? reasonPoolIsDown(entry) : nil)
        }
    }

    // MARK: - Requests

    /// What concerns tasks of which some are a pool's. Nil when none is.
    mutating func acceptForPoolTasks(
        _ request: Request, id: RequestID, at now: Instant, effects: inout [Effect]
    ) throws(RefusedTask) -> Bool {
        switch request {
        case .submit(let name, let submission, let waitForRoom):
            guard isPool(name) else { return false }
            submit(submission, toPool: name, id: id, waitsForRoom: waitForRoom, at: now, effects: &effects)
        case .waitTasks(let ids):
            let pools = poolReports(of: ids, at: now)
            guard !pools.isEmpty else { return false }
            watch(pools.keys.sorted())
            try tasks.wait(for: ids, pools: pools, id: id, at: now, effects: &effects)
        case .cancelTasks(let ids, let wait):
            let pools = poolReports(of: ids, at: now)
            guard !pools.isEmpty else { return false }
            try cancel(ids, pools, wait: wait, id: id, at: now, effects: &effects)
        case .retryTasks(let ids):
            guard let first = ids.first(where: { poolOfTask($0) != nil }) else { return false }
            throw RefusedTask(.badTask("task \(first) is a pool's, and those are not retried by hand; call it again"))
        case .start, .stop, .restart, .signal, .scale, .apply, .pauseQueues, .resumeQueues, .call:
            return false
        }
        return true
    }

    private mutating func cancel(
        _ ids: [TaskID], _ pools: [TaskID: TaskReport], wait isWaiting: Bool, id: RequestID, at now: Instant,
        effects: inout [Effect]
    ) throws(RefusedTask) {
        let own = ids.filter { pools[$0] == nil }
        for id in own where tasks.known(id) == nil { throw RefusedTask(.unknownTask(id)) }
        let states = pools.values.map(\.state) + own.compactMap { tasks.known($0)?.publicState }
        if let first = ids.first, !states.contains(where: { !$0.isFinished || $0 == .cancelled }) {
            throw RefusedTask(.taskIsFinished(first, pools[first]?.state ?? .done))
        }
        for id in own { tasks.cancel(id, at: now, effects: &effects) }
        // Watched before, so that it is remembered until this is answered.
        watch(pools.keys.sorted())
        for task in pools.keys.sorted() { cancelInPool(task, at: now, effects: &effects) }
        let after = poolReports(of: ids, at: now)
        if isWaiting { return try tasks.wait(for: ids, pools: after, id: id, at: now, effects: &effects) }
        let reports = ids.compactMap { after[$0] ?? tasks.report($0, at: now) }
        tasks.replyOnceStored(id, .tasks(reports), effects: &effects)
    }

    private mutating func cancelInPool(_ id: TaskID, at now: Instant, effects: inout [Effect]) {
        guard let entry = poolEntries.first(where: { entries[$0].pool?.tasks[id] != nil }) else { return }
        let end = entries[entry].pool?.cancel(id, "cancelled by request", at: now, effects: &effects)
        guard let (slot, demand) = end ?? nil else { return }
        meet(demand, Place(entry: entry, slot: slot), at: now, effects: &effects)
    }

    /// Whoever has a task's number may ask for it later.
    private mutating func watch(_ ids: [TaskID]) {
        for entry in poolEntries { entries[entry].pool?.watch(ids) }
    }

    /// Tells those who wait for tasks of pools. Their ends may have come in any step of an event, so it is done last.
    mutating func tellPoolEnds(effects: inout [Effect]) {
        for entry in poolEntries {
            guard let ended = entries[entry].pool?.endedWatched, !ended.isEmpty else { continue }
            entries[entry].pool?.endedWatched = []
            for report in ended { tasks.poolTaskEnded(report, effects: &effects) }
        }
    }
}

extension PoolMachine {
    mutating func watch(_ ids: [TaskID]) {
        for id in ids where tasks[id]?.isFinished == false {
            tasks[id]?.isWatched = true
            tasks[id]?.isKept = true
        }
    }

    func report(_ task: PoolTask) -> TaskReport {
        var report = TaskReport(
            id: task.id, queue: name, state: .queued, work: .json(String(decoding: task.line, as: UTF8.self)),
            label: task.label, key: task.key, priority: 0, user: task.user, attempts: task.attempts,
            attemptLimit: task.attemptLimit, submittedAt: task.submittedAt, startedAt: task.startedAt,
            finishedAt: task.finishedAt, run: task.run, reason: task.reason, next: "", waitingFor: [])
        switch task.state {
        case .queued:
            report.next = closed ?? "begun when a process is free and its turn has come"
        case .running:
            report.state = .running
            report.reason = "a process works on it"
            report.next = "its answer"
            if let limit = task.timeout ?? settings.taskTimeout, let began = task.startedAt {
                report.deadline = began + limit
                report.next = "killed with its process if there is no answer \(limit.text) after its start"
            }
        case .stopping:
            report.state = .stopping
            report.next = "the end of its process"
        case .backoff(let until):
            report.state = .backoff
            report.nextAttempt = until
            report.next = "queued again when its delay is over"
        case .finished(let outcome):
            report.state = outcome.state
            report.answer = outcome.answer
        }
        return report
    }

    func report(slots: Int, isLeaving: Bool, standstill: String?) -> QueueReport {
        var counts = TaskCounts()
        for task in tasks.values { counts[task.publicState] += 1 }
        return QueueReport(
            name: name, order: .fifo, slots: slots, busySlots: busyCount, capacity: settings.capacity,
            counts: counts, isPaused: false, isLeaving: isLeaving, waitingSubmissions: roomCount,
            standstill: standstill)
    }
}

extension PoolTask {
    /// As others see it.
    fileprivate var publicState: TaskState {
        switch state {
        case .queued: .queued
        case .running: .running
        case .stopping: .stopping
        case .backoff: .backoff
        case .finished(let outcome): outcome.state
        }
    }

    fileprivate var isInHand: Bool {
        switch state {
        case .running, .stopping: true
        case .queued, .backoff, .finished: false
        }
    }
}

extension PoolAnswer.Outcome {
    /// One line of JSON, as the worker wrote it.
    fileprivate var answer: String? {
        switch self {
        case .done(let bytes): String(decoding: bytes, as: UTF8.self)
        case .error(let bytes): "{\"error\":\(String(decoding: bytes, as: UTF8.self))}"
        case .failed, .cancelled: nil
        }
    }
}
