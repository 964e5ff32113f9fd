import DequeModule
import Scheduling

/// How tasks wait for each other, how they end, and who is told.
extension TaskBoard {
    enum Dependencies: Equatable {
        case satisfied
        case waiting([TaskID])
        case failed(String)
    }

    func dependencies(of entry: TaskEntry) -> Dependencies {
        let submission = entry.record.submission
        var unfinished: [TaskID] = []
        for id in submission.after {
            guard let other = tasks[id] else {
                // What is unfinished keeps what it depends on: it was in memory, or forgotten before a retry by hand.
                if submission.afterAny || entry.record.progress.retries > 0 { continue }
                return .failed("task \(id), which it was to come after, is gone: it was in memory only")
            }
            let state = other.publicState
            if !other.isFinished {
                unfinished.append(id)
            } else if state != .done, !submission.afterAny {
                return .failed("task \(id), which it was to come after, is \(state.rawValue)")
            }
        }
        return unfinished.isEmpty ? .satisfied : .waiting(unfinished)
    }

    /// Puts a task where it belongs: among those whose turn comes, or with those that wait for others. Which of them is
    /// stored: what was released once stays so, whatever becomes of those that it waited for.
    mutating func enqueue(_ id: TaskID, _ reason: String, at now: Instant, effects: inout [Effect]) {
        guard let entry = tasks[id] else { return }
        defer {
            let state = tasks[id]?.record.progress.state
            if state != entry.record.progress.state, state == .held || state == .queued { saveProgress(id) }
        }
        switch dependencies(of: entry) {
        case .satisfied:
            makeReady(id, reason)
        case .waiting(let others):
            move(id, to: .held, .held, "waits for \(others.count) task\(others.count == 1 ? "" : "s"): \(others[0])")
            // Those that are done too: they may be retried by hand, and fail, before the others are.
            for other in entry.record.submission.after { tasks[other]?.dependents.insert(id) }
        case .failed(let why):
            finish(id, .cancelled, why, at: now, effects: &effects)
        }
    }

    /// Where a task stands that is about to be queued.
    func stateToCome(of entry: TaskEntry) -> TaskState {
        if case .waiting = dependencies(of: entry) { return .held }
        return .queued
    }

    /// Its turn comes, whatever has become of those that it depended on.
    mutating func makeReady(_ id: TaskID, _ reason: String) {
        guard let entry = tasks[id], let queue = queue(of: id) else { return }
        move(id, to: .queued, .queued, reason)
        queues[queue].ready.insert(id, key: order(of: entry.record, in: queue))
    }

    func order(of record: TaskRecord, in queue: Int) -> TaskOrder {
        let number = record.id.number
        switch queues[queue].definition.order {
        case .fifo: return TaskOrder(rank: 0, position: number)
        case .lifo: return TaskOrder(rank: 0, position: .max - number)
        case .priority:
            let priority = record.submission.priority ?? queues[queue].definition.priority
            return TaskOrder(rank: -priority, position: number)
        }
    }

    // MARK: - The end of a task

    mutating func finish(
        _ id: TaskID, _ state: TaskState, _ reason: String, slot: Int? = nil, at now: Instant,
        effects: inout [Effect]
    ) {
        guard let queue = queue(of: id) else { return }
        if let timer = tasks[id]?.timer { wheel.cancel(timer) }
        tasks[id]?.timer = nil
        queues[queue].ready.remove(id)
        move(id, to: .finished, state, reason)
        tasks[id]?.record.progress.finishedAt = now
        setPins(of: id, false)
        let kind: Announcement.Kind =
            switch state {
            case .cancelled: .taskCancelled
            case .interrupted: .taskInterrupted
            case .done, .failed, .held, .queued, .running, .stopping, .backoff: .taskFinished
            }
        let status = slot == nil ? nil : tasks[id]?.record.progress.status
        announce(kind, id, slot: slot, status: status, reason, effects: &effects)
        if tasks[id]?.isDurable == true {
            tasks[id]?.telling = store.nextTicket
            saveProgress(id)
        }
        ended.append(id)
    }

    /// Looks at those that were held because of a task that has ended; and tells of it, if it is stored nowhere.
    mutating func followEnd(of id: TaskID, at now: Instant, effects: inout [Effect]) {
        guard let entry = tasks[id], entry.isFinished else { return }
        tasks[id]?.dependents = []
        for dependent in entry.dependents.sorted() where tasks[dependent]?.phase == .held {
            enqueue(dependent, "what it waited for is finished", at: now, effects: &effects)
        }
        if entry.telling == nil { tell(id, at: now, effects: &effects) }
    }

