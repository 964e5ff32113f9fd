package import ControlProtocol
import SupervisorCore

/// Tasks, one a line.
package enum TaskTable {
    private static let header = ["ID", "QUEUE", "STATE", "TRIES", "TIME", "TASK", "REASON"]
    private static let commandWidth = 8...40
    /// What the columns before it take, about.
    private static let columnsBefore = 44
    /// Finished tasks that are shown unless all are wanted.
    private static let finishedShown = 20

    /// - Parameter showsAll: all that are finished as well, not only the last of them.
    package static func text(_ result: TasksResult, showsAll: Bool, now: Timestamp, style: Style) -> String {
        let finished = result.tasks.filter(\.state.isFinished)
        let oldest = showsAll ? nil : finished.dropLast(finishedShown).last?.id
        let shown = result.tasks.filter { task in
            !task.state.isFinished || oldest.map { task.id > $0 } ?? true
        }
        let left = result.tasks.count - shown.count + (result.omitted ?? 0)
        var text = ""
        if shown.isEmpty {
            text = "there are no \(result.tasks.isEmpty && left == 0 ? "" : "such ")tasks\n"
        } else {
            let reasons = shown.map { reason($0, now: now).printable }
            let room = commandRoom(style, reasons)
            let rows = zip(shown, reasons).map { row($0, now: now, commandWidth: room, reason: $1) }
            text = Table.text(header, rows, style: style) { row, column in
                column == 2 ? Style.colour(of: shown[row].state) : nil
            }
        }
        if left > 0 {
            let hint = result.omitted == nil ? "; --all shows them" : ""
            text += style.paint("\(left) older ones are not shown\(hint)", .grey) + "\n"
        }
        return text + (result.queues ?? []).map { note($0, style) }.joined()
    }

    /// What keeps a queue from going on.
    private static func note(_ queue: QueueStatus, _ style: Style) -> String {
        let name = queue.name.printable
        if queue.paused {
            return style.paint("\(name) is paused; \"roostctl resume \(name)\" lets it go on", .yellow) + "\n"
        }
        guard let standstill = queue.standstill else { return "" }
        return style.paint("\(name): \(standstill.printable)", .red) + "\n"
    }

    /// A reason is worth more than the end of a command.
    private static func commandRoom(_ style: Style, _ reasons: [String]) -> Int {
        guard let width = style.width, reasons.contains(where: { !$0.isEmpty }) else { return commandWidth.upperBound }
        return min(commandWidth.upperBound, max(commandWidth.lowerBound, (width - columnsBefore) / 3))
    }

    private static func row(
        _ task: TaskStatus, now: Timestamp, commandWidth: Int, reason: String
    ) -> [String] {
        [
            "\(task.id)",
            task.queue.printable,
            task.state.rawValue,
            task.attemptLimit > 1 ? "\(task.attempts)/\(task.attemptLimit)" : "\(task.attempts)",
            time(of: task, now: now),
            TaskText.title(task).cut(to: commandWidth),
            reason,
        ]
    }

    /// How long it has waited, runs, or took.
    private static func time(of task: TaskStatus, now: Timestamp) -> String {
        switch task.state {
        case .held, .queued: return TimeText.span(now.since(task.submittedAt))
        case .running, .stopping, .backoff: return TimeText.span(now.since(task.startedAt ?? task.submittedAt))
        case .done, .failed, .cancelled, .interrupted:
            guard let start = task.startedAt, let end = task.finishedAt else { return "-" }
            return TimeText.brief(end.since(start))
        }
    }

    /// Only what is not as it should be needs a reason.
    private static func reason(_ task: TaskStatus, now: Timestamp) -> String {
        switch task.state {
        case .running, .done: return ""
        case .queued: return task.attempts == 0 ? "" : task.reason
        case .held: return task.reason
        case .backoff:
            let next = task.nextAttempt.map { "; next attempt \(TimeText.until($0, from: now))" } ?? ""
            return task.reason + next
        case .stopping, .failed, .cancelled, .interrupted: return task.reason
        }
    }
}
