import ControlProtocol
import SupervisorCore

/// Reading output back from the logs.
extension Daemon {
    private static let excerptLimit = 512 << 10

    /// The last lines of an instance, of all its runs.
    func excerpts(_ instance: InstanceID, _ query: LogQuery) -> [LogExcerpt] {
        streams(of: instance).filter { query.stream == nil || query.stream == $0.kind }.compactMap { stream in
            excerpt(instance, stream, lines: query.lines, from: 0)
        }
    }

    /// The last lines of the run in hand, or of the last one.
    func lastLines(of instance: InstanceID, lines: Int) -> [LogExcerpt] {
        streams(of: instance).compactMap { stream in
            let start = lastStart[instance]?[stream.kind] ?? 0
            return excerpt(instance, stream, lines: lines, from: start)
        }.filter { !$0.lines.isEmpty }
    }

    /// Empties the logs of an instance.
    func clear(_ instance: InstanceID) -> Reply.Outcome {
        let state = supervisor.report(instance, at: .now)?.state ?? .stopped
        do {
            for stream in streams(of: instance) { try logs.sink(for: stream.target).file?.clear() }
            return .init(instance: instance, result: .done, state: state, message: "its logs are empty")
        } catch {
            return .init(instance: instance, result: .failed, state: state, message: "\(error)")
        }
    }

    func streams(of instance: InstanceID) -> [(kind: OutputStream, target: LogTarget)] {
        guard let log = supervisor.definition(of: instance.worker)?.log else { return [] }
        let paths: [(OutputStream, String?)] = [(.output, log.output), (.error, log.error)]
        return paths.compactMap { kind, path in
            log.target(path, for: instance, in: settings.logDirectory).map { (kind, $0) }
        }
    }

    private func excerpt(
        _ instance: InstanceID, _ stream: (kind: OutputStream, target: LogTarget), lines: Int, from start: Int64
    ) -> LogExcerpt? {
        logs.sink(for: stream.target).file.map {
            excerpt($0, instance.description, stream.kind, lines: lines, from: start)
        }
    }

    /// The last lines of a log, from a position on.
    func excerpt(
        _ file: LogFile, _ name: String, _ stream: OutputStream, lines: Int, from start: Int64
    ) -> LogExcerpt {
        // One line more than wanted tells whether there were more.
        let bytes = (try? file.tail(lines: lines + 1, maxBytes: Self.excerptLimit, from: start)) ?? []
        var text = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        if text.last?.isEmpty == true { text.removeLast() }
        return LogExcerpt(
            name: name, stream: stream, lines: text.suffix(lines).map(String.init), truncated: text.count > lines)
    }
}
