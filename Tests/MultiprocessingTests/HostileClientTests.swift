import Crypto
import Foundation
import Linux
@testable import Multiprocessing
import Testing
import Threading
import ToolkitTesting

/// Clients that have no key, or do not behave, and what they cost the others.
@Suite(.leavesNothing, .watchdog) struct HostileClientTests {
    private static let secret = Array("open sesame".utf8)
    private let key = AuthKey(Self.secret)

    /// What a client says that has the key.
    private func proof(after greeting: [UInt8]) -> [UInt8] {
        let (first, second) = (Array(greeting.suffix(32)), [UInt8](repeating: 7, count: 32))
        let code = HMAC<SHA256>.authenticationCode(
            for: Array("roost multiprocessing client:".utf8) + first + second, using: SymmetricKey(data: Self.secret))
        return second + Array(code)
    }

    @Test func `a client is not dropped because many others say nothing`() throws {
        for address in [.unique(), .tcp(host: "127.0.0.1", port: 0)] as [Address] {
            let listener = try Listener(address, key: key, handshake: .seconds(60))
            defer { listener.close() }
            let slow = try Connection.connect(to: listener.address, key: nil)
            #expect(throws: ConnectionError.timedOut) { try listener.accept(timeout: .zero) }
            let silent = try (0..<100).map { _ in try Connection.connect(to: listener.address, key: nil) }
            for _ in 0..<3 { #expect(throws: ConnectionError.timedOut) { try listener.accept(timeout: .zero) } }
            try slow.send(bytes: proof(after: slow.receiveBytes(timeout: .seconds(30))))
            let server = try listener.accept(timeout: .seconds(30))
            try server.send(1)
            _ = try slow.receiveBytes(timeout: .seconds(30))
            #expect(try slow.receive(Int.self, timeout: .seconds(30)) == 1)
            #expect(silent.count == 100)
        }
    }

    @Test func `a listener is ready when a client has proved that it has the key`() throws {
        let listener = try Listener(key: key, handshake: .seconds(60))
        defer { listener.close() }
        let client = try Connection.connect(to: listener.address, key: nil)
        #expect(try wait(on: [listener], timeout: .seconds(30)) == [0])
        #expect(throws: ConnectionError.timedOut) { try listener.accept(timeout: .zero) }
        #expect(try wait(on: [listener], timeout: .zero).isEmpty)
        try client.send(bytes: proof(after: client.receiveBytes(timeout: .seconds(30))))
        #expect(try wait(on: [listener], timeout: .seconds(30)) == [0])
        let server = try listener.accept(timeout: .zero)
        #expect(try wait(on: [listener], timeout: .zero).isEmpty)
        // What it says from now on is not the listener's business.
        try client.send(2)
        #expect(try wait(on: [listener], timeout: .zero).isEmpty)
        #expect(try server.receive(Int.self) == 2)
    }

    @Test func `a listener is ready when a client has taken too long`() throws {
        let listener = try Listener(key: key, handshake: .milliseconds(20))
        defer { listener.close() }
        let client = try Connection.connect(to: listener.address, key: nil)
        #expect(throws: ConnectionError.timedOut) { try listener.accept(timeout: .zero) }
        #expect(try wait(on: [listener], timeout: .seconds(30)) == [0])
        #expect(throws: ConnectionError.timedOut) { try listener.accept(timeout: .zero) }
        _ = try client.receiveBytes(timeout: .seconds(30))
        #expect(throws: ConnectionError.closed) { try client.receiveBytes(timeout: .seconds(30)) }
    }

    @Test func `nothing but a few bytes is taken from a client that has proved nothing`() throws {
        let server = try ObjectServer(at: .unique(), key: key)
        defer { server.stop() }
        let listener = try Listener(key: key)
        defer { listener.close() }
        for address in [listener.address, try #require(server.address)] {
            let large = try Connection.connect(to: address, key: nil)
            try large.send(bytes: [UInt8](repeating: 1, count: 1 << 20))
            let lock = try SharedLock()
            let handles = try Connection.connect(to: address, key: nil)
            try handles.send([lock, lock])
            if address == listener.address {
                #expect(throws: (any Error).self) { try listener.accept(timeout: .milliseconds(20)) }
                #expect(throws: (any Error).self) { try listener.accept(timeout: .milliseconds(20)) }
            }
            for connection in [large, handles] {
                _ = try connection.receiveBytes(timeout: .seconds(30))
                #expect(throws: ConnectionError.closed) {
                    while true { _ = try connection.receiveBytes(timeout: .seconds(30)) }
                }
            }
        }
        #expect(try server.connect().value(1).get() == 1)
    }

    @Test func `a message beyond the limit is not even mapped`() throws {
        let (here, there) = try Multiprocessing.Pipe.duplex()
        try here.send(bytes: [UInt8](repeating: 1, count: 1 << 20))
        #expect(throws: ConnectionError.tooLong(count: 1 << 20, limit: 100)) { try there.receiveBytes(limit: 100) }
    }

