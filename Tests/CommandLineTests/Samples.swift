import ControlProtocol
import Scheduling
@testable import SupervisorCore

/// Made-up results, as roostd would send them.
enum Samples {
    static let now = Timestamp("2026-11-22T12:00:00.000Z")!
    /// What is a minute ago by this clock is a minute before `now`.
    static let clock = ClockReading(monotonic: Instant(nanoseconds: 1_000_000 * second), wall: now)
    static let second: Int64 = 1_000_000_000

    static func ago(_ seconds: Int64) -> Instant { Instant(nanoseconds: (1_000_000 - seconds) * second) }

    static func instance(
        _ worker: String, _ index: Int, _ state: InstanceState, pid: Int32? = nil, since seconds: Int64,
        restarts: Int = 0, reason: String = "", change: (inout InstanceReport) -> Void = { _ in }
    ) -> InstanceStatus {
        var report = InstanceReport(
            instance: InstanceID(worker: worker, index: index), state: state, pid: pid, run: 17, since: ago(seconds),
            restarts: restarts, recentFailures: 0, nextAttempt: nil, waitingFor: [], lastExit: nil, reason: reason)
        change(&report)
        return InstanceStatus(report, clock: clock)
    }

    static func instance(
        _ worker: String, _ state: InstanceState, pid: Int32? = nil, since seconds: Int64, restarts: Int = 0,
        reason: String = "", change: (inout InstanceReport) -> Void = { _ in }
    ) -> InstanceStatus {
        instance(worker, 0, state, pid: pid, since: seconds, restarts: restarts, reason: reason, change: change)
    }

    static let daemon = DaemonStatus(version: "0.1.0", pid: 99, startedAt: now)

    static let status = StatusResult(
        instances: [
            instance("db", .running, pid: 812, since: 273_845),
            instance("web", .running, pid: 4711, since: 7985, restarts: 2),
            instance("web", 1, .backoff, since: 2, restarts: 12, reason: "exited with code 3 after 120 ms") {
                $0.nextAttempt = ago(-3)
                $0.recentFailures = 4
            },
            instance("image-resizer-for-thumbnails", .fatal, since: 3700, reason: "10 failures within 5 minutes"),
            instance("mail", .waiting, since: 5, reason: "waits for db") { $0.waitingFor = ["db"] },
            instance("migrate", .exited, since: 90, reason: "exited with code 0, as expected"),
            instance("spool", .stopping, pid: 513, since: 1, reason: "stop requested"),
            instance("cache", .starting, pid: 514, since: 1),
            instance("batch", .stopped, since: 1, reason: "not started yet"),
        ], daemon: daemon)

    static func outcome(
        _ worker: String, _ result: Reply.Outcome.Result, _ state: InstanceState, _ message: String
    ) -> InstanceOutcome {
        InstanceOutcome(
            Reply.Outcome(
                instance: InstanceID(worker: worker, index: 0), result: result, state: state, message: message))
    }

    static func event(
        _ seq: UInt64, _ kind: Announcement.Kind, _ state: InstanceState, _ message: String, ago seconds: Int64
    ) -> EventNotification {
        EventNotification(
            seq: seq, time: clock.wall(at: ago(seconds)),
            Announcement(
                kind, instance: InstanceID(worker: "web", index: 1), run: 17, state: state, message: message))
    }

    static let why = WhyResult(stories: [
        WhyResult.Story(
            instance: instance("web", 1, .backoff, since: 2, restarts: 12, reason: "exited with code 3 after 120 ms") {
                $0.nextAttempt = ago(-3)
                $0.recentFailures = 4
                $0.lastExit = InstanceReport.LastExit(run: 17, status: .exited(code: 3), at: ago(2))
            },
            events: [
                event(1040, .starting, .starting, "spawned with pid 4711", ago: 3),
                event(1041, .exited, .backoff, "exited with code 3 after 120 ms", ago: 2),
                event(1042, .backoff, .backoff, "next attempt in 5 s", ago: 2),
            ],
            output: [
                LogExcerpt(
                    name: "web:1", stream: .error,
                    lines: [
                        "Traceback (most recent call last):", "OSError: \u{1b}[31mAddress already in use\u{1b}[0m",
                    ],
                    truncated: true)
            ])
    ])
}
