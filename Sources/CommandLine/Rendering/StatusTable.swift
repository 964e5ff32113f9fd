package import ControlProtocol
import SupervisorCore

/// `status` as a table, one instance a line.
package enum StatusTable {
    private static let header = ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "REASON"]

    package static func text(_ status: StatusResult, now: Timestamp, style: Style) -> String {
        let queues = QueueTable.text(status.queues ?? [], style: style)
        if status.instances.isEmpty {
            return queues.isEmpty ? "roostd has no instances; its configuration has no workers\n" : queues
        }
        let rows = status.instances.map { row($0, now: now) }
        let table = Table.text(header, rows, style: style) { row, column in
            column == 1 ? Style.colour(of: status.instances[row].state) : nil
        }
        return queues.isEmpty ? table : "\(table)\n\(queues)"
    }

    private static func row(_ instance: InstanceStatus, now: Timestamp) -> [String] {
        [
            instance.name.printable,
            instance.state.rawValue,
            instance.pid.map { "\($0)" } ?? "-",
            instance.state == .running ? TimeText.span(now.since(instance.since)) : "-",
            "\(instance.restarts)",
            reason(instance, now: now).printable,
        ]
    }

    /// Only what is not as it should be needs a reason.
    private static func reason(_ instance: InstanceStatus, now: Timestamp) -> String {
        if instance.state == .running { return "" }
        guard let next = instance.nextAttempt else { return instance.reason }
        let attempt = "next attempt \(TimeText.until(next, from: now))"
        return instance.reason.isEmpty ? attempt : "\(instance.reason); \(attempt)"
    }
}
