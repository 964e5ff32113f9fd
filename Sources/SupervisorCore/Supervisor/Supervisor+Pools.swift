import Scheduling

/// Pools: workers whose instances take tasks. Instances settle as those of any worker; then tasks are handed out.
extension Supervisor {
    // MARK: - Calls

    func isPool(_ name: String) -> Bool { entryIndex[name].map { entries[$0].pool != nil } ?? false }

    mutating func call(_ call: PoolCall, id: RequestID, at now: Instant, effects: inout [Effect]) {
        submit(
            PoolOrder(call), to: call.pool, from: id, waitsForRoom: call.waitsForRoom, timeout: call.timeout,
            wantsAnswer: true, at: now, effects: &effects)
    }

    /// A submission that only wants the task's number.
    mutating func submit(
        _ submission: TaskSubmission, toPool pool: String, id: RequestID, waitsForRoom: Bool, at now: Instant,
        effects: inout [Effect]
    ) {
        guard case .json(let text) = submission.work else {
            return effects.append(.reply(id, .refused(.wrongWork(queue: pool))))
        }
        let line = Array(text.utf8)
        guard let value = JSONText.value(in: line) else {
            return effects.append(.reply(id, .refused(.badTask("the task is no JSON"))))
        }
        var order = PoolOrder(line: JSONText.compact(line, value), key: submission.key)
        order.label = submission.label
        order.user = submission.submitter.user
        order.attempts = submission.attempts
        order.timeout = submission.timeout
        submit(
            order, to: pool, from: id, waitsForRoom: waitsForRoom, timeout: nil, wantsAnswer: false, at: now,
            effects: &effects)
    }

    /// What is wanted of a pool.
    private struct PoolOrder {
        var line: [UInt8]
        var key: String?
        var label: String?
        var user: UInt32?
        var attempts: Int?
        var timeout: Duration?

        init(line: [UInt8], key: String?) {
            self.line = line
            self.key = key
        }

        init(_ call: PoolCall) { self.init(line: call.task, key: call.key) }
    }

    private mutating func submit(
        _ order: PoolOrder, to name: String, from id: RequestID, waitsForRoom: Bool, timeout: Duration?,
        wantsAnswer: Bool, at now: Instant, effects: inout [Effect]
    ) {
        guard let entry = entryIndex[name], let pool = entries[entry].definition.tasks else {
            return effects.append(.reply(id, .refused(refusalOfPool(name))))
        }
        if let reason = reasonPoolIsDown(entry) {
            return effects.append(.reply(id, .refused(.poolIsDown(name, reason: reason))))
        }
        let verdict = entries[entry].pool?.verdict(
            on: order.line, key: order.key, wantsAnswer: wantsAnswer, waitsForRoom: waitsForRoom)
        switch verdict {
        case .accepted?, .waits?:
            let task = PoolTask(
                id: tasks.takeNumber(), line: order.line, key: order.key, label: order.label, user: order.user,
                attemptLimit: order.attempts ?? pool.retry.attempts, timeout: order.timeout, submittedAt: now,
                isKept: !wantsAnswer)
            entries[entry].pool?.take(
                task, from: id, wantsAnswer: wantsAnswer, timeout: timeout, at: now, effects: &effects)
        case .known(let known)?:
            if wantsAnswer {
                entries[entry].pool?.join(known, id, timeout: timeout, at: now, effects: &effects)
            } else {
                effects.append(.reply(id, .submitted(known, isNew: false)))
            }
        case .refused(let refusal)?: effects.append(.reply(id, .refused(refusal)))
        case nil: effects.append(.reply(id, .refused(refusalOfPool(name))))
        }
    }

    private func refusalOfPool(_ name: String) -> Reply.Refusal {
        if entryIndex[name] != nil || plan.queues.contains(where: { $0.name == name }) { return .noPool(name) }
        let pools = entries.filter { $0.definition.tasks != nil }.map(\.definition.name)
        return .unknownName(name, nearest: nearest(to: name, among: pools))
    }

