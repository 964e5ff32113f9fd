import DequeModule
import Scheduling

/// Settling: each instance that could be affected moves one step towards what it should be, until nothing moves.
extension Supervisor {
    mutating func markDirty(_ place: Place) {
        guard !self[place].isDirty else { return }
        self[place].isDirty = true
        dirty.append(place)
    }

    /// Marks whoever looks at this worker: its neighbours and, beyond those that have no process, theirs.
    mutating func markNeighbours(of entry: Int) {
        for successor in graph.successors[entry] { markDirty(entry: successor) }
        var next = graph.predecessors[entry]
        var seen: Set<Int> = []
        while let predecessor = next.popLast() {
            guard seen.insert(predecessor).inserted else { continue }
            markDirty(entry: predecessor)
            if entries[predecessor].tally.active == 0 { next += graph.predecessors[predecessor] }
        }
    }

    mutating func markDirty(entry: Int) {
        for slot in entries[entry].slots.indices { markDirty(Place(entry: entry, slot: slot)) }
    }

    mutating func refreshAll(at now: Instant, effects: inout [Effect]) {
        for entry in entries.indices { refresh(entry: entry, at: now, effects: &effects) }
    }

    mutating func refresh(entry: Int, at now: Instant, effects: inout [Effect]) {
        for slot in entries[entry].slots.indices {
            refresh(Place(entry: entry, slot: slot), at: now, effects: &effects)
        }
    }

    /// Ends, because an instance passes through each of its states at most once between two events.
    mutating func settle(at now: Instant, effects: inout [Effect]) {
        var steps = 0
        repeat {
            while let place = dirty.popFirst() {
                self[place].isDirty = false
                step(place, at: now, effects: &effects)
                steps += 1
                // What is still unsettled then waits for the next event: a bug must not take the daemon with it.
                guard steps < Self.settlingLimit else { return settlingDoesNotEnd(effects: &effects) }
            }
            offerStartSlots()
            if dirty.isEmpty, hasLeavers { removeGone(effects: &effects) }
        } while !dirty.isEmpty
    }

    private func settlingDoesNotEnd(effects: inout [Effect]) {
        let text = "settling does not end: some instance moves in a circle"
        #if DEBUG
            preconditionFailure(text)
        #else
            announce(.internalError, text, effects: &effects)
        #endif
    }

    /// Moves one instance one step, if what it is differs from what it should be.
    private mutating func step(_ place: Place, at now: Instant, effects: inout [Effect]) {
        switch self[place].machine.state {
        case .spawning:
            return  // Its outcome is on its way, and will be looked at then.
        case .starting, .running:
            guard let why = reasonToStop(place), isHastening || mayStop(place) else { return }
            let drain = isHastening ? nil : entries[place.entry].pool?.settings.drain
            self[place].machine.beginStop(.requested(why), drain: drain, at: now, effects: &effects)
        case .stopping:
            guard isHastening, self[place].machine.hasten(at: now, effects: &effects) else { return }
        case .stopped, .waiting, .backoff, .exited, .fatal:
            guard stepIdle(place, at: now, effects: &effects) else { return }
        }
        refresh(place, at: now, effects: &effects)
    }

    /// The step of an instance that has no process. Returns whether anything changed.
    private mutating func stepIdle(_ place: Place, at now: Instant, effects: inout [Effect]) -> Bool {
        let isDesired = isDesired(place)
        // Whatever run was to be replaced is over.
        let restartReason = self[place].restartReason.take()
        switch self[place].machine.state {
        case .stopped where isDesired:
            wait(place, restartReason ?? "wanted", at: now, effects: &effects)
        case .backoff where isDesired && restartReason != nil,
            .exited where isDesired && restartReason != nil,
            .fatal where isDesired && restartReason != nil:
            wait(place, restartReason ?? "", at: now, effects: &effects)
        case .waiting where isDesired:
            return startIfPossible(place, at: now, effects: &effects) || restartReason != nil
        case .stopped, .waiting, .backoff:
            guard !isDesired else { return restartReason != nil }
            if let verdict = self[place].verdict, self[place].isWanted, !self[place].isLeaving {
                self[place].machine.fail(reason: verdict, at: now, effects: &effects)
            } else if self[place].machine.state == .stopped {
                return restartReason != nil
            } else {
                rest(place, at: now, effects: &effects)
            }
        case .exited, .fatal:
            guard !self[place].isWanted || self[place].isLeaving else { return restartReason != nil }
            rest(place, at: now, effects: &effects)
        case .spawning, .starting, .running, .stopping:
            return false
        }
        return true
    }

    private mutating func wait(_ place: Place, _ reason: String, at now: Instant, effects: inout [Effect]) {
        self[place].machine.wait(reason: reason, at: now, effects: &effects)
    }

    private mutating func rest(_ place: Place, at now: Instant, effects: inout [Effect]) {
        let reason = reasonToStop(place) ?? "stop requested"
        self[place].machine.rest(reason: reason, at: now, effects: &effects)
    }

    private mutating func startIfPossible(_ place: Place, at now: Instant, effects: inout [Effect]) -> Bool {
        guard !isBlocked(place) else { return false }
        guard startingCount < plan.daemon.parallelStarts else {
            if !self[place].isQueued {
                self[place].isQueued = true
                startQueue.append(self[place].machine.id)
            }
            return false
        }
        self[place].machine.start(at: now, effects: &effects)
        return true
    }