    @Test func `a message from another machine is limited where nothing else is said`() throws {
        let listener = try Listener(.tcp(host: "127.0.0.1", port: 0), key: nil)
        defer { listener.close() }
        let client = try Connection.connect(to: listener.address, key: nil)
        let server = try listener.accept(timeout: .seconds(30))
        let size = Connection.networkLimit + 1
        let sender = try Crew(1) { _ in try client.send(bytes: [UInt8](repeating: 1, count: size)) }
        #expect(throws: ConnectionError.tooLong(count: size, limit: size - 1)) { try server.receiveBytes() }
        server.close()
        #expect(throws: (any Error).self) { try sender.join() }
    }

    @Test func `a socket at which somebody listens by now is not taken away`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "roost-\(UInt32.random(in: 0...999_999))")
            .path
        let address = Address.unix(path)
        let failure = SystemError("listen", errno: EADDRINUSE)
        let (live, _) = try address.listenForObjects()
        #expect(throws: SystemError.self) { try address.takeAway(path, orThrow: failure) }
        _ = try address.connect(until: nil)
        #expect(throws: SystemError.self) { try address.listenForObjects() }
        withExtendedLifetime(live) {}
        address.cleanUp()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a page of a pool that is no sealed memory is refused`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "roost-page-\(UUID())").path
        #expect(FileManager.default.createFile(atPath: path, contents: Data(count: 4096)))
        let file = SharedDescriptor(OwnedDescriptor(adopting: open(path, O_RDWR | O_CLOEXEC)))
        unlink(path)
        #expect(throws: SystemError.self) { try ClaimPage(of: file) }
        #expect(throws: SharedMemoryError.self) { try MemoryMapping(file) }
        let page = try ClaimPage()
        page.stop(3)
        #expect(try ClaimPage(of: page.file).isStopped(3))
    }

    @Test func `descriptors that come with an empty packet are not kept`() throws {
        let (ours, theirs) = try PacketSocket.pair()
        let (reader, writer) = try Linux.Pipe().split { (SharedDescriptor($0), SharedDescriptor($1)) }
        var held: SharedDescriptor? = consume writer
        _ = try theirs.descriptor.sendMessage([], descriptors: [held?.descriptor.raw ?? -1])
        held = nil
        #expect(throws: ConnectionError.closed) { try Connection(ours).receiveBytes() }
        // Nobody has the writing end any more; else this would wait for ever.
        var byte: UInt8 = 0
        #expect(read(reader.descriptor.raw, &byte, 1) == 0)
    }

    @Test func `a large message in a file that others can change is refused`() throws {
        let (ours, theirs) = try PacketSocket.pair()
        let connection = Connection(ours)
        let path = FileManager.default.temporaryDirectory.appending(path: "roost-unsealed-\(UUID())").path
        let bytes = [UInt8](repeating: 5, count: 100_000)
        #expect(FileManager.default.createFile(atPath: path, contents: Data(bytes)))
        let file = OwnedDescriptor(adopting: open(path, O_RDWR | O_CLOEXEC))
        unlink(path)
        let head: [UInt8] = [2] + withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) }
        _ = try theirs.descriptor.sendMessage(head, descriptors: [file.raw])
        #expect(throws: ConnectionError.malformed) { try connection.receiveBytes() }
    }

    @Test func `looking at a stream does not wait for another thread that receives`() throws {
        let listener = try Listener(.tcp(host: "127.0.0.1", port: 0), key: nil)
        defer { listener.close() }
        let client = try Connection.connect(to: listener.address, key: nil)
        let server = try listener.accept(timeout: .seconds(30))
        let receiver = try Crew(1) { _ in try server.receive(Int.self, timeout: .seconds(60)) }
        try eventually("it receives") { server.stream?.hasBegun == nil }
        #expect(try server.poll(timeout: .zero) == .none)
        #expect(throws: ConnectionError.truncated) { try Parcel(server) }
        try client.send(3)
        #expect(try receiver.join() == [3])
    }

    @Test func `a proxy cannot be lent twice with one ticket, and the first loan stays`() throws {
        let server = try ObjectServer()
        defer { server.stop() }
        let manager = try server.connect()
        let client = try manager.client()
        let value = try manager.value(1)
        let id = value.reference.handle.id
        let ticket = Ticket.random()
        let (mine, theirs) = try PacketSocket.pair()
        try client.lend(id, ticket, door: theirs)
        do {
            let (second, other) = try PacketSocket.pair()
            #expect(throws: ObjectError.malformed) { try client.lend(id, ticket, door: other) }
            _ = second
        }
        // An object that is not there, or not his, opens no door either.
        #expect(throws: ObjectError.gone) { try client.lend(id + 7, Ticket.random(), door: PacketSocket.pair().0) }
        #expect(try manager.census().clients == 1)
        _ = try client.redeem(ticket, for: id)
        #expect(try value.get() == 1)
        withExtendedLifetime(mine) {}
    }

    @Test func `a socket that is connected with itself is noticed`() throws {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let descriptor = OwnedDescriptor(adopting: raw)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(raw, $0, size) == 0 && getsockname(raw, $0, &size) == 0 && Foundation.connect(raw, $0, size) == 0
            }
        }
        try #require(isConnected)
        let isFound = Address.isConnectedWithItself(descriptor)
        #expect(isFound)
        let listener = try Listener(.tcp(host: "127.0.0.1", port: 0), key: nil)
        let client = try Connection.connect(to: listener.address, key: nil)
        let other = try client.descriptor()
        let isOther = Address.isConnectedWithItself(other.descriptor)
        #expect(!isOther)
    }
}
