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
    /// Removes the logs of tasks that nobody knows any more: those of queues in memory, and of tasks that were
    /// forgotten in the last moment of an earlier roostd. Their numbers never come again, so nothing else would.
    func removeOrphanedLogs(of plan: Plan, tasks: StoredTasks) {
        let known = Set(tasks.records.map(\.id.number))
        for queue in plan.queues {
            for path in [queue.log.output, queue.log.error].compactMap({ $0 }) {
                let instance = InstanceID(worker: queue.name, index: 0)
                guard let target = queue.log.target(path, for: instance, in: settings.logDirectory),
                    let directory = FileSystem.parent(of: target.path), !directory.contains("{task}")
                else { continue }
                let name = target.path.dropFirst(directory.count + 1)
                let parts = name.split(separator: "{task}", omittingEmptySubsequences: false)
                guard parts.count == 2, let names = try? BoundedFile.names(in: directory) else { continue }
                for name in names {
                    guard let number = Self.number(in: name, between: parts[0], and: parts[1]), !known.contains(number)
                    else { continue }
                    try? FileSystem.remove("\(directory)/\(name)")
                }
            }
        }
    }

    /// The number of the task whose log has this name, rotated or not; nil if it is no such log.
    private static func number(in name: String, between prefix: Substring, and suffix: Substring) -> UInt64? {
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        let digits = rest.prefix { ("0"..."9").contains($0) }
        let ending = rest.dropFirst(digits.count)
        guard ending.hasPrefix(suffix) else { return nil }
        let rotation = ending.dropFirst(suffix.count)
        guard rotation.isEmpty || rotation.first == "." && UInt(rotation.dropFirst()) != nil else { return nil }
        return UInt64(digits)
    }
}
