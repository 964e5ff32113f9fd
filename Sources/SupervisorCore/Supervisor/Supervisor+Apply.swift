import Scheduling

/// Taking over a plan: only what changed is touched.
extension Supervisor {
    /// What `apply` would do with this plan now.
    package func difference(to next: Plan) -> PlanDifference {
        PlanDifference(from: plan, to: next) { worker in
            self.entryIndex[worker].map { self.entries[$0].definition.instances }
        }
    }

    /// Makes a plan the one in force. Returns each instance that this touches, with what becomes of it.
    mutating func adopt(_ next: Plan, at now: Instant, effects: inout [Effect]) -> [(Place, Goal)] {
        let previous = plan
        plan = next
        adoptGroups(next.groups)
        let names = rearrangeEntries(to: next, at: now)
        var touched: [(InstanceID, Goal)] = []
        for index in entries.indices where entries[index].isRemoved {
            touched += resize(index, to: 0, at: now, effects: &effects).map { (slot($0.0).machine.id, $0.1) }
        }
        for definition in next.workers {
            guard let index = entryIndex[definition.name] else { continue }
            let old = previous.workers.first { $0.name == definition.name }
            let wasThere = names.contains(definition.name)
            touched += adopt(definition, in: index, old: wasThere ? old : nil, at: now, effects: &effects)
        }
        refreshAll(at: now, effects: &effects)
        updateHolds(at: now, effects: &effects)
        return touched.compactMap { id, goal in place(of: id).map { ($0, goal) } }
    }

    private mutating func adoptGroups(_ definitions: [GroupDefinition]) {
        let old = groups
        groups = definitions.map { definition in
            old.first { $0.definition == definition } ?? Group(definition)
        }
    }

    /// Puts the entries in the order of the plan, those that leave it last. Returns the names that were there before.
    private mutating func rearrangeEntries(to next: Plan, at now: Instant) -> Set<String> {
        var old: [String: Entry] = [:]
        for entry in entries { old[entry.definition.name] = entry }
        let names = Set(next.workers.map(\.name))
        let leaving = entries.filter { !names.contains($0.definition.name) }
        entries = next.workers.map { old[$0.name] ?? Entry(definition: $0) }
        entries += leaving.map { entry in
            var entry = entry
            entry.isRemoved = true
            return entry
        }
        // Places are about to change their meaning, so the marks that hold them go too; everything is looked at anew.
        dirty.removeAll()
        for entry in entries.indices {
            for slot in entries[entry].slots.indices { entries[entry].slots[slot].isDirty = false }
        }
        reindex()
        return Set(old.keys)
    }

    private mutating func adopt(
        _ definition: WorkerDefinition, in index: Int, old: WorkerDefinition?, at now: Instant, effects: inout [Effect]
    ) -> [(InstanceID, Goal)] {
        let wasLeaving = entries[index].isRemoved
        entries[index].isRemoved = false
        let keepsCount = !wasLeaving && old?.instances == definition.instances
        let count = keepsCount ? entries[index].definition.instances : definition.instances
        let changed = old.map { definition.changes(from: $0) } ?? WorkerDefinition.Changes()
        entries[index].definition = definition
        entries[index].definition.instances = count
        var touched: [(InstanceID, Goal)] = []
        for slot in entries[index].slots.indices.prefix(count) {
            entries[index].slots[slot].machine.update(entries[index].definition, effects: &effects)
            guard !changed.needingRestart.isEmpty else { continue }
            let place = Place(entry: index, slot: slot)
            let machine = self.slot(place).machine
            guard isDesired(place), machine.state != .exited else { continue }
            touched.append((machine.id, .up(fromRun: machine.run + 1)))
            let reason = "its definition changed: \(changed.needingRestart.joined(separator: ", "))"
            if machine.state != .stopped && machine.state != .waiting {
                entries[index].slots[slot].restartReason = reason
                entries[index].slots[slot].machine.forgive()
            }
        }
        return touched + resize(index, to: count, at: now, effects: &effects).map { (self.slot($0.0).machine.id, $0.1) }
    }

    /// Adds or removes instances at the end. Returns those that come or go.
    mutating func resize(_ entry: Int, to count: Int, at now: Instant, effects: inout [Effect]) -> [(Place, Goal)] {
        let definition = entries[entry].definition
        entries[entry].definition.instances = count
        let present = entries[entry].slots
        // A worker that was stopped by hand as a whole stays stopped when it grows.
        let isWanted =
            present.contains { !$0.isLeaving } ? present.contains { $0.isWanted && !$0.isLeaving } : definition.autostart
        var touched: [(Place, Goal)] = []
        for index in 0..<max(count, present.count) {
            let place = Place(entry: entry, slot: index)
            if index >= present.count {
                append(to: entry, isWanted: isWanted, at: now, effects: &effects)
            } else if index >= count {
                touched.append((place, .gone))
                entries[entry].slots[index].isLeaving = true
                refresh(place, at: now, effects: &effects)
                continue
            } else if present[index].isLeaving {
                entries[entry].slots[index].isLeaving = false
                entries[entry].slots[index].isWanted = isWanted
                refresh(place, at: now, effects: &effects)
            } else {
                continue
            }
            if isWanted { touched.append((place, .up(fromRun: slot(place).machine.run + 1))) }
        }
        return touched
    }

    private mutating func append(to entry: Int, isWanted: Bool, at now: Instant, effects: inout [Effect]) {
        var definition = entries[entry].definition
        definition.instances = entries[entry].definition.instances
        let id = InstanceID(worker: definition.name, index: entries[entry].slots.count)
        let lastRun = retiredRuns.removeValue(forKey: id) ?? 0
        let machine = InstanceMachine(id: id, definition: definition, lastRun: lastRun, at: now)
        entries[entry].slots.append(Slot(machine: machine, isWanted: isWanted))
        effects.append(.announce(Announcement(.added, instance: id, state: .stopped, message: "in the plan")))
        refresh(Place(entry: entry, slot: id.index), at: now, effects: &effects)
    }
}
