import ControlProtocol
import Foundation
import Linux
import SupervisorCore

/// A generator that a printed seed repeats.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension SubmitQuery {
    /// A shell command for a queue.
    init(_ queue: String, _ script: String, key: String? = nil) {
        self.init(
            queue: queue,
            submission: TaskSubmission(work: .command(TaskCommand(arguments: ["sh", "-c", script])), key: key))
    }
}

extension Channel {
    func submit(_ query: SubmitQuery) throws -> TaskID {
        TaskID(try call(.task(.submit(query, wait: .untilDone(timeout: nil))), SubmitResult.self).task)
    }

    /// How tasks are once all of them are finished.
    func wait(for tasks: [TaskID]) throws -> [TaskStatus] {
        var found: [TaskStatus] = []
        for start in stride(from: 0, to: tasks.count, by: 500) {
            let some = Array(tasks[start..<min(start + 500, tasks.count)])
            found += try call(.task(.wait(some, wait: .untilDone(timeout: nil))), TasksResult.self).tasks
        }
        return found
    }

    func tasks(_ queue: String) throws -> TasksResult {
        try call(.task(.list(TaskQuery(names: [queue]))), TasksResult.self)
    }
}

extension Roost {
    /// Ends roostd as a power failure would, and leaves its children alone.
    func killDaemon() throws {
        try program.send(SIGKILL)
        _ = try program.wait()
    }

    func submit(_ script: String, to queue: String = "mail") throws -> TaskID {
        try channel().submit(SubmitQuery(queue, script))
    }

    func task(_ id: TaskID) throws -> TaskStatus {
        try call(.task(.result(id, lines: 0)), TaskResult.self).task
    }

    func await(_ id: TaskID, _ state: TaskState) throws {
        try eventually("task \(id) is \(state.rawValue)") { try task(id).state == state }
    }
}
