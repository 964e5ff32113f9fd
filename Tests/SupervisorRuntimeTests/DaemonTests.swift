import ControlProtocol
import Glibc
import Linux
import SupervisorCore
import Testing

@testable import SupervisorRuntime

@Suite(.serialized) struct DaemonTests {
    private var following: Command {
        var query = LogQuery(names: ["w"])
        query.follow = true
        return .logs(query)
    }

    @Test func `a client that follows and reads no more harms nobody when a run ends in the middle of a line`() throws {
        let harness = try DaemonHarness("printf", "half a line")
        let client = try harness.connect()
        try client.send(following, id: 1)
        _ = try client.next()
        client.shutdownReading()
        let run = try harness.spawn()
        try harness.wait { run.isReaped && run.streams.allSatisfy(\.pump.hasEnded) }
        try harness.wait { harness.daemon.server.connectionCount == 0 }
    }

    @Test func `a client that has said all still follows`() throws {
        let harness = try DaemonHarness("echo", "a line")
        let client = try harness.connect()
        try client.send(following, id: 1)
        client.shutdownWriting()
        _ = try client.next()
        _ = try harness.spawn()
        guard case .log(let note) = try client.next() else { return #expect(Bool(false), "no output came") }
        #expect(note.text == "a line\n")
    }

    @Test func `what is followed twice is told once`() throws {
        let harness = try DaemonHarness("sh", "-c", "echo one; sleep 0.1; echo two")
        let client = try harness.connect()
        for id: Int64 in 1...3 {
            try client.send(following, id: id)
            _ = try client.next()
        }
        _ = try harness.spawn()
        var text = ""
        while !text.contains("two") {
            if case .log(let note) = try client.next() { text += note.text }
        }
        #expect(text == "one\ntwo\n")
    }

    @Test func `a connection follows so much and no more, and what is gone is let go`() throws {
        let harness = try DaemonHarness("true")
        let daemon = harness.daemon
        let client = ConnectionID(number: 99)
        let instances = (0..<Followers.limit).map { OutputSubject.instance(InstanceID(worker: "w", index: $0)) }
        daemon.followers.add(client, instances, .output, daemon)
        daemon.followers.add(client, instances, .error, daemon)
        // Nothing will come of a task that is not there.
        daemon.followers.add(client, [.task(TaskID(7))], nil, daemon)
        #expect(daemon.followers.count(of: client) == Followers.limit)
        #expect(throws: ControlError.self) { try daemon.permitFollowing(client, 1) }
        daemon.followers.remove(client)
        #expect(daemon.followers.count(of: client) == 0)
        try daemon.permitFollowing(client, Followers.limit)
    }

    @Test func `a worker that closed its output long ago leaves nothing to drain`() throws {
        let harness = try DaemonHarness("sh", "-c", "exec >&- 2>&-; sleep 100")
        let run = try harness.spawn()
        try harness.wait { run.streams.allSatisfy(\.pump.hasEnded) }
        harness.daemon.processes.send(.kill, to: run.id, wholeTree: false)
        try harness.wait { harness.daemon.processes.runs.isEmpty }
        #expect(harness.daemon.processes.draining.isEmpty)
    }

    @Test func `a line of the daemon's log fits into one write to a pipe, with all that is said in it`() {
        let line = DaemonLogHandler.bytes(of: String(repeating: "x", count: 10_000), dropped: 12)
        #expect(line.count == Int(PIPE_BUF))
        #expect(String(decoding: line, as: UTF8.self).hasSuffix("x (12 lines before this one were dropped)\n"))
    }

    @Test func `what a terminal would obey is not in the daemon's log`() {
        #expect(DaemonLogHandler.printable("a\nb\tc") == "a ⏎ b\tc")
        #expect(DaemonLogHandler.printable("\u{1b}[2J\u{9b}m\u{7f}ü") == "\u{fffd}[2J\u{fffd}m\u{fffd}ü")
        #expect(DaemonLogHandler.printable("größer") == "größer")
    }

    @Test func `exit statuses are kept although whoever started the daemon ignores SIGCHLD`() throws {
        var before = sigaction()
        sigaction(SIGCHLD, nil, &before)
        defer { sigaction(SIGCHLD, &before, nil) }
        signal(SIGCHLD, SIG_IGN)
        try Orphans.adopt()
        var now = sigaction()
        sigaction(SIGCHLD, nil, &now)
        #expect(now.__sigaction_handler.sa_handler == nil)
    }
}
