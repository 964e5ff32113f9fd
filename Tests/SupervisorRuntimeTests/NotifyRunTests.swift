import Glibc
import Linux
import Subprocesses
import SupervisorCore
import Testing

@testable import SupervisorRuntime

/// Whom of the processes of a machine the daemon believes when they speak for a run.
@Suite(.serialized) struct NotifyRunTests {
    private static let dropAndNotify = """
        use Socket; $) = "65534 65534"; $( = 65534; $> = $< = 65534;
        socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die;
        defined send($s, "READY=1", 0, pack_sockaddr_un($ENV{NOTIFY_SOCKET})) or die "send: $!"; sleep 100;
        """

    @Test(.enabled(if: getuid() == 0)) func `a worker that began as root gets ready as another user`() throws {
        let harness = try DaemonHarness("perl", "-e", Self.dropAndNotify) { $0.ready.probe = .notify }
        let directory = harness.daemon.settings.logDirectory
        try FileSystem.setMode(0o755, of: directory)
        // As a umask of 077 makes it.
        try FileSystem.createDirectories("\(directory)/notify", mode: 0o700)
        let run = try harness.spawn()
        defer { harness.daemon.processes.send(.kill, to: run.id, wholeTree: true) }
        try harness.wait {
            harness.daemon.supervisor.report(run.id.instance, at: .now)?.state == .running || run.isReaped
        }
        #expect(!run.isReaped)
    }

    @Test func `the mark of a run in an environment makes nobody a process of it`() throws {
        let harness = try DaemonHarness("sleep", "100")
        let run = try harness.spawn()
        defer { harness.daemon.processes.send(.kill, to: run.id, wholeTree: false) }
        let socket = harness.daemon.settings.socket
        var forged = SpawnRequest(["sleep", "100"])
        forged.environment = .extend(["ROOST_RUN": run.id.description, "ROOST_SOCKET": socket])
        let stranger = try spawn(forged)
        defer {
            _ = try? stranger.send(signal: SIGKILL)
            _ = try? stranger.wait()
        }
        let tree = ProcessTree(socketPath: socket) { _ in false }
        #expect(tree.contains(run.pid, in: run))
        #expect(!tree.contains(stranger.pid, in: run))
    }

    @Test func `a child of the main process belongs to its run even in a session of its own`() throws {
        let harness = try DaemonHarness("sh", "-c", "setsid sh -c 'echo $$; sleep 100' & wait")
        let run = try harness.spawn()
        defer { harness.daemon.processes.send(.kill, to: run.id, wholeTree: true) }
        var child: Int32?
        try harness.wait {
            child = try Int32(
                BoundedFile.readText("\(harness.daemon.settings.logDirectory)/w.log", limit: 64).prefix {
                    $0.isNumber
                })
            return child != nil
        }
        let tree = ProcessTree(socketPath: harness.daemon.settings.socket) { _ in false }
        #expect(tree.contains(try #require(child), in: run))
    }
}
