package import SupervisorCore

/// The `params` of an `event` notification: a numbered fact.
package struct EventNotification: Codable, Equatable, Sendable {
    /// Grows by one with each event of this daemon, from 1; a client resumes after the last that it has seen.
    package var seq: UInt64
    package var time: Timestamp
    /// Text, so that a client can pass on kinds that it does not know.
    package var kind: String
    package var name: String?
    package var run: UInt64?
    package var state: InstanceState?
    package var pid: Int32?
    package var status: ExitReport?
    package var queue: String?
    package var task: UInt64?
    package var taskState: TaskState?
    package var message: String

    package init(seq: UInt64, time: Timestamp, _ announcement: Announcement) {
        self.seq = seq
        self.time = time
        kind = announcement.kind.rawValue
        name = announcement.instance?.description
        run = announcement.run
        state = announcement.state
        pid = announcement.pid
        status = announcement.status.map { ExitReport($0) }
        queue = announcement.queue
        task = announcement.task?.number
        taskState = announcement.taskState
        message = announcement.message
    }

    private enum CodingKeys: String, CodingKey {
        case seq, time, kind, name, run, state, pid, status, queue, task, message
        case taskState = "task_state"
    }
}

/// The answer to `subscribe`. The events asked for follow it.
package struct SubscribeResult: Codable, Equatable, Sendable {
    /// Whether events after `after` are no longer kept; what follows begins at `oldest`.
    package var missed: Bool
    /// The oldest event that is still kept, or the next one when none is.
    package var oldest: UInt64
    /// The newest event so far; 0 when there was none.
    package var latest: UInt64

    package init(missed: Bool, oldest: UInt64, latest: UInt64) {
        self.missed = missed
        self.oldest = oldest
        self.latest = latest
    }
}
