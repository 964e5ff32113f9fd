import ControlProtocol
import SupervisorCore

/// Whose output is followed: an instance over its restarts, or a task over its attempts.
enum OutputSubject: Hashable {
    case instance(InstanceID)
    case task(TaskID)

    /// As it is called in `log` notifications.
    var name: String {
        switch self {
        case .instance(let instance): instance.description
        case .task(let task): task.description
        }
    }
}

extension LiveRun {
    var subject: OutputSubject { definition.task.map { .task($0) } ?? .instance(id.instance) }
}

/// Clients that follow output (`logs -f`), over the restarts of the instances that they follow.
///
/// A class, because telling a client may find it gone, and so come back here to remove it.
final class Followers {
    private struct Follower {
        let connection: ConnectionID
        let subjects: Set<OutputSubject>
        let stream: OutputStream?
    }

    /// A pump that is looked at for followers.
    private final class Watched {
        let subject: OutputSubject
        let stream: RunStream
        let observer: Int
        let lines: LineAssembler

        init(_ subject: OutputSubject, _ stream: RunStream, observer: Int, lines: LineAssembler) {
            self.subject = subject
            self.stream = stream
            self.observer = observer
            self.lines = lines
        }
    }

    private var followers: [Follower] = []
    private var watched: [ObjectIdentifier: Watched] = [:]

    func add(_ connection: ConnectionID, _ subjects: [OutputSubject], _ stream: OutputStream?, _ daemon: Daemon) {
        let subjects = Set(subjects)
        followers.append(Follower(connection: connection, subjects: subjects, stream: stream))
        daemon.server.beginFollowing(connection)
        for run in daemon.processes.runs.values where subjects.contains(run.subject) {
            for stream in run.streams { watch(run.subject, stream, daemon) }
        }
    }

    func remove(_ connection: ConnectionID, _ daemon: Daemon) {
        followers.removeAll { $0.connection == connection }
        for (key, entry) in watched where !followers.contains(where: { $0.subjects.contains(entry.subject) }) {
            entry.stream.pump.removeObserver(entry.observer)
            watched[key] = nil
        }
    }

    /// A run has begun: who follows its instance follows it too.
    func streamBegan(_ run: LiveRun, _ stream: RunStream, _ daemon: Daemon) {
        daemon.noteStart(of: run.id.instance, stream)
        guard followers.contains(where: { $0.subjects.contains(run.subject) }) else { return }
        watch(run.subject, stream, daemon)
    }

    /// The last byte of a run has been moved.
    func streamEnded(_ key: DrainKey, _ daemon: Daemon) {
        guard let entry = watched.removeValue(forKey: ObjectIdentifier(key)) else { return }
        if let rest = entry.lines.rest() { tell(entry.subject, entry.stream, rest, daemon) }
    }

    private func watch(_ subject: OutputSubject, _ stream: RunStream, _ daemon: Daemon) {
        let key = ObjectIdentifier(stream.key)
        guard watched[key] == nil else { return }
        let lines = LineAssembler()
        let observer = stream.pump.addObserver { [unowned daemon] chunk in
            guard let bytes = try? chunk.contents(), let text = lines.add(bytes) else { return }
            daemon.followers.tell(subject, stream, text, daemon)
        }
        watched[key] = Watched(subject, stream, observer: observer, lines: lines)
    }

    private func tell(_ subject: OutputSubject, _ stream: RunStream, _ text: String, _ daemon: Daemon) {
        let note = LogNotification(name: subject.name, stream: stream.kind, text: text)
        for follower in followers where follower.subjects.contains(subject) {
            guard follower.stream == nil || follower.stream == stream.kind else { continue }
            _ = daemon.server.send(note, to: follower.connection)
        }
    }
}

/// Cuts output at line ends, so that neither lines nor characters are torn between two notifications.
final class LineAssembler {
    private static let longest = 64 << 10
    private var pending: [UInt8] = []

    /// The whole lines that are complete now, or a piece of a line that is too long to wait for.
    func add(_ bytes: [UInt8]) -> String? {
        pending += bytes
        let end =
            pending.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
            ?? (pending.count > Self.longest ? pending.count : 0)
        guard end > 0 else { return nil }
        let text = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end)
        return text
    }

    /// What is left when no more will come.
    func rest() -> String? {
        guard !pending.isEmpty else { return nil }
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }
}