    /// Nil while some process of it works or may come to work by itself.
    func reasonPoolIsDown(_ entry: Int) -> String? {
        if entries[entry].isRemoved { return "it is no longer in the configuration" }
        let slots = entries[entry].slots.indices
        if slots.isEmpty { return "it has no processes; \"roostctl scale \(entries[entry].definition.name)=1\"" }
        var reason = ""
        for slot in slots {
            let place = Place(entry: entry, slot: slot)
            switch self[place].machine.state {
            case .waiting, .spawning, .starting, .running, .backoff: return nil
            case .stopping, .stopped: if isDesired(place) { return nil }
            case .exited, .fatal: if self[place].restartReason != nil { return nil }
            }
            reason = reason.isEmpty ? "\(self[place].machine.id) is \(self[place].machine.publicState)" : reason
        }
        return reason
    }

    // MARK: - Answers

    mutating func taskAnswered(
        _ run: RunID, _ line: [UInt8], extra: [UInt8], at now: Instant, effects: inout [Effect]
    ) {
        guard let place = placeOfPool(run) else { return }
        let demand = entries[place.entry].pool?.answered(place.slot, line, extra: extra, at: now, effects: &effects)
        meet(demand, place, at: now, effects: &effects)
    }

    mutating func taskChannelBroken(_ run: RunID, _ fault: PoolFault, at now: Instant, effects: inout [Effect]) {
        guard let place = placeOfPool(run) else { return }
        let demand = entries[place.entry].pool?.broken(place.slot, fault, at: now, effects: &effects)
        meet(demand, place, at: now, effects: &effects)
    }

    /// News about an earlier run is late, and dropped here.
    private func placeOfPool(_ run: RunID) -> Place? {
        guard let place = place(of: run.instance), let pool = entries[place.entry].pool,
            place.slot < pool.hands.count, pool.hands[place.slot].run == run.number
        else { return nil }
        return place
    }

    mutating func meet(
        _ demand: PoolMachine.Demand?, _ place: Place, at now: Instant, effects: inout [Effect]
    ) {
        switch demand {
        case .none, .nothing?: return
        case .replace(let why)?:
            askRestart(place, why, at: now, effects: &effects)
        case .kill(let why, let isItsFault)?:
            kill(place, why, isItsFault: isItsFault, at: now, effects: &effects)
        }
    }

    /// Ends a process at once. It is replaced: by the restart policy if it was its fault, else in any case.
    private mutating func kill(
        _ place: Place, _ why: String, isItsFault: Bool, at now: Instant, effects: inout [Effect]
    ) {
        switch self[place].machine.state {
        case .starting, .running:
            if !isItsFault, isDesired(place), self[place].restartReason == nil { self[place].restartReason = why }
            self[place].machine.kill(isItsFault ? .unhealthy(why) : .requested(why), at: now, effects: &effects)
        case .stopping:
            _ = self[place].machine.hasten(at: now, effects: &effects)
        case .stopped, .waiting, .spawning, .backoff, .exited, .fatal:
            return
        }
        refresh(place, at: now, effects: &effects)
    }

    // MARK: - Processes

    /// Tells a pool what the process in one of its slots is now.
    mutating func syncPool(_ place: Place, at now: Instant, effects: inout [Effect]) {
        let machine = self[place].machine
        let hasProcess = machine.isActive && !machine.isStuck
        let isUp = if case .running = machine.state { true } else { false }
        let isUsable = isUp && isDesired(place) && self[place].restartReason == nil
        let slots = entries[place.entry].slots.count
        entries[place.entry].pool?.sync(
            place.slot, run: hasProcess ? machine.run : 0, isUsable: isUsable, slots: slots,
            end: { machine.endOfTask }, at: now, random: &random, effects: &effects)
    }

    /// Before it is told that its process has ended: an end in the middle of a task is that task's doing, if the
    /// process has shown that it can answer.
    mutating func excuseExit(of place: Place) {
        guard let pool = entries[place.entry].pool, place.slot < pool.hands.count else { return }
        let hand = pool.hands[place.slot]
        guard let task = hand.task, hand.answered > 0, isDesired(place), self[place].restartReason == nil else {
            return
        }
        guard case .running = self[place].machine.state else { return }
        self[place].restartReason = "its process ended in task \(task)"
        self[place].machine.excuse = "it ended in task \(task)"
    }

