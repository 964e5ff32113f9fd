import Scheduling

/// What must hold of queues between any two events, checked by the simulation at each step.
extension TaskBoard {
    /// Nil when all is well. Complexity: O(tasks and slots).
    func brokenInvariant() -> String? {
        if !dirty.isEmpty || !ended.isEmpty { return "queues were left unsettled" }
        if !store.batch.isEmpty || !store.purposes.isEmpty { return "something was not sent to the store" }
        var timers = store.timer == nil ? 0 : 1
        var tallies: [String: Tally] = [:]
        for entry in tasks.values { tallies[entry.record.queue, default: Tally()].add(entry) }
        for (index, queue) in queues.enumerated() {
            if queueIndex[queue.name] != index { return "\(queue.name) is in the wrong place" }
            if let broken = brokenInvariant(of: queue, tallies[queue.name] ?? Tally()) {
                return "\(queue.name): \(broken)"
            }
            timers += queue.slots.count { $0.timer != nil }
        }
        if queueIndex.count != queues.count { return "a queue is known twice" }
        var pins: [TaskID: Int] = [:]
        for (id, entry) in tasks {
            if let broken = brokenInvariant(of: entry) { return "task \(id): \(broken)" }
            timers += entry.timer == nil ? 0 : 1
            guard entry.isPinning else { continue }
            for other in entry.record.submission.after where tasks[other] != nil { pins[other, default: 0] += 1 }
        }
        for (id, entry) in tasks where pins[id] ?? 0 != entry.pins { return "task \(id): its pins are wrong" }
        if timers != wheel.count { return "\(wheel.count) timers of tasks are set, but \(timers) are owned" }
        for (id, request) in requests where !isOwned(id, request) { return "\(id) waits for nothing" }
        return nil
    }

    private struct Tally {
        var counts = TaskCounts()
        var submitting = 0
        var forgettable = 0
        var bytes = 0
        var forgettableBytes = 0
        var ready = 0

        mutating func add(_ entry: TaskEntry) {
            if entry.isBeingSubmitted { submitting += 1 } else { counts[entry.publicState] += 1 }
            bytes += entry.weight
            if entry.stamp != nil {
                forgettable += 1
                forgettableBytes += entry.weight
            }
            if entry.phase == .queued { ready += 1 }
        }
    }

    private func brokenInvariant(of queue: TaskQueue, _ tally: Tally) -> String? {
        if tally.counts != queue.counts { return "its counts are wrong" }
        if tally.submitting != queue.submitting { return "its submissions are miscounted" }
        if tally.forgettable != queue.forgettable { return "what may be forgotten is miscounted" }
        if tally.bytes != queue.bytes || tally.forgettableBytes != queue.forgettableBytes {
            return "its bytes are miscounted"
        }
        let waiting = queue.waiting.reduce(0) { sum, id in
            if case .room(_, let submission)? = requests[id] { return sum + submission.size }
            return sum
        }
        if waiting != queue.waitingBytes { return "the bytes that wait for room are miscounted" }
        if tally.ready != queue.ready.count || !queue.ready.isSound { return "its order is broken" }
        if !queue.isLeaving, queue.sweeping == nil, queue.forgettable > queue.definition.keep {
            return "it remembers too much"
        }
        let busy = queue.slots.count { $0.shot.isActive }
        if busy != queue.busy { return "its busy slots are miscounted" }
        if queue.slots.count(where: { $0.shot.isStuck }) != queue.stuck { return "its stuck slots are miscounted" }
        for (index, slot) in queue.slots.enumerated() {
            if slot.shot.machine.id != InstanceID(worker: queue.name, index: index) {
                return "slot \(index) is misplaced"
            }
            if slot.timer?.deadline != slot.shot.deadline { return "slot \(index): its timer and its state disagree" }
            if slot.shot.isActive, slot.task == nil { return "slot \(index) runs nothing" }
            let isFree = slot.task == nil && index < queue.definition.slots
            if isFree != queue.free.contains(index) {
                return "slot \(index) is free and is not, or the other way round"
            }
            guard let task = slot.task else { continue }
            switch tasks[task]?.phase {
            case .starting(_, index), .running(index): break
            default: return "slot \(index) has task \(task), which does not know"
            }
        }
        // Nobody waits while there is room, and nothing while there is a slot.
        if let name = queueIndex[queue.name], queue.waiting.first != nil,
            hasRoom(name) || isShuttingDown || queue.isLeaving
        {
            return "submissions wait although there is room"
        }
        if queue.taken != queue.slots.count(where: { $0.task != nil }) { return "its taken slots are miscounted" }
        if let name = queueIndex[queue.name], queue.taken < queue.definition.slots, !queue.ready.isEmpty,
            standstill(of: name) == nil,
            !isStoreResting
        {
            return "a slot is free and a task is ready, but nothing happens"
        }
        return nil
    }

    private func brokenInvariant(of entry: TaskEntry) -> String? {
        guard let queue = queueIndex[entry.record.queue] else { return "it has no queue" }
        let inHeap = queues[queue].ready.contains(entry.id)
        if inHeap != (entry.phase == .queued) { return "its phase and its queue disagree" }
        if entry.isPinning == entry.isFinished { return "it pins what it should not, or does not" }
        switch entry.phase {
        case .accepting(let ticket), .starting(let ticket, _):
            if store.open[ticket] == nil { return "it waits for \(ticket), which is answered" }
        case .running(let slot):
            if queues[queue].slots[slot].task != entry.id { return "its slot does not know it" }
        case .held:
            if case .waiting(let others) = dependencies(of: entry) {
                let isAwaited = others.contains { tasks[$0]?.dependents.contains(entry.id) == true }
                if !isAwaited { return "it is held, and nobody will release it" }
            } else {
                return "it is held for nothing"
            }
        case .backoff:
            if entry.timer == nil, !isShuttingDown { return "nothing ends its delay" }
        case .finished:
            if !entry.record.progress.state.isFinished { return "it is finished, and is not" }
            if let telling = entry.telling, store.open[telling] == nil { return "its end is never told" }
        case .undecided:
            if !queues[queue].isLeaving { return "nobody decides what becomes of it" }
        case .queued:
            break
        }
        for waiter in entry.waiters where requests[waiter] == nil { return "\(waiter) waits for it and is over" }
        return nil
    }

    private func isOwned(_ id: RequestID, _ request: TaskRequest) -> Bool {
        switch request {
        case .room(let queue, _): queueIndex[queue].map { queues[$0].waiting.contains(id) } ?? false
        case .submission(let task, _): tasks[task]?.waiters.contains(id) ?? false
        case .change: store.open.values.contains { $0.contains(.answer(id)) }
        case .retry(let all): all.contains { tasks[$0]?.waiters.contains(id) == true }
        case .ends(let all, let remaining, let known):
            remaining > 0 && remaining == all.count - known.count
                && all.allSatisfy {
                    known[$0] != nil || tasks[$0]?.waiters.contains(id) == true
                        || poolWaiters[$0]?.contains(id) == true
                }
        }
    }
}
