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
    /// What one connection may follow at once.
    static let limit = 10_000

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

    /// Who follows a subject, and which of its streams.
    private var audience: [OutputSubject: [ConnectionID: Set<OutputStream>]] = [:]
    private var subjects: [ConnectionID: Set<OutputSubject>] = [:]
    private var watched: [ObjectIdentifier: Watched] = [:]
    /// Tasks that are over, while their last output is still on its way.
    private var ended: Set<OutputSubject> = []

    /// How much a connection follows.
    func count(of connection: ConnectionID) -> Int { subjects[connection]?.count ?? 0 }

    /// - Parameter stream: nil for all.
    func add(_ connection: ConnectionID, _ subjects: [OutputSubject], _ stream: OutputStream?, _ daemon: Daemon) {
        let streams = stream.map { [$0] } ?? Set(OutputStream.allCases)
        let subjects = subjects.filter { daemon.mayStillSpeak($0) }
        for subject in subjects {
            audience[subject, default: [:]][connection, default: []].formUnion(streams)
        }
        self.subjects[connection, default: []].formUnion(subjects)
        daemon.server.beginFollowing(connection)
        let wanted = Set(subjects)
        for run in daemon.processes.runs.values where wanted.contains(run.subject) {
            for stream in run.streams { watch(run.subject, stream, daemon) }
        }
    }

    func remove(_ connection: ConnectionID) {
        guard let subjects = subjects.removeValue(forKey: connection) else { return }
        for subject in subjects {
            audience[subject]?[connection] = nil
            if audience[subject]?.isEmpty == true { audience[subject] = nil }
        }
        for (key, entry) in watched where audience[entry.subject] == nil {
            entry.stream.pump.removeObserver(entry.observer)
            watched[key] = nil
        }
        ended = ended.filter { audience[$0] != nil }
    }

    /// A run has begun: who follows its instance follows it too.
    func streamBegan(_ run: LiveRun, _ stream: RunStream, _ daemon: Daemon) {
        daemon.noteStart(of: run.id.instance, stream)
        guard audience[run.subject] != nil else { return }
        // It was retried by hand.
        ended.remove(run.subject)
        watch(run.subject, stream, daemon)
    }

    /// The last byte of a run has been moved.
    func streamEnded(_ key: DrainKey, _ daemon: Daemon) {
        guard let entry = watched.removeValue(forKey: ObjectIdentifier(key)) else { return }
        if let rest = entry.lines.rest() { tell(entry.subject, entry.stream, rest, daemon) }
        if ended.contains(entry.subject) { forgetIfSilent(entry.subject) }
    }

    /// Nothing more will come of a task: nobody follows it any longer than its last output is on its way.
    func taskEnded(_ task: TaskID) {
        let subject = OutputSubject.task(task)
        guard audience[subject] != nil else { return }
        ended.insert(subject)
        forgetIfSilent(subject)
    }

    private func forgetIfSilent(_ subject: OutputSubject) {
        guard !watched.values.contains(where: { $0.subject == subject }) else { return }
        ended.remove(subject)
        for connection in (audience.removeValue(forKey: subject) ?? [:]).keys {
            subjects[connection]?.remove(subject)
        }
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
        for (connection, streams) in audience[subject] ?? [:] where streams.contains(stream.kind) {
            _ = daemon.server.send(note, to: connection)
        }
    }
}

extension Daemon {
    /// What a pool's process says is told as its own, and a task that is over says nothing more.
    fileprivate func mayStillSpeak(_ subject: OutputSubject) -> Bool {
        guard case .task(let id) = subject else { return true }
        guard let report = supervisor.taskReport(id, at: .now) else { return false }
        return !report.state.isFinished && supervisor.queueDefinition(report.queue) != nil
    }

    /// Whether a client may follow so much more.
    func permitFollowing(_ connection: ConnectionID, _ count: Int) throws(ControlError) {
        guard followers.count(of: connection) + count > Followers.limit else { return }
        throw ControlError(
            .busy,
            """
            cannot follow more than \(Followers.limit) instances and tasks on one connection; name fewer, or open \
            another one
            """)
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
