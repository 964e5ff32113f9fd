import Foundation
import Glibc
import Linux
import Logging
import Reactor
import SupervisorCore
import Testing

@testable import SupervisorRuntime

/// A daemon that is not run: its processes, its logs and its control channel, driven a turn at a time.
///
/// It watches no signals and collects only what it has spawned, so that other tests can have their children.
final class DaemonHarness {
    let daemon: Daemon
    private let directory = ScratchDirectory()
    private var first: (run: RunID, definition: WorkerDefinition)?

    init(_ command: String..., configure: (inout WorkerDefinition) -> Void = { _ in }) throws {
        signal(SIGPIPE, SIG_IGN)
        var settings = DaemonSettings()
        settings.socket = "\(directory.path)/control.sock"
        settings.logDirectory = directory.path
        settings.cgroup = .none
        var worker = WorkerDefinition(name: "w", launch: LaunchSpecification(arguments: command))
        worker.log.output = "w.log"
        worker.restart.when = .never
        configure(&worker)
        daemon = try Daemon(
            plan: Plan(daemon: settings, workers: [worker]), configurationPath: "/nonexistent", logger: .silent)
        try daemon.server.listen(at: daemon.place())
        for case .spawn(let run, let definition) in daemon.supervisor.begin(at: .now) { first = (run, definition) }
    }

    deinit { daemon.server.close() }

    func connect() throws -> TestClient { try TestClient(path: daemon.settings.socket, loop: daemon.loop) }

    /// Carries out what the core asked for at its start.
    func spawn() throws -> LiveRun {
        let (run, definition) = try #require(first)
        let event = daemon.processes.spawn(run, definition)
        let live = try #require(daemon.processes.runs[run], "\(event)")
        daemon.deliver(event)
        return live
    }

    func wait(until condition: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try daemon.loop.turn(until: condition, sourceLocation: sourceLocation)
    }
}
