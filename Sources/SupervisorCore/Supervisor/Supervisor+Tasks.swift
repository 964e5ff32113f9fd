package import Scheduling

/// Queues and their tasks, seen from outside.
extension Supervisor {
    mutating func acceptForTasks(
        _ request: Request, id: RequestID, at now: Instant, effects: inout [Effect]
    ) throws(RefusedRequest) {
        do throws(RefusedTask) {
            if try acceptForPoolTasks(request, id: id, at: now, effects: &effects) { return }
            switch request {
            case .submit(let queue, let submission, let waitForRoom):
                try tasks.submit(
                    submission, to: queue, waitForRoom: waitForRoom, id: id, at: now, effects: &effects)
            case .waitTasks(let ids):
                try tasks.wait(for: ids, pools: [:], id: id, at: now, effects: &effects)
            case .cancelTasks(let ids, let wait):
                try tasks.cancel(ids, wait: wait, id: id, at: now, effects: &effects)
            case .retryTasks(let ids):
                try tasks.retry(ids, id: id, at: now, effects: &effects)
            case .pauseQueues(let names):
                try tasks.setPaused(names, true, id: id, effects: &effects)
            case .resumeQueues(let names):
                try tasks.setPaused(names, false, id: id, effects: &effects)
            case .start, .stop, .restart, .signal, .scale, .apply, .call:
                preconditionFailure("\(request) is about no task")
            }
        } catch {
            if case .unknownName(let name, _) = error.refusal { throw unknown(name) }
            throw RefusedRequest(refusal: error.refusal)
        }
    }

    /// Every queue in plan order, then those that have left the plan and still have tasks.
    package func queueReports(at now: Instant) -> [QueueReport] {
        tasks.queues.indices.map(tasks.report(queue:)) + poolQueueReports()
    }

    /// The newest tasks of some queues and pools in the order of their numbers, and how many there are besides.
    ///
    /// Complexity: O(*n* log *n*) in the number of tasks, but reports are made only of those that are wanted.
    /// - Parameter isMeant: asked once for each name of a queue or pool.
    /// - Parameter states: none means all.
    package func taskReports(
        of isMeant: (String) -> Bool = { _ in true }, in states: Set<TaskState> = [], newest limit: Int = .max,
        at now: Instant
    ) -> (reports: [TaskReport], omitted: Int) {
        let isWanted = { (state: TaskState) in states.isEmpty || states.contains(state) }
        let queues = Set(tasks.queues.map(\.name).filter(isMeant))
        var ids = poolTasks(of: isMeant, in: isWanted)
        for entry in tasks.tasks.values
        where !entry.isBeingSubmitted && isWanted(entry.publicState) && queues.contains(entry.record.queue) {
            ids.append(entry.id)
        }
        ids.sort()
        let newest = ids.suffix(limit)
        return (newest.compactMap { taskReport($0, at: now) }, ids.count - newest.count)
    }

    /// Nil for a number that was never given out, or is forgotten.
    package func taskReport(_ id: TaskID, at now: Instant) -> TaskReport? {
        tasks.report(id, at: now) ?? poolTaskReport(id, at: now)
    }

    /// The queue of a task, for those who ask who may see it.
    package func queue(of task: TaskID) -> String? { tasks.known(task)?.record.queue ?? poolOfTask(task) }

    /// The definition that the next task of this queue will have.
    package func queueDefinition(_ name: String) -> QueueDefinition? {
        tasks.queueIndex[name].map { tasks.queues[$0].definition }
    }
}
