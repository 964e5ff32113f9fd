package import ControlProtocol
import SupervisorCore

/// `status` as a table, one instance a line.
package enum StatusTable {
    private static let header = ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "REASON"]

    package static func text(_ status: StatusResult, now: Timestamp, style: Style) -> String {
        if status.instances.isEmpty { return "roostd has no instances; its configuration has no workers\n" }
        let rows = status.instances.map { row($0, now: now) }
        // The reason comes last and takes what is left.
        let widths = (0..<header.count - 1).map { column in
            max(header[column].columns, rows.map { $0[column].columns }.max() ?? 0)
        }
        var lines = [style.bold(line(header, widths, style) { text, _ in text })]
        for (instance, row) in zip(status.instances, rows) {
            lines.append(
                line(row, widths, style) { text, column in
                    column == 1 ? style.paint(text, Style.colour(of: instance.state)) : text
                })
        }
        return lines.joined(separator: "\n") + "\n"
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

    private static func line(
        _ cells: [String], _ widths: [Int], _ style: Style, paint: (String, Int) -> String
    ) -> String {
        var room = style.width ?? .max
        var parts: [String] = []
        for (column, cell) in cells.enumerated() where room > 0 {
            let isLast = column == widths.count || cells[(column + 1)...].allSatisfy(\.isEmpty)
            let text = (isLast ? cell : cell.padded(to: widths[column])).cut(to: room)
            parts.append(paint(text, column))
            room -= text.columns + 2
            if isLast { break }
        }
        return parts.joined(separator: "  ")
    }
}
