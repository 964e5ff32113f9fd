import Scheduling

/// Attempts: from a free slot to the end of a run, and what comes after it.
extension TaskBoard {
    /// A slot takes a task. It runs once that is stored, so that nothing ever runs that a later life knows nothing of.
    mutating func assign(_ id: TaskID, slot: Int, of queue: Int, at now: Instant, effects: inout [Effect]) {
        guard let entry = tasks[id] else { return }
        queues[queue].slots[slot].task = id
        queues[queue].taken += 1
        tasks[id]?.before = entry.record.progress
        tasks[id]?.record.progress.attempts += 1
        tasks[id]?.record.progress.run = queues[queue].slots[slot].shot.nextRun
        tasks[id]?.record.progress.startedAt = now
        tasks[id]?.record.progress.status = nil
        guard entry.isDurable else { return spawn(id, slot: slot, of: queue, at: now, effects: &effects) }
        move(id, to: .starting(store.nextTicket, slot: slot), .running, "its start is being stored")
        if let progress = tasks[id]?.record.progress { store.add(.change(id, progress), .start(id)) }
    }

    mutating func startStored(_ id: TaskID, _ ticket: StoreTicket, at now: Instant, effects: inout [Effect]) {
        guard let queue = queue(of: id), case .starting(ticket, let slot)? = tasks[id]?.phase else { return }
        let isTooMany = queues[queue].taken > queues[queue].definition.slots
        guard let obstacle = obstacle(to: queue) ?? (isTooMany ? "the queue has fewer slots now" : nil) else {
            return spawn(id, slot: slot, of: queue, at: now, effects: &effects)
        }
        // Paused meanwhile, say: it has not run.
        takeBackStart(id, ticket, obstacle, at: now)
        saveProgress(id)
    }

    /// Back into the queue, as if it had never been chosen.
    mutating func takeBackStart(_ id: TaskID, _ ticket: StoreTicket, _ reason: String, at now: Instant) {
        guard let queue = queue(of: id), case .starting(ticket, let slot)? = tasks[id]?.phase else { return }
        restoreProgress(id)
        makeReady(id, reason)
        giveBack(slot, of: queue)
        // Whatever the store was told of it in between, it must hear the truth.
        store.unsaved.insert(id)
    }

    /// Takes over what a start or a retry, which did not come to be, had changed.
    mutating func restoreProgress(_ id: TaskID) {
        guard let before = tasks[id]?.before else { return }
        // The state is changed by whoever moves the task next.
        let state = tasks[id]?.record.progress.state
        tasks[id]?.record.progress = before
        if let state { tasks[id]?.record.progress.state = state }
        tasks[id]?.before = nil
    }

    private mutating func spawn(
        _ id: TaskID, slot: Int, of queue: Int, at now: Instant, effects: inout [Effect]
    ) {
        guard let record = tasks[id]?.record else { return }
        let instance = queues[queue].slots[slot].shot.machine.id
        let definition = queues[queue].definition
        let timeout = record.submission.timeout ?? definition.timeout
        let worker = definition.worker(for: record, in: instance)
        tasks[id]?.before = nil
        queues[queue].slots[slot].shot.begin(worker, timeout: timeout, at: now, effects: &effects)
        queues[queue].busy += 1
        syncTimer(slot, of: queue)
        let text = "attempt \(record.progress.attempts) in \(instance)"
        move(id, to: .running(slot: slot), .running, text)
        announce(.taskStarted, id, slot: slot, text, effects: &effects)
    }

    // MARK: - News

    func holds(_ run: RunID) -> Bool { slot(of: run) != nil }

    private func slot(of run: RunID) -> (queue: Int, slot: Int)? {
        guard let queue = queueIndex[run.instance.worker], queues[queue].slots.indices.contains(run.instance.index)
        else { return nil }
        let shot = queues[queue].slots[run.instance.index].shot
        return shot.run == run && shot.isActive ? (queue, run.instance.index) : nil
    }

    mutating func deliver(
        _ news: InstanceMachine.News, about run: RunID, at now: Instant, effects: inout [Effect]
    ) {
        guard let place = slot(of: run) else { return }
        deliver(news, to: place.slot, of: place.queue, at: now, effects: &effects)
    }

    mutating func deliver(
        _ news: InstanceMachine.News, to slot: Int, of queue: Int, at now: Instant, effects: inout [Effect]
    ) {
        let outcome = queues[queue].slots[slot].shot.handle(news, at: now, random: &random, effects: &effects)
        react(to: outcome, slot, of: queue, at: now, effects: &effects)
    }

    mutating func stop(
        _ why: OneShot.Stop, slot: Int, of queue: Int, at now: Instant, effects: inout [Effect]
    ) {
        let outcome = queues[queue].slots[slot].shot.end(why, at: now, effects: &effects)
        react(to: outcome, slot, of: queue, at: now, effects: &effects)
    }

    private mutating func react(
        to outcome: OneShot.Outcome, _ slot: Int, of queue: Int, at now: Instant, effects: inout [Effect]
    ) {
        syncTimer(slot, of: queue)
        syncStuck(slot, of: queue)
        guard let id = queues[queue].slots[slot].task else { return }
        switch outcome {
        case .goesOn:
            break
        case .isBeingStopped:
            let text = queues[queue].slots[slot].shot.stop?.text ?? ""
            move(id, to: .running(slot: slot), .stopping, text)
            announce(.taskStopping, id, slot: slot, text, effects: &effects)
            guard isHastening else { break }
            queues[queue].slots[slot].shot.hasten(at: now, effects: &effects)
            syncTimer(slot, of: queue)
        case .isStuck(let text):
            tasks[id]?.record.progress.reason = text
            announce(.taskStuck, id, slot: slot, text, effects: &effects)
        case .ended(let ending):
            attemptEnded(id, ending, slot: slot, of: queue, at: now, effects: &effects)
        }
    }

