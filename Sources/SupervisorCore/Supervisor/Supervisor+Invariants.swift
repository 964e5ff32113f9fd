import Scheduling

/// What must hold between any two events, checked by the simulation at each step.
extension Supervisor {
    /// Nil when all is well. Complexity: O(instances).
    package func brokenInvariant() -> String? {
        if !dirty.isEmpty { return "something was left unsettled" }
        var starting = 0
        var active = 0
        var timers = 0
        for (index, entry) in entries.enumerated() {
            var tally = Tally()
            for (position, slot) in entry.slots.enumerated() {
                let machine = slot.machine
                if machine.id != InstanceID(worker: entry.definition.name, index: position) {
                    return "\(machine.id) is in the wrong place"
                }
                if slot.timer?.deadline != machine.deadline { return "\(machine.id): its timer and its state disagree" }
                timers += slot.timer == nil ? 0 : 1
                tally.wanted += slot.contribution.wanted ? 1 : 0
                tally.up += slot.contribution.up ? 1 : 0
                tally.settled += slot.contribution.settled ? 1 : 0
                tally.goingDown += slot.contribution.goingDown ? 1 : 0
                starting += slot.contribution.starting ? 1 : 0
                tally.active += machine.isActive && !machine.isStuck ? 1 : 0
                if slot.waiters.contains(where: { pending[$0.request] == nil }) {
                    return "\(machine.id) keeps a waiter whose request is over"
                }
            }
            active += tally.active
            if let complaint = entry.pool?.brokenInvariant() { return "\(entry.definition.name): \(complaint)" }
            if entry.pool?.isDirty == true { return "\(entry.definition.name): tasks were left unsettled" }
            if tally != entry.tally { return "\(entry.definition.name): its tally is wrong" }
            if entryIndex[entry.definition.name] != index { return "\(entry.definition.name) is in the wrong place" }
        }
        if active != activeCount { return "the count of active instances is wrong" }
        if starting != startingCount { return "the count of starting instances is wrong" }
        if timers != wheel.count { return "\(wheel.count) timers are set, but \(timers) are owned" }
        return tasks.brokenInvariant()
    }

    /// Whether an instance is kept down because something that its worker requires is not wanted up.
    package func isHeld(_ id: InstanceID) -> Bool { entryIndex[id.worker].map { entries[$0].isHeld } ?? false }
}
