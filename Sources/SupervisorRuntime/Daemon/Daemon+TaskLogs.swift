import ControlProtocol
import Linux
import Logging
import Scheduling
import SupervisorCore

/// The output of tasks: one log for each, over all its attempts, kept for as long as the task is.
extension Daemon {
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
            logs.sinkForReading(target)?.file.map { excerpt($0, report.id.description, kind, lines: lines, from: 0) }
        }
    }

    /// Removes the logs of tasks that nobody can ask about any more. A log that tasks share stays.
    func forgetLogs(of tasks: [TaskID], in queue: String) {
        for place in taskLogs.places(of: queue) {
            for task in tasks {
                for index in 0..<place.slots {
                    let instance = InstanceID(worker: queue, index: index)
                    let target = place.policy.target(place.path, for: instance, task: task, in: settings.logDirectory)
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
    ///
    /// Only numbers that this store has given out, and only below the log directory: elsewhere such a name may well
    /// mean something else.
    func removeOrphanedLogs(of plan: Plan, tasks: StoredTasks) {
        guard tasks.lastTask > 0 else { return }
        let known = Set(tasks.records.map(\.id.number))
        var templates: Set<String> = []
        for queue in plan.queues {
            for place in TaskLogPlaces.places(queue) where !place.path.hasPrefix("/") {
                for index in 0..<place.slots {
                    let instance = InstanceID(worker: queue.name, index: index)
                    let target = place.policy.target(place.path, for: instance, in: settings.logDirectory)
                    if let target { templates.insert(target.path) }
                }
            }
        }
        for template in templates {
            guard let directory = FileSystem.parent(of: template), !directory.contains("{task}"),
                !directory.split(separator: "/").contains("..")
            else { continue }
            let parts = template.dropFirst(directory.count + 1)
                .split(separator: "{task}", omittingEmptySubsequences: false)
            guard parts.count == 2, let names = try? BoundedFile.names(in: directory) else { continue }
            for name in names {
                guard let number = Self.number(in: name, between: parts[0], and: parts[1]), number <= tasks.lastTask,
                    !known.contains(number)
                else { continue }
                try? FileSystem.remove("\(directory)/\(name)")
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
