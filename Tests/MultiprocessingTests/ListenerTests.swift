import Crypto
import Foundation
import Multiprocessing
import MultiprocessingTasks
import Testing
import Threading
import ToolkitTesting

/// Connections between programs that do not descend from each other.
@Suite(.leavesNothing, .watchdog) struct ListenerTests {
    static let key = AuthKey(Array("open sesame".utf8))

    /// A place of each kind; the file of a socket is gone afterwards.
    static func each(_ body: (Address) throws -> Void) throws {
        let path = "/tmp/roost-listener-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(path) }
        for address in [
            .unix(path), .unique(), .tcp(host: "127.0.0.1", port: 0), .tcp(host: "localhost", port: 0),
        ] as [Address] {
            try body(address)
        }
    }

    /// Listens where a listener was that is gone: its name may still be held, for a moment, by a process that is just
    /// being started.
    static func listen(
        at address: Address, key: AuthKey?, handshake: Duration = .seconds(10)
    ) throws -> Listener {
        var listener: Listener?
        try eventually("\(address) is free") {
            listener = try? Listener(address, key: key, handshake: handshake)
            return listener != nil
        }
        return try #require(listener)
    }

    /// Accepts in another thread.
    func accepting(_ listener: Listener) throws -> Threading.Thread<Result<Connection, any Error>, Never> {
        try Threading.Thread { Result { try listener.accept(timeout: .seconds(30)) } }
    }

