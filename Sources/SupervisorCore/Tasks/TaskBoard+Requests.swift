import Scheduling

/// What clients ask about tasks that exist, and about queues.
extension TaskBoard {
    private func checked(_ ids: [TaskID]) throws(RefusedTask) -> [TaskID] {
        var seen: Set<TaskID> = []
        let unique = ids.filter { seen.insert($0).inserted }
        for id in unique where known(id) == nil { throw RefusedTask(.unknownTask(id)) }
        return unique
    }

    /// What waits is cancelled at once, what runs gets the stop sequence.
    mutating func cancel(
        _ ids: [TaskID], wait isWaiting: Bool, id request: RequestID, at now: Instant, effects: inout [Effect]
    ) throws(RefusedTask) {
        let ids = try checked(ids)
        let states = ids.compactMap { known($0)?.publicState }
        if let first = ids.first, !states.contains(where: { !$0.isFinished || $0 == .cancelled }) {
            throw RefusedTask(.taskIsFinished(first, states[0]))
        }
        for id in ids { cancel(id, at: now, effects: &effects) }
        if isWaiting { return try wait(for: ids, pools: [:], id: request, at: now, effects: &effects) }
        replyOnceStored(request, .tasks(ids.compactMap { report($0, at: now) }), effects: &effects)
    }

    mutating func cancel(_ id: TaskID, at now: Instant, effects: inout [Effect]) {
        guard let entry = tasks[id], let queue = queue(of: id) else { return }
        switch entry.phase {
        case .finished:
            break
        case .accepting:
            // A retry by hand that is not stored yet. Those who wait for it are told once its ticket is back.
            finish(id, .cancelled, "cancelled by request", at: now, effects: &effects)
            tasks[id]?.before = nil
        case .starting(_, let slot):
            restoreProgress(id)
            finish(id, .cancelled, "cancelled by request before it ran", at: now, effects: &effects)
            giveBack(slot, of: queue)
        case .held, .undecided, .queued, .backoff:
            finish(id, .cancelled, "cancelled by request", at: now, effects: &effects)
        case .running(let slot):
            guard !entry.isCancelled else { return }
            tasks[id]?.isCancelled = true
            stop(.cancelled, slot: slot, of: queue, at: now, effects: &effects)
            // Stored, so that a roostd that dies meanwhile does not run it again.
            move(id, to: .running(slot: slot), .stopping, "cancelled by request")
            saveProgress(id)
        }
    }

    /// All of them, or none.
    mutating func retry(
        _ ids: [TaskID], id request: RequestID, at now: Instant, effects: inout [Effect]
    ) throws(RefusedTask) {
        let ids = try checked(ids)
        let chosen = Set(ids)
        var wanted: [Int: (count: Int, bytes: Int)] = [:]
        for id in ids {
            guard let entry = tasks[id], let queue = queue(of: id) else { continue }
            guard entry.isFinished else { throw RefusedTask(.taskIsNotFinished(id, entry.publicState)) }
            guard entry.telling == nil else {
                throw RefusedTask(.notStored(reason: "the end of task \(id) is still being stored; ask again"))
            }
            if queues[queue].isLeaving { throw RefusedTask(.queueIsLeaving(queues[queue].name)) }
            wanted[queue, default: (0, 0)].count += 1
            wanted[queue, default: (0, 0)].bytes += entry.weight
            let (count, bytes) = wanted[queue, default: (0, 0)]
            if let full = whyFull(queue, adding: count, bytes: bytes) { throw RefusedTask(full) }
            for other in entry.record.submission.after where !chosen.contains(other) {
                guard let entry = known(other), entry.isFinished, !(tasks[id]?.record.submission.afterAny ?? false)
                else { continue }
                let state = entry.publicState
                if state != .done { throw RefusedTask(.dependencyFailed(other, state)) }
            }
        }
        // In the order of their numbers, so that what others depend on is unfinished before they look.
        for id in ids.sorted() { beginRetry(id, at: now, effects: &effects) }
        for id in ids.sorted() where tasks[id]?.isDurable == false {
            acceptRetry(id, at: now, effects: &effects)
        }
        guard ids.contains(where: { tasks[$0]?.isDurable == true }) else {
            effects.append(.reply(request, .tasks(ids.compactMap { report($0, at: now) })))
            return
        }
        requests[request] = .retry(ids)
        for id in ids where tasks[id]?.isDurable == true { tasks[id]?.waiters.append(request) }
    }

