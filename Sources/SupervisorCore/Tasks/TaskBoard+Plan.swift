import Scheduling

/// Taking over a plan's queues, and what an earlier life has left in the store.
extension TaskBoard {
    /// Only what changed is touched, and what runs goes on as it was started.
    ///
    /// A queue that leaves the plan starts nothing more. It stays, with what waits in it, until it comes back or its
    /// tasks are cancelled: an operator who loses a line of the configuration must not lose tasks.
    /// - Parameter foreignRuns: the highest run numbers of workers' instances that have the name of a queue's slot.
    mutating func adopt(
        _ definitions: [QueueDefinition], foreignRuns: [InstanceID: UInt64], at now: Instant, effects: inout [Effect],
        isLoading: Bool = false
    ) {
        var old: [String: TaskQueue] = [:]
        for queue in queues { old[queue.name] = queue }
        let names = Set(definitions.map(\.name))
        let leaving = queues.filter { !names.contains($0.name) }
        queues = definitions.map { old[$0.name] ?? TaskQueue(definition: $0) }
        queues += leaving
        reindex()
        for queue in queues.indices { queues[queue].isLeaving = queue >= definitions.count }
        for (queue, definition) in definitions.enumerated() {
            if old[definition.name] == nil {
                if !isLoading { sweep(queue, [], effects: &effects) }
                announce(.queueAdded, queue: definition.name, "in the plan", effects: &effects)
                // What the store knows is of an earlier queue of that name.
                if store.pauses.contains(definition.name) { savePause(queue) }
            }
            adopt(definition, in: queue, at: now)
            if old[definition.name]?.isLeaving == true { decide(queue, at: now, effects: &effects) }
            for slot in queues[queue].slots.indices {
                let id = queues[queue].slots[slot].shot.machine.id
                if let number = foreignRuns[id] { queues[queue].slots[slot].shot.avoidRuns(upTo: number) }
            }
        }
        markAllDirty()
    }

    private mutating func adopt(_ definition: QueueDefinition, in queue: Int, at now: Instant) {
        let before = queues[queue].definition
        queues[queue].definition = definition
        // What an operator has paused or resumed stays so, unless the plan says something new.
        if before.paused != definition.paused {
            queues[queue].isPaused = definition.paused
            if store.pauses.contains(definition.name) { savePause(queue) }
        }
        if before.order != definition.order || before.priority != definition.priority {
            let waiting = queues[queue].ready.elements
            queues[queue].ready = IndexedHeap()
            for id in waiting {
                guard let record = tasks[id]?.record else { continue }
                queues[queue].ready.insert(id, key: order(of: record, in: queue))
            }
        }
        resize(queue, at: now)
    }

    // MARK: - An earlier life

    private static let wentDown = "roostd went down while it ran"

    /// A queue is back in the plan: it says what becomes of tasks that ran when roostd died.
    private mutating func decide(_ queue: Int, at now: Instant, effects: inout [Effect]) {
        let name = queues[queue].name
        let undecided = tasks.values.filter { $0.phase == .undecided && $0.record.queue == name }.map(\.id)
        for id in undecided.sorted() {
            interrupted(id, Self.wentDown, slot: nil, of: queue, at: now, effects: &effects)
        }
    }

    /// Takes over what the store holds. To be said once, before the first plan.
    mutating func load(_ stored: StoredTasks, plan: [QueueDefinition], at now: Instant, effects: inout [Effect]) {
        let records = stored.records.sorted { $0.id < $1.id }
        lastTask = max(stored.lastTask, records.last?.id.number ?? 0)
        store.reserved = lastTask
        for run in records.compactMap(\.progress.run) {
            retiredRuns[run.instance] = max(retiredRuns[run.instance] ?? 0, run.number)
        }
        adopt(plan, foreignRuns: [:], at: now, effects: &effects, isLoading: true)
        for name in Set(records.map(\.queue)).sorted() where queueIndex[name] == nil {
            var gone = QueueDefinition(name: name)
            gone.slots = 0
            var queue = TaskQueue(definition: gone)
            queue.isLeaving = true
            queues.append(queue)
        }
        reindex()
        store.pauses = Set(stored.paused.keys)
        for (name, isPaused) in stored.paused {
            if let queue = queueIndex[name] { queues[queue].isPaused = isPaused }
        }
        for record in records { place(record) }
        for record in records { setPins(of: record.id, tasks[record.id]?.isFinished == false) }
        for record in records { revive(record, at: now, effects: &effects) }
        let finished = records.filter { tasks[$0.id]?.isTold == true }
        let byEnd = finished.sorted {
            ($0.progress.finishedAt ?? .origin, $0.id) < ($1.progress.finishedAt ?? .origin, $1.id)
        }
        for record in byEnd { becomeForgettable(record.id) }
        for queue in queues.indices { sweep(queue, queues[queue].sweeping ?? [], effects: &effects) }
        markAllDirty()
    }

    /// Nothing of a queue is started before what an earlier life has left of it is gone. That may be something although
    /// no run is known: of tasks that were never stored.
    private mutating func sweep(_ queue: Int, _ runs: [RunID], effects: inout [Effect]) {
        queues[queue].sweeping = runs
        effects.append(.sweep(queue: queues[queue].name, runs))
    }

    /// As it was, but for what ran: that is looked at once all are there.
    private mutating func place(_ record: TaskRecord) {
        guard tasks[record.id] == nil, let queue = queueIndex[record.queue] else { return }
        var entry = TaskEntry(record: record, phase: .finished, isDurable: true)
        if record.progress.state == .running, queues[queue].isLeaving {
            entry.phase = .undecided
            entry.record.progress.state = .held
            entry.record.progress.reason = "roostd went down while it ran, and its queue is not in the configuration"
        } else if !record.progress.state.isFinished {
            entry.phase = .queued
            entry.record.progress.state = record.progress.state == .held ? .held : .queued
        }
        tasks[record.id] = entry
        queues[queue].bytes += entry.weight
        // All whose end nobody has seen, also in earlier lives: a sweep that did not get to its end is not remembered.
        if let run = record.progress.run, record.progress.state != .done, record.progress.state != .failed {
            queues[queue].sweeping = (queues[queue].sweeping ?? []) + [run]
        }
        queues[queue].counts[entry.publicState] += 1
        if let key = record.submission.key { queues[queue].keys[key] = record.id }
    }

    private mutating func revive(_ record: TaskRecord, at now: Instant, effects: inout [Effect]) {
        guard let entry = tasks[record.id], !entry.isFinished, let queue = queue(of: record.id) else { return }
        switch record.progress.state {
        case .stopping:
            let text = "cancelled by request; roostd went down while it was being stopped"
            finish(record.id, .cancelled, text, at: now, effects: &effects)
        case .running where entry.phase == .undecided:
            break
        case .running:
            interrupted(record.id, Self.wentDown, slot: nil, of: queue, at: now, effects: &effects)
        case .backoff:
            makeReady(record.id, "roostd was started anew")
        case .queued:
            makeReady(record.id, record.progress.reason)
        case .held:
            enqueue(record.id, record.progress.reason, at: now, effects: &effects)
        case .done, .failed, .cancelled, .interrupted:
            break
        }
    }
}

extension TaskBoard {
    /// The highest run number that a slot of this name ever had; nil when it never ran.
    func lastRun(of id: InstanceID) -> UInt64? {
        guard let queue = queueIndex[id.worker], queues[queue].slots.indices.contains(id.index) else {
            return retiredRuns[id]
        }
        return queues[queue].slots[id.index].shot.run.number
    }
}