    @Test func `MP-045 an address that is in use is refused`() throws {
        try Self.each { address in
            let listener = try Listener(address, key: nil)
            #expect {
                try Listener(listener.address, key: nil)
            } throws: {
                guard case .refused(_, EADDRINUSE) = $0 as? ConnectionError else { return false }
                return true
            }
        }
    }

    @Test func `MP-046 a client and a listener meet at every kind of address`() throws {
        try Self.each { address in
            let listener = try Listener(address, key: nil)
            let client = try Connection.connect(to: listener.address, key: nil, timeout: .seconds(30))
            let server = try listener.accept(timeout: .seconds(30))
            try client.send("hello")
            #expect(try server.receive(String.self) == "hello")
            let large = [UInt8](repeating: 5, count: 3 << 20)
            let sender = try Crew(1) { _ in try server.send(large) }
            #expect(try client.receive([UInt8].self) == large)
            try sender.join()
            #expect(try client.poll() == .none)
            server.close()
            #expect(try client.poll(timeout: .seconds(30)) == .closed)
            #expect(throws: ConnectionError.closed) { try client.receiveBytes() }
            listener.close()
            listener.close()
            #expect(throws: ConnectionError.closedHere) { try listener.accept() }
            // A port that is free again may be another test's by now.
            if case .tcp = address { return }
            #expect(throws: ConnectionError.self) { try Connection.connect(to: listener.address, key: nil) }
        }
    }

    @Test func `closing a listener ends a wait for clients, and removes its file`() throws {
        try Self.each { address in
            let listener = try Listener(address, key: Self.key)
            let thread = try accepting(listener)
            listener.close()
            #expect(throws: ConnectionError.closedHere) { try thread.join().get() }
            if case .unix(let path) = address { #expect(access(path, F_OK) != 0) }
            let again = try Self.listen(at: listener.address, key: nil)
            #expect(throws: ConnectionError.timedOut) { try again.accept(timeout: .zero) }
        }
    }

    @Test func `MP-047 equal keys meet, even empty ones, and unequal ones are an error on both sides`() throws {
        try Self.each { address in
            for (ours, theirs) in [(Self.key, Self.key), (AuthKey([]), AuthKey([]))] {
                let listener = try Self.listen(at: address, key: ours)
                defer { listener.close() }
                let thread = try accepting(listener)
                let client = try Connection.connect(to: listener.address, key: theirs, timeout: .seconds(30))
                let server = try thread.join().get()
                try server.send(1)
                #expect(try client.receive(Int.self) == 1)
            }
            let listener = try Self.listen(at: address, key: Self.key)
            defer { listener.close() }
            for wrong in [AuthKey([]), AuthKey.random()] {
                let thread = try accepting(listener)
                #expect(throws: AuthenticationError.self) {
                    try Connection.connect(to: listener.address, key: wrong, timeout: .seconds(30))
                }
                #expect(throws: AuthenticationError.self) { try thread.join().get() }
            }
            // It goes on.
            let thread = try accepting(listener)
            _ = try Connection.connect(to: listener.address, key: Self.key, timeout: .seconds(30))
            _ = try thread.join().get()
        }
    }

    @Test func `MP-049 ★ a silent client holds nobody up, and is dropped in the end`() throws {
        for address in [.unique(), .tcp(host: "127.0.0.1", port: 0)] as [Address] {
            try repeatedly { _ in
                let listener = try Self.listen(at: address, key: Self.key)
                defer { listener.close() }
                let silent = try Connection.connect(to: listener.address, key: nil, timeout: .seconds(30))
                let thread = try accepting(listener)
                let client = try Connection.connect(to: listener.address, key: Self.key, timeout: .seconds(30))
                let server = try thread.join().get()
                try server.send(2)
                #expect(try client.receive(Int.self) == 2)
                _ = silent
            }
            try repeatedly { _ in
                let listener = try Self.listen(at: address, key: Self.key, handshake: .milliseconds(2))
                defer { listener.close() }
                let silent = try Connection.connect(to: listener.address, key: nil, timeout: .seconds(30))
                #expect(throws: ConnectionError.timedOut) { try listener.accept(timeout: .milliseconds(10)) }
                // Perhaps it was late to the first look.
                #expect(throws: ConnectionError.timedOut) { try listener.accept(timeout: .milliseconds(10)) }
                // The greeting, and then nothing more.
                _ = try silent.receiveBytes(timeout: .seconds(30))
                #expect(try silent.poll(timeout: .seconds(30)) == .closed)
            }
        }
    }

    @Test func `MP-050 our own challenge and our own answers are of no use to an attacker`() throws {
        let listener = try Listener(key: Self.key)
        defer { listener.close() }
        // Everything that the listener has said is said back to it.
        for way in 0..<3 {
            let attacker = try Connection.connect(to: listener.address, key: nil, timeout: .seconds(30))
            let thread = try accepting(listener)
            let greeting = try attacker.receiveBytes(timeout: .seconds(30))
            let number = Array(greeting.suffix(32))
            switch way {
            case 0: try attacker.send(bytes: greeting)
            case 1: try attacker.send(bytes: number + number)
            // What a listener with the key would sign as a listener: right but for the role.
            default:
                let code = HMAC<SHA256>.authenticationCode(
                    for: Array("roost multiprocessing listener:".utf8) + number + number,
                    using: SymmetricKey(data: Array("open sesame".utf8)))
                try attacker.send(bytes: number + Array(code))
            }
            #expect(throws: AuthenticationError.self) { try thread.join().get() }
            #expect(try attacker.receiveBytes(timeout: .seconds(30)) == Array("refused".utf8))
        }
    }

    @Test func `a listener without the key is found out by the client`() throws {
        let listener = try Listener(key: nil)
        defer { listener.close() }
        let impostor = try Threading.Thread {
            Result {
                let connection = try listener.accept(timeout: .seconds(30))
                try connection.send(bytes: Array("ROOST-MP-1:".utf8) + [UInt8](repeating: 1, count: 32))
                let proof = try connection.receiveBytes(timeout: .seconds(30))
                // The client's own code, as the listener's.
                try connection.send(bytes: Array(proof.suffix(32)))
            }
        }
        #expect(throws: AuthenticationError.self) {
            try Connection.connect(to: listener.address, key: Self.key, timeout: .seconds(30))
        }
        try impostor.join().get()
    }

    @Test func `a key does not show itself`() throws {
        #expect(!"\(Self.key)".contains("sesame") && !String(reflecting: Self.key).contains("115"))
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(Self.key) }
        let passed = try Parcel(Self.key).decode(AuthKey.self)
        let listener = try Listener(key: passed)
        let thread = try accepting(listener)
        _ = try Connection.connect(to: listener.address, key: Self.key, timeout: .seconds(30))
        _ = try thread.join().get()
    }

    @Test func `MP-051 a peer that stops in the middle of a message is not waited for without an end`() throws {
        // Between machines only: a local message comes whole or not at all.
        let listener = try Listener(.tcp(host: "127.0.0.1", port: 0), key: nil)
        defer { listener.close() }
        guard case .tcp(_, let port) = listener.address else { return }
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(connected == 0)
        let server = try listener.accept(timeout: .seconds(30))
        // A length of 10, and two bytes.
        let begun: [UInt8] = [10, 0, 0, 0, 0, 0, 0, 0, 1, 2]
        #expect(send(raw, begun, begun.count, 0) == begun.count)
        #expect(throws: ConnectionError.timedOut) { try server.receiveBytes(timeout: .milliseconds(20)) }
        // What has come is kept.
        let rest: [UInt8] = [3, 4, 5, 6, 7, 8, 9, 10]
        #expect(send(raw, rest, rest.count, 0) == rest.count)
        #expect(try server.receiveBytes(timeout: .seconds(30)) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        #expect(send(raw, begun, begun.count, 0) == begun.count)
        close(raw)
        #expect(throws: ConnectionError.truncated) { try server.receiveBytes(timeout: .seconds(30)) }
    }
}