    /// Some progress is stored, or could not be: an end is told in either case.
    mutating func endStored(_ id: TaskID, _ ticket: StoreTicket, at now: Instant, effects: inout [Effect]) {
        guard tasks[id]?.telling == ticket else { return }
        tasks[id]?.telling = nil
        tell(id, at: now, effects: &effects)
    }

    private mutating func tell(_ id: TaskID, at now: Instant, effects: inout [Effect]) {
        guard let report = report(id, at: now), let waiters = tasks[id]?.waiters else { return }
        tasks[id]?.waiters = []
        for waiter in waiters { tell(report, to: waiter, effects: &effects) }
        becomeForgettable(id)
    }

    /// One of those that a request waits for has its end.
    mutating func tell(_ report: TaskReport, to waiter: RequestID, effects: inout [Effect]) {
        guard case .ends(let all, let remaining, var known)? = requests[waiter] else { return }
        // Nobody else holds what is known already, so it is not copied: a request may wait for a thousand.
        requests[waiter] = nil
        known[report.id] = report
        if remaining == 1 {
            replyEnds(waiter, all, known, effects: &effects)
        } else {
            requests[waiter] = .ends(all, remaining: remaining - 1, known: known)
        }
    }

    mutating func replyEnds(
        _ request: RequestID, _ all: [TaskID], _ known: [TaskID: TaskReport], effects: inout [Effect]
    ) {
        requests[request] = nil
        effects.append(.reply(request, .tasks(all.compactMap { known[$0] })))
    }

    // MARK: - Forgetting

    /// What a task depends on is remembered as long as the task is unfinished.
    mutating func setPins(of id: TaskID, _ isPinning: Bool) {
        guard let entry = tasks[id], entry.isPinning != isPinning else { return }
        tasks[id]?.isPinning = isPinning
        for other in entry.record.submission.after {
            guard tasks[other] != nil else { continue }
            tasks[other]?.pins += isPinning ? 1 : -1
            if isPinning { becomeUnforgettable(other) } else { becomeForgettable(other) }
        }
    }

    mutating func becomeForgettable(_ id: TaskID) {
        guard let entry = tasks[id], entry.isFinished, entry.telling == nil, entry.pins == 0, entry.stamp == nil,
            let queue = queue(of: id)
        else { return }
        lastStamp += 1
        tasks[id]?.stamp = lastStamp
        queues[queue].finished.append((id, lastStamp))
        queues[queue].forgettable += 1
        queues[queue].forgettableBytes += entry.weight
        markDirty(queue)
    }

    mutating func becomeUnforgettable(_ id: TaskID) {
        guard let entry = tasks[id], entry.stamp != nil, let queue = queue(of: id) else { return }
        tasks[id]?.stamp = nil
        queues[queue].forgettable -= 1
        queues[queue].forgettableBytes -= entry.weight
        // What is stale is dropped before it is more than what is not.
        guard queues[queue].finished.count > 2 * queues[queue].forgettable + 16 else { return }
        queues[queue].finished.removeAll { tasks[$0.task]?.stamp != $0.stamp }
    }

    /// Forgets the oldest beyond `limit`, or beyond what may be kept in bytes.
    mutating func forget(_ queue: Int, beyond limit: Int, effects: inout [Effect]) {
        var forgotten: [TaskID] = []
        var durable: [TaskID] = []
        while queues[queue].forgettable > limit
            || queues[queue].forgettableBytes > QueueDefinition.bytesLimit,
            let oldest = queues[queue].finished.popFirst()
        {
            guard let entry = tasks[oldest.task], entry.stamp == oldest.stamp else { continue }
            queues[queue].forgettable -= 1
            queues[queue].forgettableBytes -= entry.weight
            queues[queue].bytes -= entry.weight
            queues[queue].counts[entry.publicState] -= 1
            if let key = entry.record.submission.key, queues[queue].keys[key] == entry.id {
                queues[queue].keys[key] = nil
            }
            tasks[entry.id] = nil
            store.unsaved.remove(entry.id)
            forgotten.append(entry.id)
            if entry.isDurable { durable.append(entry.id) }
        }
        guard !forgotten.isEmpty else { return }
        if !durable.isEmpty { store.add(.forget(durable), .forget(durable)) }
        effects.append(.forgetTasks(queue: queues[queue].name, forgotten))
    }
}
