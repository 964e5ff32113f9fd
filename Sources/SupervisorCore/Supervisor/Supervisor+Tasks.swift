package import Scheduling

/// Looking at queues and their tasks.
extension Supervisor {
    /// Every queue in plan order, then those that have left the plan and still have tasks.
    package func queueReports(at now: Instant) -> [QueueReport] { [] }

    /// The tasks of these queues, or of all, in the order of their numbers.
    package func taskReports(queues: [String] = [], at now: Instant) -> [TaskReport] { [] }

    /// Nil for a number that was never given out, or is forgotten.
    package func taskReport(_ id: TaskID, at now: Instant) -> TaskReport? { nil }

    /// The queue or pool of a task, for those who ask who may see it.
    package func queue(of task: TaskID) -> String? { nil }

    /// The definition that the next task of this queue will have.
    package func queueDefinition(_ name: String) -> QueueDefinition? { nil }
}
