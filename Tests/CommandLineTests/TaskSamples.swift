import ControlProtocol
import Scheduling
@testable import SupervisorCore

/// Made-up tasks, as roostd would send them.
enum TaskSamples {
    static func task(
        _ id: UInt64, _ state: TaskState, _ arguments: [String] = ["send", "--to", "ada@example.org"],
        submitted: Int64 = 100, change: (inout TaskReport) -> Void = { _ in }
    ) -> TaskStatus {
        var report = TaskReport(
            id: TaskID(id), queue: "mail", state: state, work: .command(TaskCommand(arguments: arguments)), label: nil,
            key: nil, priority: 0, user: 1000, attempts: 1, attemptLimit: 3, submittedAt: Samples.ago(submitted),
            reason: "", next: "", waitingFor: [])
        change(&report)
        return TaskStatus(report, clock: Samples.clock)
    }

    static let tasks = [
        task(1038, .done) {
            $0.startedAt = Samples.ago(90)
            $0.finishedAt = Instant(nanoseconds: Samples.ago(90).nanoseconds + 430_000_000)
            $0.status = .exited(code: 0)
        },
        task(1039, .failed, ["sh", "-c", "echo 'it''s' >&2; exit 3"]) {
            $0.attempts = 3
            $0.startedAt = Samples.ago(80)
            $0.finishedAt = Samples.ago(10)
            $0.status = .exited(code: 3)
            $0.reason = "exited with code 3, attempt 3 of 3"
        },
        task(1040, .running, ["convert", String(repeating: "very-long-", count: 8)]) {
            $0.pid = 4711
            $0.startedAt = Samples.ago(65)
            $0.label = "the nightly\nthumbnails"
        },
        task(1041, .backoff) {
            $0.attempts = 2
            $0.startedAt = Samples.ago(3)
            $0.nextAttempt = Samples.ago(-5)
            $0.reason = "was killed by SIGSEGV"
        },
        task(1042, .queued) { $0.attempts = 0 },
        task(1043, .held) {
            $0.attempts = 0
            $0.waitingFor = [TaskID(1042)]
            $0.reason = "waits for 1 task: 1042"
            $0.next = "queued once what it waits for is done"
        },
        task(1044, .cancelled) {
            $0.attempts = 0
            $0.finishedAt = Samples.ago(1)
            $0.reason = "cancelled by request"
        },
        task(1045, .interrupted) {
            $0.startedAt = Samples.ago(4000)
            $0.reason = "roostd went down while it ran"
        },
        task(1046, .stopping) {
            $0.startedAt = Samples.ago(600)
            $0.reason = "took longer than 10m"
        },
    ]

    static func queue(
        _ name: String, paused: Bool = false, leaving: Bool = false, waiting: Int = 0, standstill: String? = nil
    ) -> QueueStatus {
        var counts = TaskCounts()
        for (index, state) in TaskState.allCases.enumerated() { counts[state] = index + 1 }
        return QueueStatus(
            QueueReport(
                name: name, order: .priority, slots: 4, busySlots: 3, capacity: 10_000, counts: counts,
                isPaused: paused, isLeaving: leaving, waitingSubmissions: waiting, standstill: standstill))
    }

    static let queues = [
        queue("mail"), queue("thumbnails", paused: true), queue("old", leaving: true), queue("full", waiting: 2),
        queue("stuck", standstill: "cannot store that task 7 starts: the disk is full; tried again in 5s"),
    ]

    static let result = TaskResult(
        task: tasks[1],
        events: [
            EventNotification(
                seq: 12, time: Samples.clock.wall(at: Samples.ago(80)),
                Announcement(.taskStarted, queue: "mail", task: TaskID(1039), message: "attempt 3 (pid 4712)")),
            EventNotification(
                seq: 13, time: Samples.clock.wall(at: Samples.ago(10)),
                Announcement(
                    .taskFinished, queue: "mail", task: TaskID(1039), taskState: .failed,
                    message: "exited with code 3, attempt 3 of 3")),
        ],
        output: [LogExcerpt(name: "1039", stream: .output, lines: ["it's \u{1b}[31mred"], truncated: false)])
}
