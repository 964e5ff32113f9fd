import ControlProtocol
import SupervisorCore

/// Clients that follow output (`logs -f`), over the restarts of the instances that they follow.
///
/// A class, because telling a client may find it gone, and so come back here to remove it.
final class Followers {
    private struct Follower {
        let connection: ConnectionID
        let instances: Set<InstanceID>
        let stream: OutputStream?
    }

    /// A pump that is looked at for followers.
    private final class Watched {
        let instance: InstanceID
        let stream: RunStream
        let observer: Int
        let lines: LineAssembler

        init(_ instance: InstanceID, _ stream: RunStream, observer: Int, lines: LineAssembler) {
            self.instance = instance
            self.stream = stream
            self.observer = observer
            self.lines = lines
        }
    }

    private var followers: [Follower] = []
    private var watched: [ObjectIdentifier: Watched] = [:]

    func add(_ connection: ConnectionID, _ instances: [InstanceID], _ stream: OutputStream?, _ daemon: Daemon) {
        followers.append(Follower(connection: connection, instances: Set(instances), stream: stream))
        daemon.server.beginFollowing(connection)
        for run in daemon.processes.runs.values where instances.contains(run.id.instance) {
            for stream in run.streams { watch(run.id.instance, stream, daemon) }
        }
    }

    func remove(_ connection: ConnectionID, _ daemon: Daemon) {
        followers.removeAll { $0.connection == connection }
        for (key, entry) in watched where !followers.contains(where: { $0.instances.contains(entry.instance) }) {
            entry.stream.pump.removeObserver(entry.observer)
            watched[key] = nil
        }
    }

    /// A run has begun: who follows its instance follows it too.
    func streamBegan(_ run: LiveRun, _ stream: RunStream, _ daemon: Daemon) {
        daemon.noteStart(of: run.id.instance, stream)
        guard followers.contains(where: { $0.instances.contains(run.id.instance) }) else { return }
        watch(run.id.instance, stream, daemon)
    }

    /// The last byte of a run has been moved.
    func streamEnded(_ key: DrainKey, _ daemon: Daemon) {
        guard let entry = watched.removeValue(forKey: ObjectIdentifier(key)) else { return }
        if let rest = entry.lines.rest() { tell(entry.instance, entry.stream, rest, daemon) }
    }

    private func watch(_ instance: InstanceID, _ stream: RunStream, _ daemon: Daemon) {
        let key = ObjectIdentifier(stream.key)
        guard watched[key] == nil else { return }
        let lines = LineAssembler()
        let observer = stream.pump.addObserver { [unowned daemon] chunk in
            guard let bytes = try? chunk.contents(), let text = lines.add(bytes) else { return }
            daemon.followers.tell(instance, stream, text, daemon)
        }
        watched[key] = Watched(instance, stream, observer: observer, lines: lines)
    }

    private func tell(_ instance: InstanceID, _ stream: RunStream, _ text: String, _ daemon: Daemon) {
        let note = LogNotification(name: instance.description, stream: stream.kind, text: text)
        for follower in followers where follower.instances.contains(instance) {
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
