import Scheduling

/// Taking over a plan: only what changed is touched.
extension Supervisor {
    /// What `apply` would do with this plan now.
    package func difference(to next: Plan) -> PlanDifference {
        let count = { worker in self.entryIndex[worker].map { self.entries[$0].definition.instances } }
        let unfinished = { queue in self.tasks.queueIndex[queue].map(self.tasks.unfinished) ?? 0 }
        return PlanDifference(from: plan, to: next, currentCount: count, unfinished: unfinished)
    }

    /// Makes a plan the one in force. Returns each instance that this touches, with what becomes of it.
    mutating func adopt(_ next: Plan, at now: Instant, effects: inout [Effect]) -> [(Place, Goal)] {
        var counts: [String: Int] = [:]
        for worker in plan.workers { counts[worker.name] = worker.instances }
        plan = next
        adoptGroups(next.groups)
        rearrangeEntries(to: next)
        var touched: [(InstanceID, Goal)] = []
        for index in entries.indices where entries[index].isRemoved {
            adoptPool(index, at: now, effects: &effects)
            touched += resize(index, to: 0, at: now, effects: &effects).map { (self[$0.0].machine.id, $0.1) }
        }
        for definition in next.workers {
            guard let index = entryIndex[definition.name] else { continue }
            let plannedBefore = counts[definition.name]
            touched += adopt(definition, in: index, plannedBefore: plannedBefore, at: now, effects: &effects)
        }
        findPools()
        adoptQueues(next, at: now, effects: &effects)
        refreshAll(at: now, effects: &effects)
        updateHolds(at: now, effects: &effects)
        return touched.compactMap { id, goal in place(of: id).map { ($0, goal) } }
    }

    /// What leaves the plan may be running when something else takes over its name: their runs have different numbers.
    private mutating func adoptQueues(_ next: Plan, at now: Instant, effects: inout [Effect]) {
        var workerRuns: [InstanceID: UInt64] = [:]
        for entry in next.queues.compactMap({ entryIndex[$0.name] }) {
            for slot in entries[entry].slots { workerRuns[slot.machine.id] = slot.machine.run }
        }
        for entry in next.workers.compactMap({ entryIndex[$0.name] }) {
            for slot in entries[entry].slots.indices {
                guard let run = tasks.lastRun(of: entries[entry].slots[slot].machine.id) else { continue }
                entries[entry].slots[slot].machine.runFloor = run
            }
        }
        tasks.adopt(next.queues, foreignRuns: workerRuns, at: now, effects: &effects)
    }

    private mutating func adoptGroups(_ definitions: [GroupDefinition]) {
        let old = groups
        groups = definitions.map { definition in
            old.first { $0.definition == definition } ?? Group(definition)
        }
    }

    /// Puts the entries in the order of the plan, those that leave it last.
    private mutating func rearrangeEntries(to next: Plan) {
        var old: [String: Entry] = [:]
        for entry in entries { old[entry.definition.name] = entry }
        let names = Set(next.workers.map(\.name))
        let leaving = entries.filter { !names.contains($0.definition.name) }
        entries = next.workers.map { definition in
            var entry = old[definition.name] ?? Entry(definition: definition)
            entry.isRemoved = false
            return entry
        }
        entries += leaving.map { entry in
            var entry = entry
            entry.isRemoved = true
            return entry
        }
        if !leaving.isEmpty { hasLeavers = true }
        // Places are about to change their meaning, so the marks that hold them go too; everything is looked at anew.
        dirty.removeAll()
        for entry in entries.indices {
            for slot in entries[entry].slots.indices { entries[entry].slots[slot].isDirty = false }
        }
        // Who needs whom is as the new plan says from the first step on.
        reindex(definitions: next.workers + leaving.map(\.definition))
    }

    /// - Parameter plannedBefore: the count in the plan before, if the worker was in it. A count that `scale` has
    ///   changed since is kept unless the plan changes it too.
    private mutating func adopt(
        _ definition: WorkerDefinition, in index: Int, plannedBefore: Int?, at now: Instant, effects: inout [Effect]
    ) -> [(InstanceID, Goal)] {
        let current = entries[index].definition
        let count = plannedBefore == definition.instances ? current.instances : definition.instances
        let changed = definition.changes(from: current)
        entries[index].definition = definition
        entries[index].definition.instances = count
        adoptPool(index, at: now, effects: &effects)
        let reason = "its definition changed: \(changed.needingRestart.joined(separator: ", "))"
        var touched: [(InstanceID, Goal)] = []
        for slot in entries[index].slots.indices {
            // Those that are leaving too: they may be called back before they are gone.
            entries[index].slots[slot].machine.update(entries[index].definition, effects: &effects)
            let place = Place(entry: index, slot: slot)
            let isToRestart = self[place].machine.isActive || self[place].machine.isRetrying
            guard !changed.needingRestart.isEmpty, isToRestart else { continue }
            entries[index].slots[slot].restartReason = reason
            entries[index].slots[slot].machine.forgive()
            if isDesired(place) { touched.append((self[place].machine.id, goalUp(place))) }
        }
        return touched + resize(index, to: count, at: now, effects: &effects).map { (self[$0.0].machine.id, $0.1) }
    }

    /// Adds or removes instances at the end. Returns those that come or go.
    mutating func resize(_ entry: Int, to count: Int, at now: Instant, effects: inout [Effect]) -> [(Place, Goal)] {
        let definition = entries[entry].definition
        entries[entry].definition.instances = count
        let present = entries[entry].slots
        // A worker that was stopped by hand as a whole stays stopped when it grows.
        let isWanted =
            present.contains { !$0.isLeaving }
            ? present.contains { $0.isWanted && !$0.isLeaving } : definition.autostart
        var touched: [(Place, Goal)] = []
        for index in 0..<max(count, present.count) {
            let place = Place(entry: entry, slot: index)
            if index >= present.count {
                append(to: entry, isWanted: isWanted, at: now, effects: &effects)
            } else if index >= count {
                touched.append((place, .gone))
                entries[entry].slots[index].isLeaving = true
                hasLeavers = true
                refresh(place, at: now, effects: &effects)
                continue
            } else if present[index].isLeaving {
                entries[entry].slots[index].isLeaving = false
                entries[entry].slots[index].isWanted = isWanted
                if isWanted { startAfterEnd(place, "scaled up") }
                supersede(place, effects: &effects) { $0 == .gone || $0 == .down && isWanted }
                refresh(place, at: now, effects: &effects)
            } else {
                continue
            }
            if isWanted { touched.append((place, goalUp(place))) }
        }
        return touched
    }

    private mutating func append(to entry: Int, isWanted: Bool, at now: Instant, effects: inout [Effect]) {
        var definition = entries[entry].definition
        definition.instances = entries[entry].definition.instances
        let id = InstanceID(worker: definition.name, index: entries[entry].slots.count)
        let lastRun = max(retiredRuns.removeValue(forKey: id) ?? 0, tasks.lastRun(of: id) ?? 0)
        let machine = InstanceMachine(id: id, definition: definition, lastRun: lastRun, at: now)
        entries[entry].slots.append(Slot(machine: machine, isWanted: isWanted))
        effects.append(.announce(Announcement(.added, instance: id, state: .stopped, message: "in the plan")))
        refresh(Place(entry: entry, slot: id.index), at: now, effects: &effects)
    }
}

extension InstanceMachine {
    /// It failed, and a new definition is a reason to try again at once.
    fileprivate var isRetrying: Bool {
        switch publicState {
        case .backoff, .fatal: true
        case .stopped, .waiting, .starting, .running, .stopping, .exited: false
        }
    }
}
