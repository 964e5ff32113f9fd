import Scheduling

/// What others see of queues and tasks.
extension TaskBoard {
    /// Nil for a number that was never given out, is not acknowledged yet, or is forgotten.
    func report(_ id: TaskID, at now: Instant) -> TaskReport? {
        guard let entry = known(id), let queue = queue(of: id) else { return nil }
        let definition = queues[queue].definition
        let record = entry.record
        let isStarting = entry.isStarting
        let progress = isStarting ? entry.before ?? record.progress : record.progress
        let shot = entry.slot.map { queues[queue].slots[$0].shot }
        var nextAttempt: Instant?
        if case .backoff(let until) = entry.phase { nextAttempt = until }
        return TaskReport(
            id: id, queue: record.queue, state: entry.publicState, work: record.submission.work,
            label: record.submission.label, key: record.submission.key,
            priority: record.submission.priority ?? definition.priority, user: record.submission.submitter.user,
            attempts: progress.attempts, attemptLimit: record.submission.attempts ?? definition.retry.attempts,
            submittedAt: record.submittedAt, startedAt: progress.startedAt, finishedAt: progress.finishedAt,
            nextAttempt: nextAttempt, deadline: shot?.limit, run: progress.run, pid: shot?.machine.pid,
            status: progress.status, answer: progress.answer, reason: record.progress.reason,
            next: next(for: entry, in: queue), waitingFor: unfinishedDependencies(of: entry))
    }

    private func unfinishedDependencies(of entry: TaskEntry) -> [TaskID] {
        guard entry.phase == .held, case .waiting(let others) = dependencies(of: entry) else { return [] }
        return others
    }

    /// What comes next, for people.
    private func next(for entry: TaskEntry, in queue: Int) -> String {
        switch entry.phase {
        case .accepting: return "queued as soon as that is stored"
        case .held: return "queued once what it waits for is \(entry.record.submission.afterAny ? "finished" : "done")"
        case .undecided: return "once the queue is back, what its on_interrupt says; or cancel it"
        case .queued:
            if let standstill = standstill(of: queue) { return "nothing is started: \(standstill)" }
            return
                "started when a slot is free and its turn has come (order = \(queues[queue].definition.order.rawValue))"
        case .starting: return "started as soon as that is stored"
        case .running(let slot):
            let shot = queues[queue].slots[slot].shot
            if shot.stop == nil, let limit = shot.limit {
                return "stopped if it still runs \((limit - entry.startedAt).text) after its start (timeout)"
            }
            return shot.isStuck ? "nothing, until it is gone" : "its end"
        case .backoff: return "queued again when its delay is over"
        case .finished: return ""
        }
    }

    /// Why nothing is started though something could be.
    func standstill(of queue: Int) -> String? {
        if let obstacle = obstacle(to: queue) { return obstacle }
        guard isStoreResting, queues[queue].definition.durable else { return nil }
        return store.trouble.map { "starts cannot be stored: \($0.reason)" }
    }

    func report(queue: Int) -> QueueReport {
        let definition = queues[queue].definition
        return QueueReport(
            name: definition.name, order: definition.order, slots: definition.slots, busySlots: queues[queue].taken,
            capacity: definition.capacity, counts: queues[queue].counts, isPaused: queues[queue].isPaused,
            isLeaving: queues[queue].isLeaving, waitingSubmissions: queues[queue].waiting.count,
            standstill: standstill(of: queue))
    }
}

extension TaskEntry {
    fileprivate var isStarting: Bool {
        if case .starting = phase { return true }
        return false
    }

    /// The slot in which it runs.
    fileprivate var slot: Int? {
        if case .running(let slot) = phase { return slot }
        return nil
    }

    fileprivate var startedAt: Instant { record.progress.startedAt ?? record.submittedAt }
}
