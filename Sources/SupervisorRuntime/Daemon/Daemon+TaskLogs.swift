import ControlProtocol
import Linux
import Logging
import Scheduling
import SupervisorCore

/// The output of tasks: one log for each, over all its attempts, kept for as long as the task is.
extension Daemon {
    private static let excerptLimit = 512 << 10

    func taskStreams(_ report: TaskReport) -> [(kind: OutputStream, target: LogTarget)] {
        let log = supervisor.queueDefinition(report.queue)?.log ?? QueueDefinition(name: report.queue).log
        let instance = report.run?.instance ?? InstanceID(worker: report.queue, index: 0)
        let paths: [(OutputStream, String?)] = [(.output, log.output), (.error, log.error)]
        return paths.compactMap { kind, path in
            log.target(path, for: instance, task: report.id, in: settings.logDirectory).map { (kind, $0) }
        }
    }

    /// The last lines that a task wrote.
    func excerpts(_ report: TaskReport, lines: Int, stream wanted: OutputStream? = nil) -> [LogExcerpt] {
        // Nothing has been written, and reading must not make a file.
        if report.attempts == 0 { return [] }
        return taskStreams(report).filter { wanted == nil || wanted == $0.kind }.compactMap { kind, target in
            guard let file = logs.sinkForReading(target)?.file else { return nil }
            let bytes = (try? file.tail(lines: lines + 1, maxBytes: Self.excerptLimit)) ?? []
            var text = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            if text.last?.isEmpty == true { text.removeLast() }
            return LogExcerpt(
                name: report.id.description, stream: kind, lines: text.suffix(lines).map(String.init),
                truncated: text.count > lines)
        }
    }

    /// Removes the logs of tasks that nobody can ask about any more. A log that tasks share stays.
    func forgetLogs(of tasks: [TaskID], in queue: String) {
        let definition = supervisor.queueDefinition(queue) ?? QueueDefinition(name: queue)
        for path in [definition.log.output, definition.log.error].compactMap({ $0 }) where path.contains("{task}") {
            let slots = path.contains("{in") ? definition.slots : 1
            for task in tasks {
                for index in 0..<slots {
                    let instance = InstanceID(worker: queue, index: index)
                    let target = definition.log.target(path, for: instance, task: task, in: settings.logDirectory)
                    if let target { removeLog(target) }
                }
            }
        }
    }

    private func removeLog(_ target: LogTarget) {
        do {
            try FileSystem.remove(target.path)
            var number = 1
            // Rotation leaves no gap.
            while number <= target.keep, FileSystem.exists("\(target.path).\(number)") {
                try FileSystem.remove("\(target.path).\(number)")
                number += 1
            }
        } catch {
            logger.warning("\(error); the log of a forgotten task stays")
        }
    }
}
