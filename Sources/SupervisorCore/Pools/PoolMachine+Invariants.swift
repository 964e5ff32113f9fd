import Scheduling

/// What must hold between any two events.
extension PoolMachine {
    /// Nil when all is well. O(tasks + slots).
    func brokenInvariant() -> String? {
        var queued = 0
        var unfinished = 0
        var bytes = 0
        var finishedBytes = 0
        var timers = callers.values.count { $0.timer != nil }
        for (id, task) in tasks {
            switch task.state {
            case .queued:
                queued += 1
                if closed != nil { return "task \(id) waits, though the pool takes none" }
            case .running(let slot), .stopping(let slot, _):
                if hands[slot].task != id { return "task \(id) runs in a slot that does not know of it" }
            case .backoff: break
            case .finished(let outcome):
                finishedBytes += task.line.count + outcome.size
                if task.hasCallers { return "task \(id) is finished, and somebody still waits for it" }
            }
            timers += task.timer == nil ? 0 : 1
            if !task.isFinished {
                unfinished += 1
                bytes += task.line.count
            }
        }
        if queued != queuedCount { return "the count of queued tasks is wrong" }
        if unfinished != unfinishedCount || bytes != unfinishedBytes { return "the count of unfinished tasks is wrong" }
        if finishedBytes != keptBytes { return "the size of what is kept is wrong" }
        if kept.count > settings.keep { return "more is kept than was asked for" }
        if timers != wheel.count { return "\(wheel.count) timers are set, but \(timers) are owned" }
        if busyCount != hands.count(where: { $0.task != nil }) { return "the count of busy processes is wrong" }
        for (slot, hand) in hands.enumerated() {
            if let id = hand.task, tasks[id] == nil { return "slot \(slot) has a task that is forgotten" }
            if queuedCount > 0, canTake(slot) { return "slot \(slot) is free, and a task waits" }
        }
        if roomCount != callers.values.count(where: { $0.task == nil }) {
            return "the count of those who wait is wrong"
        }
        if roomCount > 0, hasRoom { return "somebody waits for room, and there is some" }
        if queue.count > queuedCount + 2 * settings.capacity + 64 { return "cancelled tasks fill the queue" }
        return nil
    }
}

extension PoolTask {
    var isFinished: Bool {
        switch state {
        case .finished: true
        case .queued, .running, .stopping, .backoff: false
        }
    }
}
