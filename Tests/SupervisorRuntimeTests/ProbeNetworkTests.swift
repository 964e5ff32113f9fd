import Glibc
import Linux
import Reactor
import Scheduling
import Testing

@testable import SupervisorRuntime

/// A server that accepts one connection at a time and says what it was given.
private final class TestServer {
    let port: UInt16
    private let loop: EventLoop
    private let listener: SharedDescriptor
    private var connections: [SharedDescriptor] = []

    /// - Parameter answer: nil accepts and stays silent; empty closes at once.
    init(_ loop: EventLoop, answer: String?) throws {
        self.loop = loop
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(raw, $0, length) == 0)
                #expect(listen(raw, 5) == 0)
                #expect(getsockname(raw, $0, &length) == 0)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        listener = SharedDescriptor(OwnedDescriptor(adopting: raw))
        _ = try loop.add(raw, .read, priority: .control) { [unowned self] _ in
            let connection = SharedDescriptor(OwnedDescriptor(adopting: accept(raw, nil, nil)))
            guard let answer else { return connections.append(connection) }
            if !answer.isEmpty { reply(answer, on: connection) }
        }
    }

    /// Waits for the request, which the same thread has yet to send.
    private func reply(_ answer: String, on connection: SharedDescriptor) {
        var source: EventLoop.Source?
        source = try? loop.add(connection.descriptor.raw, .read, priority: .control) { [loop] _ in
            var buffer = [UInt8](repeating: 0, count: 4096)
            #expect(throws: Never.self) {
                _ = try connection.descriptor.read(into: &buffer)
                _ = try connection.descriptor.send(ArraySlice(answer.utf8))
            }
            shutdown(connection.descriptor.raw, Int32(SHUT_RDWR))
            if let source { loop.remove(source) }
        }
    }
}

@Suite struct ProbeNetworkTests {
    let fixture: OutputFixture

    init() throws { fixture = try OutputFixture() }

    private func outcome(_ question: NetworkProbe.Question, timeout: Duration = .seconds(10)) throws -> ProbeOutcome? {
        var outcomes: [ProbeOutcome] = []
        let probe = NetworkProbe(question, timeout: timeout, on: fixture.loop) { outcomes.append($0) }
        #expect(outcomes.isEmpty)
        try fixture.turn(until: { !outcomes.isEmpty })
        try fixture.loop.turn(blocking: false)
        #expect(outcomes.count == 1)
        withExtendedLifetime(probe) {}
        return outcomes.first
    }

    private func get(_ answer: String?, timeout: Duration = .seconds(10)) throws -> ProbeOutcome? {
        let server = try TestServer(fixture.loop, answer: answer)
        defer { withExtendedLifetime(server) {} }
        return try outcome(.get(try HTTPTarget(url: "http://localhost:\(server.port)/health")), timeout: timeout)
    }

    @Test func `a listener is found`() throws {
        let server = try TestServer(fixture.loop, answer: nil)
        defer { withExtendedLifetime(server) {} }
        #expect(try outcome(.connect(host: "127.0.0.1", port: server.port)) == .success)
    }

    @Test func `nobody listening is a failure with its reason`() throws {
        let failure = ProbeOutcome.failure("cannot connect to 127.0.0.1:1: Connection refused")
        #expect(try outcome(.connect(host: "127.0.0.1", port: 1)) == failure)
    }

    @Test func `a name that would need the resolver fails with advice`() throws {
        guard case .failure(let reason) = try outcome(.connect(host: "db.example", port: 1)) else {
            return #expect(Bool(false), "a failure")
        }
        #expect(reason.contains("numeric address"))
    }

    @Test(arguments: ["200 OK", "302 Found"]) func `a good answer is a success`(status: String) throws {
        #expect(try get("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n") == .success)
    }

    @Test func `a bad answer is a failure with its status`() throws {
        #expect(try get("HTTP/1.0 503 Busy\r\n\r\n") == .failure("the answer has status 503"))
    }

    @Test func `a connection closed without an answer is a failure`() throws {
        guard case .failure = try get("") else { return #expect(Bool(false), "a failure") }
    }

    @Test func `silence is a failure when the time is over`() throws {
        #expect(try get(nil, timeout: .milliseconds(20)) == .failure("no answer within 0.02 seconds"))
    }

    @Test func `a cancelled probe says nothing`() throws {
        let probe = NetworkProbe(.connect(host: "127.0.0.1", port: 1), timeout: .seconds(1), on: fixture.loop) { _ in
            Issue.record("cancelled")
        }
        probe.cancel()
        for _ in 0..<5 { try fixture.loop.turn(blocking: false) }
    }
}

@Suite struct ProbeNotifyTests {
    let fixture: OutputFixture
    var path: String { fixture.directory.path + "/notify" }

    init() throws { fixture = try OutputFixture() }

    private func news(
        from bytes: [UInt8], uid: UInt32 = getuid(), isOurs: Bool = true
    ) throws -> NotifySocket.News? {
        var news: [NotifySocket.News] = []
        let owner = NotifySocket.Owner(uid: uid, gid: getgid()) { pid in isOurs && pid == getpid() }
        let socket = try NotifySocket(path: path, owner: owner, on: fixture.loop) { news.append($0) }
        let sender = try UnixDatagramSocket(connectingTo: path)
        let pipe = try Pipe()
        _ = try sender.descriptor.sendMessage(bytes, descriptors: [pipe.writer.raw])
        try fixture.turn(until: { !news.isEmpty })
        withExtendedLifetime(socket) {}
        return news.first
    }

    @Test func `a process of the run is believed`() throws {
        var expected = NotifyMessage()
        expected.isReady = true
        #expect(try news(from: Array("READY=1\nBARRIER=1".utf8)) == .notified(expected))
    }

    @Test func `a process outside the run is not`() throws {
        guard case .rejected(let reason) = try news(from: Array("READY=1".utf8), isOurs: false) else {
            return #expect(Bool(false), "a rejection")
        }
        #expect(reason.hasSuffix("does not belong to the run"))
    }

    @Test func `a datagram that is too long is not looked at`() throws {
        guard case .rejected = try news(from: [UInt8](repeating: 65, count: 8193)) else {
            return #expect(Bool(false), "a rejection")
        }
    }

    @Test func `what is not believed is told once a second, however much of it comes`() throws {
        var rejections = 0
        let owner = NotifySocket.Owner(uid: getuid(), gid: getgid()) { _ in false }
        let socket = try NotifySocket(path: path, owner: owner, on: fixture.loop) { _ in rejections += 1 }
        let sender = try UnixDatagramSocket(connectingTo: path)
        for _ in 0..<8 { _ = try sender.descriptor.sendMessage(Array("READY=1".utf8)) }
        try fixture.turn(until: { rejections > 0 })
        #expect(rejections == 1)
        withExtendedLifetime(socket) {}
    }

    @Test func `the socket is the owner's alone and goes with its run`() throws {
        do {
            let uid = getuid() == 0 ? 65534 : getuid()
            let owner = NotifySocket.Owner(uid: uid, gid: getgid()) { _ in true }
            let socket = try NotifySocket(path: path, owner: owner, on: fixture.loop) { _ in }
            #expect(try FileStatus(path: path)?.permissions == 0o600)
            withExtendedLifetime(socket) {}
        }
        #expect(!FileSystem.exists(path))
    }

    @Test func `a socket left behind by an earlier daemon is replaced`() throws {
        run(": > \(path)")
        #expect(try news(from: Array("STOPPING=1".utf8)) != nil)
    }
}
