package import ControlProtocol
import SupervisorCore

/// What happened to an instance, why, and what comes next, to be read.
package enum WhyText {
    package static func text(_ result: WhyResult, now: Timestamp, style: Style) -> String {
        result.stories.map { story($0, now: now, style: style) }.joined(separator: "\n")
    }

    private static func story(_ story: WhyResult.Story, now: Timestamp, style: Style) -> String {
        let instance = story.instance
        let name = instance.name.printable
        var lines = [
            "\(style.bold(name)) is \(style.paint(instance.state.rawValue, Style.colour(of: instance.state)))"
                + "\(instance.pid.map { " (pid \($0))" } ?? ""), for \(TimeText.span(now.since(instance.since))) now, "
                + "since \(instance.since)."
        ]
        if !instance.reason.isEmpty { lines.append("Why: \(instance.reason.printable).") }
        if let exit = instance.lastExit { lines.append(ending(of: exit, now: now)) }
        lines.append(counts(of: instance))
        lines.append("Next: \(next(instance, now: now)).")
        if !story.events.isEmpty {
            lines += ["", "What happened:"]
            lines += story.events.map { event in
                let run = event.run.map { " #\($0)" } ?? ""
                return "  \(event.time)  \(event.kind.padded(to: 18))\(run)  \(event.message.printable)"
            }
        }
        for output in story.output where !output.lines.isEmpty {
            lines += ["", "Its last lines on \(output.stream.rawValue):"]
            lines += output.lines.map { "  | \($0.printable)" }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func ending(of exit: LastExit, now: Timestamp) -> String {
        let what = exit.status.map { $0.status.description } ?? "could not be spawned"
        return "Run \(exit.run) \(what), \(TimeText.span(now.since(exit.at))) ago."
    }

    private static func counts(of instance: InstanceStatus) -> String {
        let restarts = count(instance.restarts, "automatic restart")
        guard instance.recentFailures > 0 else { return "\(restarts) since it was last asked to start." }
        let failures = count(instance.recentFailures, "failure")
        return "\(restarts) since it was last asked to start; \(failures) count towards giving up."
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func next(_ instance: InstanceStatus, now: Timestamp) -> String {
        let name = instance.name.printable
        switch instance.state {
        case .running: return "it is kept running"
        case .starting: return "it counts as running once it is ready"
        case .waiting:
            let list = (instance.waitingFor ?? []).joined(separator: ", ").printable
            return "it waits for \(list.isEmpty ? "a free start slot" : list)"
        case .backoff:
            return instance.nextAttempt.map { "it is tried again \(TimeText.until($0, from: now))" }
                ?? "it is tried again"
        case .stopping: return "it is stopped when nothing of it is left"
        case .stopped:
            let list = (instance.waitingFor ?? []).joined(separator: ", ").printable
            return list.isEmpty ? "nothing, until \"roostctl start \(name)\"" : "it waits for \(list)"
        case .exited: return "nothing, for it is done; \"roostctl start \(name)\" runs it again"
        case .fatal: return "nothing, for it was given up; mend the cause, then \"roostctl start \(name)\""
        }
    }
}
