package import ControlProtocol
import SupervisorCore

/// Queues, one a line.
package enum QueueTable {
    private static let header = ["QUEUE", "STATE", "BUSY", "WAITING", "RETRYING", "DONE", "FAILED", "REASON"]

    package static func text(_ queues: [QueueStatus], style: Style) -> String {
        if queues.isEmpty { return "" }
        return Table.text(header, queues.map(row), style: style) { row, column in
            column == 1 ? colour(of: queues[row]) : nil
        }
    }

    private static func row(_ queue: QueueStatus) -> [String] {
        let others = queue.count(.failed) + queue.count(.cancelled) + queue.count(.interrupted)
        return [
            queue.name.printable,
            state(of: queue),
            "\(queue.busy)/\(queue.slots)",
            "\(queue.count(.queued) + queue.count(.held))",
            "\(queue.count(.backoff))",
            "\(queue.count(.done))",
            "\(others)",
            reason(queue).printable,
        ]
    }

    static func state(of queue: QueueStatus) -> String {
        if queue.leaving == true { return "leaving" }
        if queue.paused { return "paused" }
        return queue.standstill == nil ? "open" : "stalled"
    }

    private static func reason(_ queue: QueueStatus) -> String {
        // The state says it already.
        if queue.paused { return "" }
        if let standstill = queue.standstill { return standstill }
        if let waiting = queue.waitingSubmissions { return "full: \(waiting) wait for room" }
        if queue.leaving == true { return "no longer in the configuration" }
        return ""
    }

    private static func colour(of queue: QueueStatus) -> Style.Colour {
        if queue.standstill != nil, !queue.paused { return .red }
        return queue.paused || queue.leaving == true ? .yellow : .green
    }
}
