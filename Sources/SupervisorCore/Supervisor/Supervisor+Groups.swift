import Scheduling

/// Groups: what the failure of one member means for the others. Semantics are those of OTP's supervisor.
extension Supervisor {
    struct Group: Sendable {
        var definition: GroupDefinition
        /// The automatic restarts of members that count towards the intensity.
        var window: RestartWindow?

        init(_ definition: GroupDefinition) {
            self.definition = definition
            window = definition.intensity.map { RestartWindow(intensity: $0.restarts, period: $0.within) }
        }
    }

    /// An instance is about to be restarted by its own policy: its groups count that, and take others along.
    mutating func memberRestarts(_ place: Place, at now: Instant, effects: inout [Effect]) {
        guard isDesired(place) else { return }
        let id = self[place].machine.id
        for index in entries[place.entry].groups {
            if groups[index].window?.record(at: now) == false {
                giveUp(groups[index].definition, at: now, effects: &effects)
            } else {
                restartOthers(in: groups[index].definition, because: id, at: now, effects: &effects)
            }
        }
    }

    private mutating func giveUp(_ group: GroupDefinition, at now: Instant, effects: inout [Effect]) {
        guard let intensity = group.intensity else { return }
        let rule = "more than \(intensity.restarts) restarts within \(intensity.within.text)"
        let verdict = "group \(group.name) gave up: \(rule)"
        announce(.groupFailed, verdict, effects: &effects)
        for entry in group.members.compactMap({ entryIndex[$0] }) {
            for slot in entries[entry].slots.indices where entries[entry].slots[slot].isWanted {
                entries[entry].slots[slot].verdict = verdict
                refresh(Place(entry: entry, slot: slot), at: now, effects: &effects)
            }
        }
    }

    private mutating func restartOthers(
        in group: GroupDefinition, because id: InstanceID, at now: Instant, effects: inout [Effect]
    ) {
        let others: ArraySlice<String>
        switch group.strategy {
        case .oneForOne:
            return
        case .oneForAll:
            others = group.members[...]
        case .restForOne:
            guard let position = group.members.firstIndex(of: id.worker) else { return }
            others = group.members[(position + 1)...]
        }
        let reason = "\(id) failed, and group \(group.name) is \(group.strategy.rawValue)"
        announce(.groupRestarting, reason, effects: &effects)
        for entry in others.compactMap({ entryIndex[$0] }) {
            for slot in entries[entry].slots.indices where entries[entry].slots[slot].machine.id != id {
                askRestart(Place(entry: entry, slot: slot), reason, at: now, effects: &effects)
            }
        }
    }

    /// A request by hand gives the groups of an instance a fresh start as well.
    mutating func forgiveGroups(of place: Place) {
        for index in entries[place.entry].groups { groups[index].window?.reset() }
    }
}
