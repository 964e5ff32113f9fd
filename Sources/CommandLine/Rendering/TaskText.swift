package import ControlProtocol
import SupervisorCore

/// Tasks in words.
package enum TaskText {
    /// Its label, or what it runs.
    static func title(_ task: TaskStatus) -> String {
        if let label = task.label { return label.printable }
        return work(task)
    }

    static func work(_ task: TaskStatus) -> String {
        let text = task.command?.map(quoted).joined(separator: " ") ?? task.json ?? ""
        return (task.shortened == true ? "\(text)…" : text).printable
    }

    /// As one would type it.
    private static func quoted(_ word: String) -> String {
        let plain = word.allSatisfy { $0.isLetter || $0.isNumber || "_@%+=:,./-…".contains($0) }
        if plain, !word.isEmpty { return word }
        return "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// What became of each, one a line.
    package static func outcomes(_ tasks: [TaskStatus], style: Style) -> String {
        tasks.map { task in
            let state = style.paint(task.state.rawValue, Style.colour(of: task.state))
            var line = "\(task.id): \(state)"
            switch task.state {
            case .done:
                if let start = task.startedAt, let end = task.finishedAt {
                    line += " after \(TimeText.brief(end.since(start)))"
                }
            case .held, .queued, .running, .stopping, .backoff, .failed, .cancelled, .interrupted:
                if !task.reason.isEmpty { line += ", \(task.reason.printable)" }
            }
            return line + "\n"
        }.joined()
    }

    /// All there is to say about one.
    package static func text(_ result: TaskResult, now: Timestamp, style: Style) -> String {
        let task = result.task
        let since = task.finishedAt ?? task.startedAt ?? task.submittedAt
        var lines = [
            "\(style.bold("Task \(task.id)")) of \(task.queue.printable) is "
                + "\(style.paint(task.state.rawValue, Style.colour(of: task.state)))"
                + "\(task.pid.map { " (pid \($0))" } ?? ""), for \(TimeText.span(now.since(since))) now, "
                + "since \(since)."
        ]
        if let label = task.label { lines.append("Name: \(label.printable)") }
        lines.append("\(task.command == nil ? "Task" : "Command"): \(work(task))")
        if let directory = task.directory { lines.append("Directory: \(directory.printable)") }
        if !task.reason.isEmpty { lines.append("Why: \(task.reason.printable).") }
        lines.append(history(of: task))
        if let answer = task.answer { lines.append("Answer: \(answer.printable)") }
        if let next = next(task, now: now) { lines.append("Next: \(next).") }
        if !result.events.isEmpty {
            lines += ["", "What happened:"]
            lines += result.events.map { event in
                "  \(event.time)  \(event.kind.padded(to: 16))  \(event.message.printable)"
            }
        }
        for output in result.output where !output.lines.isEmpty {
            lines += ["", "Its last lines on \(output.stream.rawValue):"]
            lines += output.lines.map { "  | \($0.printable)" }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func history(of task: TaskStatus) -> String {
        var text = "Submitted \(task.submittedAt)"
        if let user = task.user { text += " by user \(user)" }
        if task.attempts == 0 { return text + "; not begun, \(attempts(task.attemptLimit)) at most." }
        text += "; attempt \(task.attempts) of \(task.attemptLimit)"
        if let start = task.startedAt {
            text += " began \(start)"
            if let end = task.finishedAt { text += " and took \(TimeText.brief(end.since(start)))" }
        }
        return text + "."
    }

    private static func attempts(_ count: Int) -> String { "\(count) attempt\(count == 1 ? "" : "s")" }

    private static func next(_ task: TaskStatus, now: Timestamp) -> String? {
        if let next = task.next { return next.printable }
        switch task.state {
        case .failed, .cancelled, .interrupted: return "nothing; \"roostctl retry \(task.id)\" runs it again"
        case .held, .queued, .running, .stopping, .backoff, .done: return nil
        }
    }
}

extension Style {
    static func colour(of state: TaskState) -> Colour {
        switch state {
        case .running, .done: .green
        case .held, .queued, .stopping: .cyan
        case .backoff: .yellow
        case .failed, .interrupted: .red
        case .cancelled: .grey
        }
    }
}