    /// What survived KILL may end after all, and leave others behind that are killed in their turn.
    private mutating func syncStuck(_ slot: Int, of queue: Int) {
        let isStuck = queues[queue].slots[slot].shot.isStuck
        guard queues[queue].slots[slot].isStuck != isStuck else { return }
        queues[queue].slots[slot].isStuck = isStuck
        queues[queue].stuck += isStuck ? 1 : -1
    }

    mutating func syncTimer(_ slot: Int, of queue: Int) {
        let deadline = queues[queue].slots[slot].shot.deadline
        guard queues[queue].slots[slot].timer?.deadline != deadline else { return }
        if let timer = queues[queue].slots[slot].timer { wheel.cancel(timer.handle) }
        let id = queues[queue].slots[slot].shot.machine.id
        queues[queue].slots[slot].timer = deadline.map { (wheel.insert(.slot(id), at: $0), $0) }
    }

    // MARK: - After an attempt

    private mutating func attemptEnded(
        _ id: TaskID, _ ending: OneShot.Ending, slot: Int, of queue: Int, at now: Instant, effects: inout [Effect]
    ) {
        queues[queue].busy -= 1
        tasks[id]?.record.progress.status = ending.status
        let isCancelled = tasks[id]?.isCancelled == true
        switch ending.stop {
        case nil where ending.isSuccess:
            finish(id, .done, ending.text, slot: slot, at: now, effects: &effects)
        case nil where isCancelled, .cancelled:
            finish(id, .cancelled, ending.text, slot: slot, at: now, effects: &effects)
        case nil, .tooSlow:
            attemptFailed(id, ending.text, slot: slot, of: queue, at: now, effects: &effects)
        case .shutdown:
            interrupted(id, ending.text, slot: slot, of: queue, at: now, effects: &effects)
        }
        giveBack(slot, of: queue)
    }

    private mutating func attemptFailed(
        _ id: TaskID, _ what: String, slot: Int, of queue: Int, at now: Instant, effects: inout [Effect]
    ) {
        tasks[id]?.record.progress.failures += 1
        guard let record = tasks[id]?.record else { return }
        let definition = queues[queue].definition
        let failures = record.progress.failures
        let limit = record.submission.attempts ?? definition.retry.attempts
        guard failures < limit else {
            let rule = limit == 1 ? "not tried again (retry.attempts = 1)" : "gave up after \(limit) attempts"
            return finish(id, .failed, "\(what); \(rule)", slot: slot, at: now, effects: &effects)
        }
        let delay = definition.retry.backoff.delay(attempt: failures, using: &random)
        let rule = "tried again in \(delay.text), \(failures) of \(limit) attempts failed (retry)"
        move(id, to: .backoff(until: now + delay), .backoff, "\(what); \(rule)")
        // A daemon on its way out sets no timers; the next one tries again at once.
        if !isShuttingDown { tasks[id]?.timer = wheel.insert(.retry(id), at: now + delay) }
        saveProgress(id)
        let status = record.progress.status
        announce(.taskRetrying, id, slot: slot, status: status, "\(what); \(rule)", effects: &effects)
    }

    mutating func backoffEnded(_ id: TaskID) {
        guard case .backoff? = tasks[id]?.phase else { return }
        tasks[id]?.timer = nil
        makeReady(id, "its delay is over")
    }

    /// roostd stops, or was gone, while it ran.
    mutating func interrupted(
        _ id: TaskID, _ what: String, slot: Int?, of queue: Int, at now: Instant, effects: inout [Effect]
    ) {
        tasks[id]?.record.progress.interruptions += 1
        let interruptions = tasks[id]?.record.progress.interruptions ?? 0
        switch queues[queue].definition.onInterrupt {
        case .report:
            let text = "\(what); not tried again (on_interrupt = report)"
            finish(id, .interrupted, text, slot: slot, at: now, effects: &effects)
        case .retry where interruptions >= QueueDefinition.interruptionLimit:
            let text = "\(what); not tried again, that was the \(interruptions)th time"
            finish(id, .interrupted, text, slot: slot, at: now, effects: &effects)
        case .retry:
            let text = "\(what); queued again (on_interrupt = retry)"
            makeReady(id, text)
            announce(.taskInterrupted, id, slot: slot, text, effects: &effects)
            saveProgress(id)
        }
    }
}

extension QueueDefinition {
    /// What a task's run is: the queue's settings and the task's command. Placeholders are expanded here, so that what
    /// a submitter writes in braces stays as it is.
    func worker(for record: TaskRecord, in instance: InstanceID) -> WorkerDefinition {
        var launch = launch
        launch.isLiteral = true
        let expand = { (text: String) in Placeholders.expand(text, for: instance) }
        launch.directory = launch.directory.map(expand)
        launch.standardInput = launch.standardInput.map(expand)
        launch.environmentFiles = launch.environmentFiles.map(expand)
        launch.environment = launch.environment.map { EnvironmentVariable(name: $0.name, value: expand($0.value)) }
        if case .command(let command) = record.submission.work {
            launch.arguments = command.arguments
            launch.directory = command.directory ?? launch.directory
            launch.environment += command.environment
        }
        launch.environment += [
            EnvironmentVariable(name: "ROOST_TASK", value: "\(record.id)"),
            EnvironmentVariable(name: "ROOST_ATTEMPT", value: "\(record.progress.attempts)"),
        ]
        var worker = WorkerDefinition(name: name, launch: launch)
        worker.task = record.id
        worker.instances = slots
        worker.restart.successCodes = successCodes
        worker.stop = stop
        worker.log = log
        return worker
    }
}
