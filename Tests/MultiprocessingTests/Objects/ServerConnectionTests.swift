import Foundation
import Linux
@testable import Multiprocessing
import MultiprocessingTasks
import Testing
import Threading
import ToolkitTesting

/// Servers that are reached by an address, and clients that do not behave.
@Suite(.leavesNothing, .watchdog) struct ServerConnectionTests {
    private let key = AuthKey(Array("a key that nobody guesses".utf8))
    private let local = Address.tcp(host: "127.0.0.1", port: 0)

    @Test func `MP-105 two clients share a queue over TCP, with a key`() throws {
        let server = try ObjectServer(at: local, key: key)
        defer { server.stop() }
        let address = try #require(server.address)
        let first = try Manager.connect(to: address, key: key)
        let second = try Manager.connect(to: address, key: key)
        let queue = try first.queue(of: [String].self)
        let directory = try first.namespace()
        try directory.set("queue", to: queue)
        // Only whoever is given a proxy can use an object: here by a message.
        let same = try throughMessage(queue)
        try same.put(["value"])
        #expect(try queue.get() == ["value"])
        #expect(try second.census().clients == 2)
        let large = [String](repeating: String(repeating: "x", count: 1_000), count: 500)
        let put = try Crew(1) { _ in try same.put(large) }
        #expect(try queue.get() == large)
        try put.join()
    }

    private func throughMessage<Value: Codable & Sendable>(_ value: Value) throws -> Value {
        let (here, there) = try Pipe.duplex()
        defer {
            here.close()
            there.close()
        }
        try here.send(value)
        return try there.receive(Value.self)
    }

    @Test func `MP-105 a manager's process serves others over TCP`() throws {
        let manager = Manager(at: local, key: key, in: TestContext.spawn)
        try withManager(manager) { manager in
            let address = try #require(manager.address)
            let other = try Manager.connect(to: address, key: key)
            let queue = try other.queue(of: Int.self)
            try queue.put(5)
            #expect(try queue.get() == 5)
            #expect(try manager.census().clients == 2)
            try other.shutdown()
            try eventually("one client is gone") { try manager.census() == (0, 1) }
        }
    }

    @Test func `a client with another key is refused, and so is one that says nothing`() throws {
        var limits = ServerLimits()
        limits.handshake = .milliseconds(50)
        for address in [local, Address.unique()] {
            let server = try ObjectServer(at: address, key: key, limits: limits)
            defer { server.stop() }
            let bound = try #require(server.address)
            #expect(throws: ObjectError.wrongKey) { try Manager.connect(to: bound, key: .random()) }
            let manager = try Manager.connect(to: bound, key: key)
            #expect(try manager.value(1).add(1) == 2)
        }
        let server = try ObjectServer(at: local, key: key, limits: limits)
        defer { server.stop() }
        guard case .tcp(_, let port)? = server.address else { return }
        let silent = try RawClient(port: port)
        // The challenge, and no more.
        #expect(silent.readToEnd() == 51)
        let talkative = try RawClient(port: port)
        talkative.write([UInt8](repeating: 255, count: 1_000))
        _ = talkative.readToEnd()
        #expect(try server.connect().value(1).get() == 1)
    }

    @Test func `MP-107 a server can be started again on the port of another one`() throws {
        var address = local
        for round in 0..<3 {
            let server = try ObjectServer(at: address, key: key)
            address = try #require(server.address)
            let manager = try Manager.connect(to: address, key: key)
            let value = try manager.value(round)
            #expect(try value.get() == round)
            server.stop()
            #expect(throws: ObjectError.serverEnded) { try value.get() }
        }
    }

    @Test func `a Unix socket is for its owner, and gone with its server, even after a kill`() throws {
        let path = NSTemporaryDirectory() + "roost-objects-\(UUID())"
        let address = Address.unix(path)
        let manager = Manager(at: address, key: key, in: TestContext.spawn)
        try manager.start()
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(throws: ObjectError.self) { _ = try ObjectServer(at: address, key: key) }
        try manager.process?.kill()
        try manager.process?.join()
        // What is left of it is nobody's, so the next one takes its place.
        let server = try ObjectServer(at: address, key: key)
        #expect(try Manager.connect(to: address, key: key).value(3).get() == 3)
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
        try manager.shutdown()
    }

    @Test func `nonsense from a client ends that client, and nobody else`() throws {
        let server = try ObjectServer()
        defer { server.stop() }
        let manager = try server.connect()
        let list = try manager.list([1])
        var random = SystemRandomNumberGenerator()
        for length in [0, 1, 9, 30, 100, 5_000] {
            // The way in which a process becomes a client that was given a proxy.
            let parcel = try Parcel(list)
            let door = try #require(parcel.descriptors.first)
            let entrance = Connection(door, directions: [.send], isStream: false, isShared: true)
            let (mine, theirs) = try PacketSocket.pair()
            let ours = Connection(mine)
            try entrance.send(PassedDescriptor(theirs))
            try ours.send(bytes: (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
            #expect(throws: ConnectionError.closed) { try ours.receiveBytes() }
            ours.close()
        }
        #expect(try list.elements() == [1])
        try eventually("they are gone") { try manager.census().clients == 1 }
    }
}

/// Somebody who does not speak the protocol.
private final class RawClient {
    private let raw: Int32

    init(port: UInt16) throws {
        raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(raw) }

    func write(_ bytes: [UInt8]) { _ = send(raw, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    /// How many bytes come until the other side hangs up.
    func readToEnd() -> Int {
        var total = 0
        var buffer = [UInt8](repeating: 0, count: 256)
        while true {
            let count = recv(raw, &buffer, buffer.count, 0)
            if count <= 0 { return total }
            total += count
        }
    }
}