    /// Hands free start slots to those who queue for them, in order.
    private mutating func offerStartSlots() {
        var free = plan.daemon.parallelStarts - startingCount
        while free > 0, let id = startQueue.popFirst() {
            guard let place = place(of: id), self[place].isQueued else { continue }
            self[place].isQueued = false
            guard self[place].machine.state == .waiting else { continue }
            markDirty(place)
            free -= 1
        }
    }

    // MARK: - The rules of order

    /// Nil when it may go on; else why its run must end.
    func reasonToStop(_ place: Place) -> String? {
        if isShuttingDown { return "roostd is stopping" }
        if self[place].isLeaving { return entries[place.entry].isRemoved ? "its worker left the plan" : "scaled down" }
        if !self[place].isWanted { return "stop requested" }
        if let verdict = self[place].verdict { return verdict }
        if let holder = holder(of: place.entry) {
            return "\(entries[holder].definition.name), which it requires, is to be down"
        }
        return self[place].restartReason
    }

    /// Dependants stop before what they depend on.
    private func mayStop(_ place: Place) -> Bool {
        leavingDependant(of: place.entry) == nil
    }

    /// What depends on this worker and is on its way down, if anything is. One without a process does not break the
    /// chain: what depends on it then depends on what it depends on.
    private func leavingDependant(of entry: Int) -> Int? {
        var next = graph.successors[entry]
        var seen: Set<Int> = []
        while let successor = next.popLast() {
            if entries[successor].isGoingDown { return successor }
            let isIdle = entries[successor].tally.active == 0 && !entries[successor].isRemoved
            guard isIdle, seen.insert(successor).inserted else { continue }
            next += graph.successors[successor]
        }
        return nil
    }

    /// Whether something besides the limit on parallel starts keeps it from starting.
    private func isBlocked(_ place: Place) -> Bool {
        graph.requirements[place.entry].contains { !entries[$0].isUp }
            || graph.predecessors[place.entry].contains { !entries[$0].isUp && !entries[$0].isSettled }
            || leavingDependant(of: place.entry) != nil
    }

    /// What keeps it from starting, for people.
    func obstacles(to place: Place) -> [String] {
        let requirements = graph.requirements[place.entry]
        let required = requirements.filter { !entries[$0].isUp }
        let ordered = graph.predecessors[place.entry].filter {
            !requirements.contains($0) && !entries[$0].isUp && !entries[$0].isSettled
        }
        let leaving = [leavingDependant(of: place.entry)].compactMap { $0 }
        let texts =
            (required + ordered).map { "\(entries[$0].definition.name) to be up" }
            + leaving.map { "\(entries[$0].definition.name) to stop" }
        return texts.isEmpty && self[place].isQueued ? ["a free start slot"] : texts
    }

    /// The first of the workers that this one requires that is not wanted up, so that this one cannot be either.
    func holder(of entry: Int) -> Int? {
        graph.requirements[entry].first {
            entries[$0].isHeld || entries[$0].isRemoved || entries[$0].tally.wanted == 0
        }
    }

    /// Recomputes which workers are held because something that they require is not wanted up.
    mutating func updateHolds(at now: Instant, effects: inout [Effect]) {
        for entry in graph.startOrder {
            let isHeld = holder(of: entry) != nil
            guard isHeld != entries[entry].isHeld else { continue }
            entries[entry].isHeld = isHeld
            refresh(entry: entry, at: now, effects: &effects)
        }
    }

    // MARK: - Leaving

    /// Drops what has left the plan or is beyond the count, once it has no process.
    private mutating func removeGone(effects: inout [Effect]) {
        var entriesChanged = false
        hasLeavers = false
        for entry in entries.indices {
            while let last = entries[entry].slots.last, last.isLeaving, !last.machine.isActive {
                remove(Place(entry: entry, slot: entries[entry].slots.count - 1), effects: &effects)
            }
            if entries[entry].isRemoved, entries[entry].slots.isEmpty { entriesChanged = true }
            if entries[entry].slots.last?.isLeaving == true { hasLeavers = true }
        }
        guard entriesChanged else { return }
        // What has ended with a pool is told before the pool is gone.
        tellPoolEnds(effects: &effects)
        entries.removeAll { $0.isRemoved && $0.slots.isEmpty }
        reindex(definitions: entries.map(\.definition))
    }

    private mutating func remove(_ place: Place, effects: inout [Effect]) {
        let slot = self[place]
        if let timer = slot.timer { wheel.cancel(timer.handle) }
        let machine = slot.machine
        if machine.run > 0 { retiredRuns[machine.id] = machine.run }
        for waiter in slot.waiters {
            let result: Reply.Outcome.Result = waiter.goal == .gone || waiter.goal == .down ? .done : .superseded
            settleWaiter(waiter, machine, result, "removed", effects: &effects)
        }
        if slot.isQueued { startQueue.removeAll { $0 == machine.id } }
        count(slot.contribution, in: place.entry, times: -1)
        entries[place.entry].slots.removeLast()
        let announcement = Announcement(
            .removed, instance: machine.id, run: machine.run == 0 ? nil : machine.run, message: machine.reason)
        effects.append(.announce(announcement))
    }

    /// Rebuilds what is derived from the list of entries, which these definitions are for.
    mutating func reindex(definitions: [WorkerDefinition]) {
        entryIndex = [:]
        findPools()
        for (index, entry) in entries.enumerated() { entryIndex[entry.definition.name] = index }
        graph = DependencyGraph(workers: definitions, groups: groups.map(\.definition))
        for entry in entries.indices { entries[entry].groups = [] }
        for (index, group) in groups.enumerated() {
            for entry in group.definition.members.compactMap({ entryIndex[$0] }) { entries[entry].groups.append(index) }
        }
    }
}
