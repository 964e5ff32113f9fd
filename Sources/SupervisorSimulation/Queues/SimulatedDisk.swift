import SupervisorCore

/// The store of a simulated machine: takes tickets in order, late, and sometimes not at all.
struct SimulatedDisk: Sendable {
    var isHealthy = true
    /// Asked for and not done yet, in order.
    var writes: [(ticket: StoreTicket, changes: [StoreChange])] = []
    private(set) var records: [TaskID: TaskRecord] = [:]
    private(set) var paused: [String: Bool] = [:]
    private(set) var lastTask: UInt64 = 0

    var stored: StoredTasks {
        StoredTasks(records: records.values.sorted { $1.id < $0.id }, paused: paused, lastTask: lastTask)
    }

    /// Does the first write. Returns what is wrong with it.
    mutating func write() -> String? {
        let changes = writes.removeFirst().changes
        for change in changes {
            switch change {
            case .add(let record):
                if records[record.id] != nil { return "task \(record.id) is stored twice" }
                records[record.id] = record
                lastTask = max(lastTask, record.id.number)
            case .change(let id, let progress):
                if records[id] == nil { return "the store is to change task \(id), which it does not hold" }
                records[id]?.progress = progress
            case .forget(let tasks):
                for id in tasks { records[id] = nil }
            case .reserve(let id):
                lastTask = max(lastTask, id.number)
            case .pause(let queue, let isPaused):
                paused[queue] = isPaused
            }
        }
        return nil
    }
}
