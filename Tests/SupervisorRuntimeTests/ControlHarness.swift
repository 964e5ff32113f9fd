import ControlProtocol
import Foundation
import Linux
import Logging
import Reactor
import Scheduling
import SupervisorCore
import Testing

@testable import SupervisorRuntime

/// A control server on a real socket in a directory of its own, and the loop that drives it.
final class ControlHarness {
    let loop: EventLoop
    let directory: String
    let server: ControlServer
    let delegate = RecordingDelegate()

    var path: String { "\(directory)/control.sock" }

    init(_ limits: ControlServer.Limits = .init(), journal: EventJournal = EventJournal()) throws {
        loop = try EventLoop()
        directory = NSTemporaryDirectory() + "roost-control-\(UUID().uuidString.prefix(8))"
        server = ControlServer(loop: loop, logger: .silent, delegate: delegate, limits: limits, journal: journal)
        try server.listen(at: ControlListener.Place(path: path))
    }

    deinit {
        server.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func connect() throws -> TestClient { try TestClient(path: path, loop: loop) }

    /// Turns the loop until the condition holds; a watchdog ends a wait that would last for ever.
    func wait(
        until condition: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try loop.turn(until: condition, sourceLocation: sourceLocation)
    }
}

extension EventLoop {
    func turn(until condition: () throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var isLate = false
        let watchdog = schedule(at: now + .seconds(30)) { isLate = true }
        defer { cancel(watchdog) }
        while try !condition() {
            try #require(!isLate, "waited in vain", sourceLocation: sourceLocation)
            // Clients are not sources of this loop, so look at them now and then.
            let glance = schedule(at: now + .milliseconds(2)) {}
            try turn()
            cancel(glance)
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Answers `version` at once and keeps everything else for the test to answer.
final class RecordingDelegate: ControlDelegate {
    var held: [(command: Command, peer: Peer, token: RequestToken)] = []
    var abandoned: [RequestToken] = []
    var closed = 0
    static let version = DaemonStatus(version: "test", pid: 1, startedAt: Timestamp(nanoseconds: 0))

    func handle(_ command: Command, from peer: Peer, token: RequestToken, server: ControlServer) {
        switch command {
        case .version: server.answer(token, RecordingDelegate.version)
        case .task: server.answer(token, EmptyResult())
        case .subscribe(let query): server.subscribe(token, query)
        case .unsubscribe: server.unsubscribe(token)
        case .status, .start, .stop, .restart, .signal, .scale, .clear, .plan, .apply, .logs, .why, .call,
            .shutdown:
            held.append((command, peer, token))
        }
    }

    func connectionClosed(_ connection: ConnectionID, abandoned: [RequestToken]) {
        closed += 1
        self.abandoned += abandoned
    }
}

/// The other end of a connection, on the thread of the test.
final class TestClient {
    private var stream: UnixStream?
    private let loop: EventLoop
    private var received: [UInt8] = []
    private(set) var isClosed = false

    init(path: String, loop: EventLoop) throws {
        self.loop = loop
        var connected: UnixStream?
        // With a full backlog the loop must turn before there is room.
        try loop.turn {
            do {
                connected = try UnixStream(connectingTo: path, blocking: false)
            } catch let error as SystemError where error.errno == EAGAIN {
                return false
            }
            return true
        }
        stream = connected
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        try loop.turn {
            while !rest.isEmpty, let sent = try? stream?.descriptor.send(rest) {
                guard case .moved(let count) = sent else { return false }
                rest = rest.dropFirst(count)
            }
            // Whoever has been dropped has no more to say.
            return true
        }
    }

    func send(_ command: Command, id: Int64) throws { try send(Frame.request(command, id: .number(id))) }

    /// The next frame, or nil at the end.
    func next(sourceLocation: SourceLocation = #_sourceLocation) throws -> ServerMessage? {
        try loop.turn(
            until: {
                receive()
                return received.contains(10) || isClosed
            }, sourceLocation: sourceLocation)
        guard let newline = received.firstIndex(of: 10) else { return nil }
        let frame = Array(received[..<newline])
        received.removeFirst(newline + 1)
        return try ServerMessage(frame: frame)
    }

    /// Waits for the end; what comes before it is dropped.
    func waitForEnd() throws {
        try loop.turn {
            receive()
            return isClosed
        }
    }

    func shutdownReading() { if let fd = stream?.descriptor.raw { _ = Foundation.shutdown(fd, Int32(SHUT_RD)) } }

    func shutdownWriting() { if let fd = stream?.descriptor.raw { _ = Foundation.shutdown(fd, Int32(SHUT_WR)) } }

    func close() { stream = nil }

    private func receive() {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while !isClosed, let result = try? stream?.descriptor.read(into: &chunk) {
            switch result {
            case .moved(let count): received += chunk[..<count]
            case .wouldBlock: return
            case .endOfFile: isClosed = true
            }
        }
        // A reset is an end as well.
        if stream != nil, !isClosed { isClosed = true }
    }
}

extension ServerMessage? {
    var errorCode: ControlError.Code? {
        guard case .failure(_, let error) = self else { return nil }
        return error.knownCode
    }

    var answerID: MessageID? {
        guard case .answer(let id, _) = self else { return nil }
        return id
    }

    var event: EventNotification? {
        guard case .event(let event) = self else { return nil }
        return event
    }
}