    private mutating func beginRetry(_ id: TaskID, at now: Instant, effects: inout [Effect]) {
        guard let entry = tasks[id] else { return }
        becomeUnforgettable(id)
        setPins(of: id, true)
        tasks[id]?.before = entry.record.progress
        tasks[id]?.isCancelled = false
        tasks[id]?.record.progress.retries += 1
        move(id, to: .accepting(store.nextTicket), .queued, "to be run again by request")
        if let entry = tasks[id], stateToCome(of: entry) == .held {
            move(id, to: .accepting(store.nextTicket), .held, "to be run again by request")
        }
        tasks[id]?.record.progress.failures = 0
        tasks[id]?.record.progress.interruptions = 0
        tasks[id]?.record.progress.finishedAt = nil
        if let progress = tasks[id]?.record.progress, entry.isDurable {
            store.add(.change(id, progress), .requeue(id))
        }
    }

    private mutating func acceptRetry(_ id: TaskID, at now: Instant, effects: inout [Effect]) {
        guard case .accepting(let ticket)? = tasks[id]?.phase else { return }
        accepted(id, ticket, at: now, effects: &effects)
    }

    /// The store took all retries of a ticket.
    mutating func answerRetries(_ purposes: [StoreMirror.Purpose], at now: Instant, effects: inout [Effect]) {
        for case .requeue(let id) in purposes {
            guard let waiters = tasks[id]?.waiters else { continue }
            for waiter in waiters {
                guard case .retry(let all)? = requests[waiter] else { continue }
                requests[waiter] = nil
                effects.append(.reply(waiter, .tasks(all.compactMap { report($0, at: now) })))
            }
            let left = waiters.filter { requests[$0] != nil }
            tasks[id]?.waiters = left
        }
    }

    /// The store did not take a retry: the task stays as it was.
    mutating func takeBackRetry(
        _ id: TaskID, _ ticket: StoreTicket, _ reason: String, at now: Instant, effects: inout [Effect]
    ) {
        defer { answer(id, effects: &effects) { $0.isRetry ? .refused(.notStored(reason: reason)) : nil } }
        guard let entry = tasks[id], entry.phase == .accepting(ticket), let before = entry.before else { return }
        move(id, to: .finished, before.state, before.reason)
        tasks[id]?.record.progress = before
        tasks[id]?.before = nil
        setPins(of: id, false)
        store.unsaved.insert(id)
        // What has begun to wait for it since has its answer, and so has what was held because of it.
        ended.append(id)
    }

    // MARK: - Queues

    mutating func setPaused(
        _ names: [String], _ isPaused: Bool, id request: RequestID, effects: inout [Effect]
    ) throws(RefusedTask) {
        let chosen = try resolve(names)
        for queue in chosen where queues[queue].isPaused != isPaused {
            queues[queue].isPaused = isPaused
            let name = queues[queue].name
            savePause(queue)
            let kind = isPaused ? Announcement.Kind.queuePaused : .queueResumed
            let text = isPaused ? "paused by request: nothing is started" : "resumed by request"
            announce(kind, queue: name, text, effects: &effects)
            markDirty(queue)
        }
        replyOnceStored(request, .queues(chosen.map(report(queue:))), effects: &effects)
    }

    private func resolve(_ names: [String]) throws(RefusedTask) -> [Int] {
        var chosen: Set<Int> = []
        for name in names {
            if name == "all" || name == "*" {
                chosen.formUnion(queues.indices)
            } else if let queue = queueIndex[name] {
                chosen.insert(queue)
            } else {
                throw RefusedTask(.unknownName(name, nearest: nil))
            }
        }
        return chosen.sorted()
    }

    mutating func swept(_ name: String) {
        guard let queue = queueIndex[name], queues[queue].sweeping != nil else { return }
        queues[queue].sweeping = nil
        markDirty(queue)
    }

    /// The client is gone. A submission that has no room yet goes with it; all else goes on.
    mutating func abandon(_ id: RequestID) {
        guard let request = requests.removeValue(forKey: id) else { return }
        switch request {
        case .room(let name, let submission):
            guard let queue = queueIndex[name] else { break }
            queues[queue].waiting.removeAll { $0 == id }
            queues[queue].waitingBytes -= submission.size
        case .change:
            break
        case .submission(let task, _):
            tasks[task]?.waiters.removeAll { $0 == id }
        case .retry(let all), .ends(let all, _, _):
            for task in all {
                tasks[task]?.waiters.removeAll { $0 == id }
                poolWaiters[task]?.removeAll { $0 == id }
            }
        }
    }
}

extension TaskRequest {
    var isRetry: Bool {
        if case .retry = self { return true }
        return false
    }
}

extension TaskEntry {
    /// It is finished, and whoever asked has been told.
    var isTold: Bool { isFinished && telling == nil }
}
