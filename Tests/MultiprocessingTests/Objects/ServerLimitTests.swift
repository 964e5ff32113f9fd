import Foundation
import Linux
@testable import Multiprocessing
import Testing
import Threading
import ToolkitTesting

/// What a client can ask for, and cannot have.
@Suite(.leavesNothing, .watchdog) struct ServerLimitTests {
    private func withServer(_ limits: ServerLimits, _ body: (ObjectServer, Manager) throws -> Void) throws {
        let server = try ObjectServer(at: .tcp(host: "127.0.0.1", port: 0), limits: limits)
        defer { server.stop() }
        try body(server, try server.connect())
    }

    @Test func `values count also if they have hardly any bytes`() throws {
        var limits = ServerLimits()
        limits.storedBytes = 1 << 15
        try withServer(limits) { _, manager in
            let list = try manager.list([Int]())
            for _ in 0..<4 { try list.append(contentsOf: [Int](repeating: 0, count: 100)) }
            #expect(throws: ObjectError.tooMany("bytes of values")) {
                try list.append(contentsOf: [Int](repeating: 0, count: 200))
            }
            try list.removeAll()
            try list.append(contentsOf: [Int](repeating: 0, count: 200))
            #expect(try list.count == 200)
        }
    }

    @Test func `the values of calls that wait count, too, until they are done`() throws {
        var limits = ServerLimits()
        limits.storedBytes = 1 << 15
        try withServer(limits) { server, manager in
            let queue = try manager.queue(of: [UInt8].self, capacity: 1)
            try queue.put([])
            let other = try server.connect()
            let large = [UInt8](repeating: 1, count: 20_000)
            let crew = try Crew(1) { _ in
                while true {
                    // The look below may have taken its place for a moment.
                    do { return try queue.put(large, timeout: .seconds(60)) } catch ObjectError.tooMany {}
                }
            }
            let list = try other.list([[UInt8]]())
            try eventually("the call waits") {
                do {
                    try list.append(large)
                    try list.removeAll()
                    return false
                } catch ObjectError.tooMany { return true }
            }
            // It has its turn, and then it is an element of the queue.
            _ = try queue.get()
            try crew.join()
            #expect(throws: ObjectError.tooMany("bytes of values")) { try list.append(large) }
            _ = try queue.get()
            try list.append(large)
        }
    }

    @Test func `handles in values are limited`() throws {
        var limits = ServerLimits()
        limits.storedHandles = 2
        try withServer(limits) { _, manager in
            let list = try manager.list([SharedLock]())
            for _ in 0..<2 { try list.append(SharedLock()) }
            #expect(throws: ObjectError.tooMany("handles in values")) { try list.append(SharedLock()) }
            try list.removeAll()
            try list.append(SharedLock())
        }
    }

    @Test func `those without a key keep nobody else out`() throws {
        var limits = ServerLimits()
        limits.connections = 4
        limits.newcomers = 2
        limits.handshake = .seconds(60)
        try withServer(limits) { server, _ in
            let address = try #require(server.address)
            let silent = try (0..<8).map { _ in try Connection.connect(to: address, key: nil) }
            // The second one and no other is greeted.
            for connection in silent[..<2] { _ = try connection.receiveBytes(timeout: .seconds(30)) }
            #expect(try server.connect().value(1).get() == 1)
            #expect(try silent[2].poll(timeout: .milliseconds(20)) == .none)
            silent[0].close()
            _ = try silent[2].receiveBytes(timeout: .seconds(30))
        }
    }

    @Test func `the proxies of one client that are on their way keep no other client out`() throws {
        var limits = ServerLimits()
        limits.connections = 4
        limits.loans = 2
        try withServer(limits) { server, manager in
            let value = try manager.value(1)
            var parcels = try (0..<2).map { _ in try Parcel(value) }
            #expect(throws: ObjectError.tooMany("proxies on their way")) { try Parcel(value) }
            let other = try server.connect()
            let its = try other.value(2)
            _ = try Parcel(its)
            #expect(parcels.count == 2)
            parcels = []
            try eventually("the doors are closed") { (try? Parcel(value)) != nil }
        }
    }

    @Test func `a client that asks and takes no answers is not answered without an end`() throws {
        let (channel, peer) = try stream()
        defer { close(peer) }
        let answer = Parcel(bytes: [UInt8](repeating: 1, count: 1 << 20))
        let requests = [UInt8](repeating: 0, count: 8 * 1_000)
        #expect(send(peer, requests, requests.count, 0) == requests.count)
        var answered = 0
        let most = 3 << 20
        func take() throws {
            try channel.receive(limit: 100, mostWaiting: most) { _ in
                answered += 1
                #expect(throws: Never.self) { try channel.send(answer) }
            }
        }
        try take()
        #expect(channel.hasHeldUp && channel.backlog <= most + answer.bytes.count + 8 && answered < 10)
        // As soon as there is room, all of them are answered.
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while answered < 1_000 || channel.backlog > 0 {
            let count = recv(peer, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            #expect(count > 0)
            if count <= 0 { break }
            try channel.flush()
            if channel.hasHeldUp, channel.backlog <= most { try take() }
        }
        #expect(answered == 1_000 && !channel.hasHeldUp)
    }

    @Test func `a client that always leaves something makes the server keep only that`() throws {
        let (channel, peer) = try stream()
        defer { close(peer) }
        let answer = Parcel(bytes: [UInt8](repeating: 1, count: 1 << 20))
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        for _ in 0..<100 {
            try channel.send(answer)
            while channel.backlog > 1 << 20 {
                #expect(recv(peer, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0)
                try channel.flush()
            }
        }
        #expect(channel.kept < 4 << 20)
    }

    private func stream() throws -> (StreamChannel, Int32) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        let descriptor = SharedDescriptor(OwnedDescriptor(adopting: ends[0]))
        return (StreamChannel(descriptor, reading: ReadingRoom()), ends[1])
    }
}
