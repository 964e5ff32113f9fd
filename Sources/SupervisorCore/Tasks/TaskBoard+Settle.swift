import DequeModule
import Scheduling

/// Settling: each queue that was touched lets in, starts and forgets what it may, until nothing moves.
extension TaskBoard {
    /// Ends, because each step takes a task one state further, and none goes back.
    mutating func settle(at now: Instant, effects: inout [Effect]) {
        while true {
            if let id = ended.popFirst() {
                followEnd(of: id, at: now, effects: &effects)
            } else if let name = dirty.popFirst() {
                guard let queue = queueIndex[name] else { continue }
                queues[queue].isDirty = false
                settle(queue, at: now, effects: &effects)
            } else {
                break
            }
        }
        flushStore(effects: &effects)
    }

    private mutating func settle(_ queue: Int, at now: Instant, effects: inout [Effect]) {
        admit(queue, at: now, effects: &effects)
        start(queue, at: now, effects: &effects)
        // Not while it is being swept. The next life, should this one end before that, must know of the runs; and the
        // queue itself, were it to come back meanwhile, of the sweep.
        guard queues[queue].sweeping == nil else { return }
        let isDrained = queues[queue].isLeaving && unfinished(queue) == 0 && queues[queue].busy == 0
        forget(queue, beyond: isDrained ? 0 : queues[queue].definition.keep, effects: &effects)
        if isDrained, queues[queue].counts.finished == 0 { remove(queue, effects: &effects) }
    }

    private mutating func start(_ queue: Int, at now: Instant, effects: inout [Effect]) {
        guard obstacle(to: queue) == nil else { return }
        while queues[queue].taken < queues[queue].definition.slots, let slot = queues[queue].free.first,
            let id = queues[queue].ready.first
        {
            if isStoreResting, tasks[id]?.isDurable == true {
                return stall(queue, effects: &effects)
            }
            _ = queues[queue].free.popFirst()
            _ = queues[queue].ready.popFirst()
            assign(id, slot: slot, of: queue, at: now, effects: &effects)
        }
    }

    private mutating func stall(_ queue: Int, effects: inout [Effect]) {
        guard !queues[queue].saidStalled, let trouble = store.trouble else { return }
        queues[queue].saidStalled = true
        let text = "starts cannot be stored, so nothing is started: \(trouble.reason)"
        announce(.queueStalled, queue: queues[queue].name, text, effects: &effects)
    }

    /// Why a queue starts nothing, besides the store; nil when it may.
    func obstacle(to queue: Int) -> String? {
        if isShuttingDown { return "roostd is stopping" }
        if queues[queue].isLeaving { return "the queue is no longer in the configuration" }
        if queues[queue].isPaused { return "the queue is paused" }
        if queues[queue].sweeping != nil { return "what an earlier roostd has left running is being ended" }
        if logsHeldUp.contains(queues[queue].name) {
            return "its logs do not take what finished tasks wrote: make room for them"
        }
        return nil
    }

    mutating func logsHeldUp(_ name: String, _ isHeldUp: Bool, effects: inout [Effect]) {
        guard isHeldUp ? logsHeldUp.insert(name).inserted : logsHeldUp.remove(name) != nil else { return }
        guard let queue = queueIndex[name] else { return }
        markDirty(queue)
        if isHeldUp {
            let text = "nothing is started, because its logs do not take what finished tasks wrote: make room for them"
            announce(.queueStalled, queue: name, text, effects: &effects)
        } else {
            announce(.queueRecovered, queue: name, "its logs take output again", effects: &effects)
        }
    }

    // MARK: - Slots

    /// A slot has nothing to run any more: it is free, or goes if there are too many.
    mutating func giveBack(_ slot: Int, of queue: Int) {
        queues[queue].slots[slot].task = nil
        queues[queue].taken -= 1
        if slot < queues[queue].definition.slots { queues[queue].free.insert(slot, key: slot) }
        markDirty(queue)
    }

    /// As many slots as the plan says. Those beyond stay idle, so that their runs' numbers are not given again.
    mutating func resize(_ queue: Int, at now: Instant) {
        let count = queues[queue].definition.slots
        while queues[queue].slots.count < count {
            let id = InstanceID(worker: queues[queue].name, index: queues[queue].slots.count)
            queues[queue].slots.append(
                TaskSlot(shot: OneShot(id: id, lastRun: retiredRuns[id] ?? 0, at: now)))
        }
        for slot in queues[queue].slots.indices {
            let isFree = slot < count && queues[queue].slots[slot].task == nil
            if isFree != queues[queue].free.contains(slot) {
                if isFree { queues[queue].free.insert(slot, key: slot) } else { queues[queue].free.remove(slot) }
            }
        }
        markDirty(queue)
    }

    private mutating func remove(_ queue: Int, effects: inout [Effect]) {
        let name = queues[queue].name
        for slot in queues[queue].slots {
            retiredRuns[slot.shot.machine.id] = slot.shot.run.number
        }
        queues.remove(at: queue)
        reindex()
        announce(.queueRemoved, queue: name, "it has left the plan, and has nothing left to do", effects: &effects)
    }

    mutating func reindex() {
        queueIndex = [:]
        for (index, queue) in queues.enumerated() { queueIndex[queue.name] = index }
    }

    // MARK: - Time

    mutating func advance(to now: Instant, effects: inout [Effect]) {
        // All that is due before anything is settled: what comes late must not decide whose turn it is.
        while let due = wheel.popDue(at: now) {
            switch due.payload {
            case .slot(let id):
                guard let queue = queueIndex[id.worker], queues[queue].slots.indices.contains(id.index) else {
                    continue
                }
                queues[queue].slots[id.index].timer = nil
                guard queues[queue].slots[id.index].shot.isActive else { continue }
                deliver(.deadlinePassed, to: id.index, of: queue, at: now, effects: &effects)
            case .retry(let id):
                backoffEnded(id)
            case .store:
                retryStore(at: now)
            }
        }
        settle(at: now, effects: &effects)
    }

    // MARK: - The end

    mutating func shutDown(at now: Instant, effects: inout [Effect]) {
        isHastening = isShuttingDown
        isShuttingDown = true
        if let timer = store.timer.take() { wheel.cancel(timer) }
        for (id, entry) in tasks {
            guard let timer = entry.timer else { continue }
            wheel.cancel(timer)
            tasks[id]?.timer = nil
        }
        for queue in queues.indices {
            for slot in queues[queue].slots.indices where queues[queue].slots[slot].shot.isActive {
                stop(.shutdown, slot: slot, of: queue, at: now, effects: &effects)
                guard isHastening else { continue }
                queues[queue].slots[slot].shot.hasten(at: now, effects: &effects)
                syncTimer(slot, of: queue)
            }
        }
        markAllDirty()
        // One last try for what the store would not take.
        if !isHastening { addUnsaved() }
    }

    /// Nothing is alive, and the store has answered. Asked twice for its end, a daemon does not wait for a store.
    var isQuiet: Bool { activeSlots == 0 && (isHastening || store.open.isEmpty) }

    /// The daemon ends: what is still waited for will not come in this life.
    mutating func dismissRequests(effects: inout [Effect]) {
        for id in requests.keys.sorted(by: { $0.number < $1.number }) {
            effects.append(.reply(id, .refused(.shuttingDown)))
        }
        requests = [:]
        for (id, entry) in tasks where !entry.waiters.isEmpty { tasks[id]?.waiters = [] }
        if isHastening { store.open = [:] }
    }
}
