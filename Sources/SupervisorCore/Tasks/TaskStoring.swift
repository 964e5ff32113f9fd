/// A durable change. The store makes all changes of one ticket, or none.
package enum StoreChange: Equatable, Sendable {
    /// A new task.
    case add(TaskRecord)
    /// Where a task stands now.
    case change(TaskID, TaskProgress)
    /// Tasks that nobody can ask about any more.
    case forget([TaskID])
    /// No number up to this one will be given to a new task in another life, whether or not it is stored.
    case reserve(TaskID)
    /// Whether the operator has paused a queue.
    case pause(queue: String, Bool)
}

/// What the store holds when the daemon starts.
package struct StoredTasks: Equatable, Sendable {
    /// In any order; ids do not repeat.
    package var records: [TaskRecord]
    /// Queues that an operator has paused or resumed, whatever their definition says.
    package var paused: [String: Bool]
    /// The highest number that was ever reserved or given to a stored task; 0 at first.
    package var lastTask: UInt64

    package init(records: [TaskRecord] = [], paused: [String: Bool] = [:], lastTask: UInt64 = 0) {
        self.records = records
        self.paused = paused
        self.lastTask = lastTask
    }
}
