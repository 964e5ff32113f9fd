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
                try tasks.wait(for: ids, id: id, at: now, effects: &effects)
            case .cancelTasks(let ids, let wait):
                try tasks.cancel(ids, wait: wait, id: id, at: now, effects: &effects)
            case .retryTasks(let ids):
                try tasks.retry(ids, id: id, at: now, effects: &effects)
            case .pauseQueues(let names):
                effects.append(.reply(id, .queues(try tasks.setPaused(names, true, effects: &effects))))
            case .resumeQueues(let names):
                effects.append(.reply(id, .queues(try tasks.setPaused(names, false, effects: &effects))))
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

    /// The tasks of these queues, or of all, in the order of their numbers.
    package func taskReports(queues: [String] = [], at now: Instant) -> [TaskReport] {
        let names = Set(queues)
        let meant = tasks.tasks.values.filter { names.isEmpty || names.contains($0.record.queue) }
        let own = meant.compactMap { tasks.report($0.id, at: now) }
        return (own + poolTaskReports(pools: names, at: now)).sorted { $0.id < $1.id }
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