    // MARK: - Settling

    /// Hands out what can be handed out. Changes no instance, so it is done once, when they have settled.
    mutating func settlePools(at now: Instant, effects: inout [Effect]) {
        for entry in poolEntries where entries[entry].pool?.isDirty == true {
            entries[entry].pool?.isDirty = false
            if let reason = reasonPoolGaveUp(entry) {
                entries[entry].pool?.dropWaiting(.failed(.stopped, reason), at: now, effects: &effects)
            }
            repeat {
                entries[entry].pool?.handOut(at: now, effects: &effects)
            } while entries[entry].pool?.admitWaiting(effects: &effects) == true
            entries[entry].pool?.isDirty = false
        }
    }

    /// No process of it will come back without an operator, so what waits would wait for ever.
    private func reasonPoolGaveUp(_ entry: Int) -> String? {
        guard entries[entry].pool?.queuedCount ?? 0 > 0, entries[entry].tally.active == 0 else { return nil }
        var reason: String?
        for slot in entries[entry].slots {
            switch slot.machine.state {
            case .fatal, .exited: if slot.restartReason != nil { return nil }
            case .stopped, .waiting, .spawning, .starting, .running, .backoff, .stopping: return nil
            }
            reason = "the pool gave up: \(slot.machine.id) is \(slot.machine.publicState): \(slot.machine.reason)"
        }
        return reason
    }

    // MARK: - Time

    mutating func nextPoolDeadline() -> Instant? {
        var next: Instant?
        for entry in poolEntries {
            guard let deadline = entries[entry].pool?.wheel.nextDeadline() else { continue }
            next = next.map { min($0, deadline) } ?? deadline
        }
        return next
    }

    mutating func advancePools(to now: Instant, effects: inout [Effect]) {
        for entry in poolEntries {
            while let due = entries[entry].pool?.wheel.popDue(at: now) {
                let end = entries[entry].pool?.timePassed(due.payload, at: now, effects: &effects)
                guard let (slot, demand) = end ?? nil else { continue }
                meet(demand, Place(entry: entry, slot: slot), at: now, effects: &effects)
            }
        }
    }

    // MARK: - Plans and ends

    /// Makes the pool what its worker's definition says.
    mutating func adoptPool(_ entry: Int, at now: Instant, effects: inout [Effect]) {
        let definition = entries[entry].definition
        guard let settings = definition.tasks, !entries[entry].isRemoved else {
            let reason = entries[entry].isRemoved ? "its pool left the plan" : "its pool has become a worker"
            entries[entry].pool?.close(reason, at: now, effects: &effects)
            return
        }
        if entries[entry].pool == nil {
            entries[entry].pool = PoolMachine(name: definition.name, settings: settings)
        }
        entries[entry].pool?.settings = settings
        if !isShuttingDown { entries[entry].pool?.closed = nil }
        entries[entry].pool?.trim(effects: &effects)
        entries[entry].pool?.isDirty = true
    }

    /// To be called when entries or their definitions have changed.
    mutating func findPools() {
        poolEntries = entries.indices.filter { entries[$0].definition.tasks != nil || entries[$0].pool != nil }
    }

    mutating func closePools(_ why: String, at now: Instant, effects: inout [Effect]) {
        for entry in poolEntries { entries[entry].pool?.close(why, at: now, effects: &effects) }
    }

    mutating func abandonCall(_ id: RequestID, at now: Instant, effects: inout [Effect]) {
        for entry in poolEntries where entries[entry].pool?.abandon(id, at: now, effects: &effects) == true { return }
    }
}

extension InstanceMachine {
    /// How a task ended that this machine's last run had in hand.
    fileprivate var endOfTask: (PoolFailure, String) {
        if isStuck { return (.stopped, reason) }
        let status = lastExit.flatMap { $0.run == run ? $0.status : nil }
        let what = "its process \(currentRun) \(status.map { "\($0)" } ?? "could not be kept")"
        // Entered when a stop that was asked for is over, with the reason for it.
        if state == .stopped, excuse == nil { return (.stopped, "\(what), as asked: \(reason)") }
        return (.crashed, what)
    }
}
