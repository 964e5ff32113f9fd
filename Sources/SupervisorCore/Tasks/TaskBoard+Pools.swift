import Scheduling

/// Waiting for tasks of queues and of pools at once. What pools have is told here as reports.
extension TaskBoard {
    /// Answered once all of them are finished, and those of queues stored so.
    ///
    /// - Parameter pools: those of them that are a pool's, as they are now.
    mutating func wait(
        for ids: [TaskID], pools: [TaskID: TaskReport], id request: RequestID, at now: Instant,
        effects: inout [Effect]
    ) throws(RefusedTask) {
        var seen: Set<TaskID> = []
        let ids = ids.filter { seen.insert($0).inserted }
        for id in ids where pools[id] == nil && known(id) == nil { throw RefusedTask(.unknownTask(id)) }
        var known = pools.filter { $0.value.state.isFinished }
        for id in ids where tasks[id]?.isTold == true { known[id] = report(id, at: now) }
        let open = ids.filter { known[$0] == nil }
        guard !open.isEmpty else { return replyEnds(request, ids, known, effects: &effects) }
        requests[request] = .ends(ids, remaining: open.count, known: known)
        for id in open {
            if pools[id] == nil {
                tasks[id]?.waiters.append(request)
            } else {
                poolWaiters[id, default: []].append(request)
            }
        }
    }

    /// A task of a pool that somebody waits for has its end.
    mutating func poolTaskEnded(_ report: TaskReport, effects: inout [Effect]) {
        for waiter in poolWaiters.removeValue(forKey: report.id) ?? [] { tell(report, to: waiter, effects: &effects) }
    }
}
