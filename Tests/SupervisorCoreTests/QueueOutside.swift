import Scheduling
import SupervisorCore

/// Queues, driven by hand: a store that answers when it is told to, and tasks that are looked at by number.
extension Outside {
    init(_ queues: QueueDefinition..., tasks: StoredTasks = StoredTasks()) {
        self.init(Plan(queues: queues), tasks: tasks)
        for queue in queues { hear(.swept(queue: queue.name)) }
        _ = look()
    }

    /// The store has taken everything that it was asked for so far.
    mutating func storeAll() {
        while !stores.isEmpty { storeNext() }
    }

    /// The store has taken the oldest of what it was asked for.
    mutating func storeNext() { hear(.stored(stores.removeFirst().ticket)) }

    /// The store does not take the oldest of what it was asked for.
    mutating func failNext(_ reason: String = "no space left on device") {
        hear(.storeFailed(stores.removeFirst().ticket, reason: reason))
    }

    /// The store takes nothing of what it was asked for so far.
    mutating func failStore(_ reason: String = "no space left on device") {
        let asked = stores
        stores = []
        for (ticket, _) in asked { hear(.storeFailed(ticket, reason: reason)) }
    }

    /// Submits, and has it stored; nil when that was refused.
    @discardableResult
    mutating func submit(
        _ queue: String = "mail", _ change: (inout TaskSubmission) -> Void = { _ in }
    ) -> UInt64? {
        request(.submit(queue: queue, submission(change), waitForRoom: false))
        let asked = requests
        storeAll()
        guard case .submitted(let id, _)? = replies[asked] else { return nil }
        return id.number
    }

    func submission(_ change: (inout TaskSubmission) -> Void = { _ in }) -> TaskSubmission {
        var submission = TaskSubmission(work: .command(TaskCommand(arguments: ["send"])))
        change(&submission)
        return submission
    }

    func task(_ number: UInt64) -> TaskReport? { supervisor.taskReport(TaskID(number), at: now) }

    func taskState(_ number: UInt64) -> TaskState? { task(number)?.state }

    /// The run of a task that runs has ended.
    mutating func end(_ number: UInt64, _ code: Int32 = 0) {
        guard let run = task(number)?.run else { preconditionFailure("task \(number) does not run") }
        hear(.exited(run, .exited(code: code), treeIsEmpty: true))
        storeAll()
    }

    /// Stores and spawns whatever is to be.
    mutating func carryOn() {
        storeAll()
        spawnAll()
        storeAll()
    }

    /// The tasks that run, in the order of their numbers.
    var running: [UInt64] {
        supervisor.taskReports(at: now).reports.filter { $0.state == .running }.map(\.id.number)
    }

    func queue(_ name: String = "mail") -> QueueReport? { supervisor.queueReports(at: now).first { $0.name == name } }
}

/// A queue named `mail`, changed as the test needs it.
func mail(_ change: (inout QueueDefinition) -> Void = { _ in }) -> QueueDefinition {
    var queue = QueueDefinition(name: "mail")
    queue.retry.jitter = 0
    change(&queue)
    return queue
}
