import ControlProtocol
import Foundation
import Linux
import Subprocesses
import SupervisorCore

/// A running roostd with a directory, an address and a mark of its own.
///
/// In configurations `$DIR` is the directory, `$HOST` an address whose ports are all free, `$PYTHON` an interpreter and
/// `$WORKERS` the directory of this suite's workers.
final class Roost {
    let directory: TemporaryDirectory
    let host = Places.nextAddress()
    private let daemonKeys: String
    private var wrapper: [String] = []
    private(set) var program: Program!
    private(set) var events: Channel!

    var path: String { directory.path }
    var socket: String { "\(path)/control.sock" }
    var configuration: String { "\(path)/roost.toml" }
    var log: String { contents("\(path)/roostd.log") }

    init(_ workers: String, daemon daemonKeys: String) throws {
        directory = try TemporaryDirectory()
        self.daemonKeys = daemonKeys
        try configure(workers)
    }

    /// Writes the configuration, without telling roostd.
    func configure(_ workers: String) throws {
        let cgroup = daemonKeys.contains("cgroup") ? "" : "cgroup = \"none\"\n"
        try write(
            expand(
                """
                [daemon]
                socket = "$DIR/control.sock"
                log_directory = "$DIR/log"
                state_directory = "$DIR/state"
                \(cgroup)\(daemonKeys)

                \(workers)
                """), to: configuration)
    }

    func expand(_ text: String) -> String {
        text.replacing("$DIR", with: path).replacing("$HOST", with: host)
            .replacing("$PYTHON", with: Places.python).replacing("$WORKERS", with: Places.workers)
    }

    // MARK: - Life

    /// - Parameter wrapper: a command that executes roostd, say with other limits.
    func start(_ wrapper: [String] = []) throws {
        try spawn(wrapper)
        try connect()
    }

    /// Starts roostd, and does not wait until it serves.
    func spawn(_ wrapper: [String] = []) throws {
        self.wrapper = wrapper
        var request = SpawnRequest(wrapper.map(expand) + ["\(Places.executables)/roostd", "--config", configuration])
        request.environment = .extend([:], without: ["NOTIFY_SOCKET", "ROOST_SOCKET", "ROOST_RUN"])
        request.standardInput = .null
        request.standardOutput = .file("\(path)/roostd.log", .append)
        request.standardError = .mergeWithOutput
        request.processGroup = .own
        program = try Program(request)
    }

    func connect() throws {
        events = try eventually("roostd answers") {
            if try self.program.process.poll() != nil { throw Unexpected("roostd has ended:\n\(self.log)") }
            // A child of one that was killed may hold its socket until it executes its program.
            guard let channel = try? Channel(self.socket),
                (try? channel.call(.subscribe(EventQuery(after: 0)), SubscribeResult.self)) != nil
            else { return nil }
            return channel
        }
    }

    /// Ends roostd in order, and sees that it leaves nothing behind.
    func stop(_ signal: Int32 = SIGTERM) throws {
        if program.status == nil {
            try program.send(signal)
            let status = try program.wait()
            guard status == .exited(code: 0) else { throw Unexpected("roostd ended with \(status)") }
        }
        let left = Processes.carrying(path)
        guard left.isEmpty else { throw Unexpected("roostd left behind: \(Processes.describe(left))") }
    }

    /// Whatever happened: nothing of this daemon survives the test.
    func sweep() {
        for _ in 0..<100 {
            let left = Processes.carrying(path)
            if left.isEmpty { break }
            for pid in left { kill(pid, SIGKILL) }
            poll(nil, 0, 5)
        }
    }

    // MARK: - Conversation

    func channel() throws -> Channel { try Channel(socket) }

    func call<Result: Decodable>(
        _ command: ControlProtocol.Command, _ type: Result.Type = ActionResult.self
    ) throws -> Result {
        try channel().call(command, type)
    }

    func status() throws -> [String: InstanceStatus] {
        let result = try call(.status(names: []), StatusResult.self)
        return Dictionary(uniqueKeysWithValues: result.instances.map { ($0.name, $0) })
    }

    func instance(_ name: String) throws -> InstanceStatus {
        guard let found = try status()[name] else { throw Unexpected("there is no \(name)") }
        return found
    }

    func pid(_ name: String) throws -> Int32 {
        guard let pid = try instance(name).pid else { throw Unexpected("\(name) has no process") }
        return pid
    }

    func why(_ name: String) throws -> String {
        let (_, output, errors) = try ctl(["why", name])
        return output + errors
    }

    /// roostctl as its users have it.
    func ctl(_ arguments: [String], input: String? = nil) throws -> (code: Int32, output: String, errors: String) {
        try Program.run(
            ["\(Places.executables)/roostctl"] + arguments, environment: ["ROOST_SOCKET": socket], input: input)
    }

    /// Waits for an event, or finds it among those that came before.
    @discardableResult
    func event(
        _ kind: Announcement.Kind, _ name: String? = nil, after seq: UInt64 = 0, run: UInt64? = nil,
        saying text: String = ""
    ) throws -> EventNotification {
        try events.event("\(kind.rawValue) \(name ?? "") after \(seq)") {
            $0.kind == kind.rawValue && (name == nil || $0.name == name) && $0.seq > seq
                && (run == nil || $0.run == run)
                && (text.isEmpty || $0.message.contains(text))
        }
    }

    /// The number of the latest event.
    func latest() throws -> UInt64 { try call(.subscribe(EventQuery()), SubscribeResult.self).latest }

    /// Waits until a worker has written a file, and returns what is in it.
    func file(_ name: String, containing text: String = "") throws -> String {
        try eventually("\(name) contains \"\(text)\"") {
            let found = contents("\(self.path)/\(name)")
            return !found.isEmpty && (text.isEmpty || found.contains(text)) ? found : nil
        }
    }
}

/// Runs `body` against a roostd of its own, then stops it and sees that nothing is left.
func withRoost(
    _ workers: String, daemon: String = "", through wrapper: [String] = [], _ body: (Roost) throws -> Void
) throws {
    let roost = try Roost(workers, daemon: daemon)
    defer { roost.sweep() }
    do {
        try roost.start(wrapper)
        try body(roost)
        try roost.stop()
    } catch {
        say("---- roostd in \(roost.path):\n\(roost.log)----")
        throw error
    }
}
