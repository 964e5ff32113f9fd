import Glibc
import Linux
import Testing

private func temporaryPath() -> String { "/tmp/roost-socket-\(getpid())-\(UInt32.random(in: 0 ... .max))" }

@Suite struct IOSocketTests {
    @Test func `a stream carries bytes, and the kernel vouches for the client`() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let listener = try UnixListener(path: path)
        #expect(try listener.accept() == nil)
        let client = try UnixStream(connectingTo: path, blocking: true)
        _ = try client.descriptor.send([1, 2, 3])
        guard let server = try listener.accept() else { return #expect(Bool(false), "a connection") }
        #expect(try server.peerCredentials() == PeerCredentials(pid: getpid(), uid: getuid(), gid: getgid()))
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(try server.descriptor.read(into: &buffer) == .moved(3))
    }

    @Test func `a path that is too long is explained`() {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        let error = #expect(throws: SystemError.self) { _ = try UnixListener(path: path) }
        #expect(error?.description.contains("at most 107 bytes, this has 205: use a shorter one") == true)
    }

    @Test func `a datagram carries its sender and its descriptors`() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let receiver = try UnixDatagramSocket(bindingTo: path)
        let sender = try UnixDatagramSocket(connectingTo: path)
        let pipe = try Pipe()
        _ = try sender.descriptor.sendMessage(Array("READY=1".utf8), descriptors: [pipe.reader.raw])
        var buffer = [UInt8](repeating: 0, count: 64)
        guard var message = try receiver.receive(into: &buffer) else { return #expect(Bool(false), "a message") }
        #expect(message.length == 7)
        #expect(message.sender == PeerCredentials(pid: getpid(), uid: getuid(), gid: getgid()))
        #expect(message.descriptorCount == 1)
        guard let received = message.takeDescriptor() else { return #expect(Bool(false), "a descriptor") }
        _ = try pipe.writer.write([9])
        #expect(try received.readableBytes() == 1)
    }

    @Test func `descriptors that nobody takes are closed`() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let receiver = try UnixDatagramSocket(bindingTo: path)
        let sender = try UnixDatagramSocket(connectingTo: path)
        let pipe = try Pipe(nonblocking: .reader)
        try pipe.split { reader, writer in
            _ = try sender.descriptor.sendMessage([1], descriptors: [writer.raw, writer.raw])
            close(writer.release())
            var buffer = [UInt8](repeating: 0, count: 64)
            do {
                guard let message = try receiver.receive(into: &buffer) else { return }
                #expect(message.descriptorCount == 2)
                // The message still holds the write end.
                #expect(try reader.read(into: &buffer) == .wouldBlock)
            }
            #expect(try reader.read(into: &buffer) == .endOfFile)
        }
    }

    @Test func `a datagram that is longer than the buffer is marked`() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let receiver = try UnixDatagramSocket(bindingTo: path)
        let sender = try UnixDatagramSocket(connectingTo: path)
        _ = try sender.descriptor.sendMessage([UInt8](repeating: 1, count: 100))
        var buffer = [UInt8](repeating: 0, count: 10)
        guard let message = try receiver.receive(into: &buffer) else { return #expect(Bool(false), "a message") }
        #expect(message.isTruncated == true)
        #expect(message.length == 10)
    }

    @Test func `a TCP connection to nobody is refused`() throws {
        let address = try TCPAddress.resolve(host: "127.0.0.1", port: 1)[0]
        let error = #expect(throws: SystemError.self) {
            let socket = try TCPSocket(connectingTo: address)
            var ready = pollfd(fd: socket.descriptor.raw, events: Int16(POLLOUT), revents: 0)
            poll(&ready, 1, 5000)
            try socket.finishConnecting(to: address)
        }
        #expect(error?.description == "cannot connect to 127.0.0.1:1: Connection refused")
    }

    @Test func `localhost is both loopback addresses, other names are refused`() throws {
        #expect(try TCPAddress.resolve(host: "localhost", port: 80).map(\.description) == ["127.0.0.1:80", "[::1]:80"])
        #expect(try TCPAddress.resolve(host: "[::1]", port: 80).map(\.description) == ["[::1]:80"])
        let error = #expect(throws: TCPAddressError.self) { _ = try TCPAddress.resolve(host: "db.example", port: 80) }
        #expect(error?.description.hasSuffix("write its numeric address, or localhost") == true)
    }
}
