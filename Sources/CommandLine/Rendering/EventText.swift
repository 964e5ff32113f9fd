package import ControlProtocol
import SupervisorCore

/// An event on a line.
package enum EventText {
    package static func line(_ event: EventNotification, style: Style) -> String {
        let run = event.name.map { name in event.run.map { "\(name)#\($0)" } ?? name }
        let task = event.queue.map { queue in event.task.map { "\(queue) \($0)" } ?? queue }
        let name = task ?? run ?? "-"
        let text = [
            "\(event.seq)".padded(to: 6), event.time.description, event.kind.padded(to: 18),
            name.printable.padded(to: 12),
        ].joined(separator: "  ")
        let message = event.message.printable
        let room = style.width.map { max(0, $0 - text.columns - 2) } ?? .max
        let line = "\(text)  \(message.cut(to: room))"
        let ofInstance = event.state.flatMap { $0 == .fatal || $0 == .backoff ? Style.colour(of: $0) : nil }
        let ofTask = event.taskState.flatMap {
            [.failed, .interrupted, .backoff].contains($0) ? Style.colour(of: $0) : nil
        }
        return style.paint(line, ofTask ?? ofInstance) + "\n"
    }
}
