import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// What goes through a connection, within one process and to another one.
@Suite(.leavesNothing, .watchdog) struct ConnectionTests {
    struct Order: Codable, Hashable {
        var number: Int
        var name: String
        var items: [String]
    }

    @Test func `MP-026 objects and bytes of up to 16 MiB come back as they were`() throws {
        let (here, there) = try Pipe.duplex()
        let process = try Process(Tasks.echo, there, in: TestContext.spawn)
        there.close()
        let order = Order(number: 5, name: "five", items: ["a", "b"])
        try here.send(order)
        #expect(try here.receive(Order.self) == order)
        for count in [0, 1, 5000, 65535, 65536, 65537, 1 << 20, 16 << 20] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
            try here.send(bytes: bytes)
            #expect(try here.receiveBytes() == bytes)
        }
        here.close()
        #expect(try process.join() == .exited(code: 0))
    }

    @Test func `MP-027 an empty message is a message`() throws {
        let (here, there) = try Pipe.duplex()
        try here.send(bytes: [])
        #expect(try there.poll() == .data)
        #expect(try there.poll() == .data)
        #expect(try there.receiveBytes() == [])
        #expect(try there.poll() == .none)
    }

    @Test func `MP-031 bytes are taken from within the buffer only`() throws {
        let (here, there) = try Pipe.duplex()
        let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
        for (offset, size, expected) in [
            (5, nil, "fghijklmnopqrstuvwxyz"), (7, 8, "hijklmno"), (26, nil, ""), (26, 0, ""),
        ] {
            try here.send(bytes: letters, offset: offset, size: size)
            #expect(String(decoding: try there.receiveBytes(), as: UTF8.self) == expected)
        }
        for (offset, size) in [(27, nil), (22, 5), (26, 1), (-1, nil), (4, -1)] {
            #expect(throws: ConnectionError.outOfRange(offset: offset, size: size, count: 26)) {
                try here.send(bytes: letters, offset: offset, size: size)
            }
        }
        #expect(try there.poll() == .none)
    }

    @Test func `MP-033 a message beyond the limit is refused, and nothing is received after it`() throws {
        let (here, there) = try Pipe.duplex()
        try here.send(bytes: [UInt8](repeating: 1, count: 10))
        try here.send(bytes: [1])
        #expect(throws: ConnectionError.tooLong(count: 10, limit: 5)) { try there.receiveBytes(limit: 5) }
        #expect(throws: ConnectionError.notReadable) { try there.receiveBytes() }
        #expect(!there.isReadable)
        // It may still answer.
        try there.send(bytes: [2])
        #expect(try here.receiveBytes() == [2])
    }

    @Test func `MP-034 a closed peer is an end to whoever receives, and an error to whoever sends`() throws {
        let (here, there) = try Pipe.duplex()
        try there.send(bytes: [7])
        there.close()
        #expect(try here.receiveBytes() == [7])
        #expect(try here.poll() == .closed)
        #expect(throws: ConnectionError.closed) { try here.receiveBytes() }
        #expect(throws: ConnectionError.closed) { try here.send(bytes: [1]) }
    }

    @Test func `a peer that closes without having received everything loses nothing that it sent`() throws {
        let (here, there) = try Pipe.duplex()
        try here.send(bytes: [1])
        try there.send(bytes: [2])
        there.close()
        #expect(try here.receiveBytes() == [2])
        #expect(throws: ConnectionError.closed) { try here.receiveBytes() }
    }

    @Test func `MP-035 a one-way pipe works one way`() throws {
        let (reader, writer) = try Pipe.oneWay()
        try writer.send(5)
        #expect(try reader.receive(Int.self) == 5)
        #expect(throws: ConnectionError.notWritable) { try reader.send(5) }
        #expect(throws: ConnectionError.notReadable) { try writer.receive(Int.self) }
        #expect(throws: ConnectionError.notReadable) { try writer.poll() }
        #expect(reader.isReadable && !reader.isWritable && !writer.isReadable && writer.isWritable)
    }

    @Test func `MP-036 closing twice is fine, and using what is closed is an error`() throws {
        let (here, there) = try Pipe.duplex()
        here.close()
        here.close()
        #expect(here.isClosed && !there.isClosed)
        #expect(throws: ConnectionError.closedHere) { try here.send(1) }
        #expect(throws: ConnectionError.closedHere) { try here.receive(Int.self) }
        #expect(throws: ConnectionError.closedHere) { try here.poll() }
        #expect(throws: ConnectionError.closedHere) { try wait(on: [here]) }
    }

    @Test func `a thread that waits for a message finds its end closed`() throws {
        let (here, there) = try Pipe.duplex()
        let waiter = try Threading.Thread { Result { try here.receiveBytes() } }
        here.close()
        #expect(throws: ConnectionError.closedHere) { try waiter.join().get() }
        _ = there
    }

    @Test func `a message can be received into a buffer, and is not lost if that is too short`() throws {
        let (here, there) = try Pipe.duplex()
        var buffer = [UInt8](repeating: 9, count: 5)
        try here.send(bytes: [1, 2])
        #expect(try there.receive(into: &buffer, offset: 2) == 2)
        #expect(buffer == [9, 9, 1, 2, 9])
        try here.send(bytes: [1, 2, 3, 4])
        let error = #expect(throws: BufferTooShort.self) { try there.receive(into: &buffer, offset: 2) }
        #expect(error?.message == [1, 2, 3, 4])
        #expect(throws: ConnectionError.outOfRange(offset: 6, size: nil, count: 5)) {
            try there.receive(into: &buffer, offset: 6)
        }
    }

    @Test func `a timeout of zero looks once, and a longer one waits`() throws {
        let (here, there) = try Pipe.duplex()
        #expect(throws: ConnectionError.timedOut) { try here.receive(Int.self, timeout: .zero) }
        #expect(throws: ConnectionError.timedOut) { try here.receive(Int.self, timeout: .seconds(-1)) }
        let taken = elapsed {
            #expect(throws: ConnectionError.timedOut) { try here.receive(Int.self, timeout: .milliseconds(20)) }
        }
        #expect(taken >= .milliseconds(20))
        // Nobody receives, so at some point there is no room.
        #expect(throws: ConnectionError.timedOut) {
            while true { try there.send(bytes: [UInt8](repeating: 0, count: 60_000), timeout: .zero) }
        }
        #expect(try here.receiveBytes(timeout: .zero).count == 60_000)
    }

    @Test func `two ends can send large messages to each other at the same time`() throws {
        let (here, there) = try Pipe.duplex()
        let large = [UInt8](repeating: 3, count: 5 << 20)
        try here.send(bytes: large)
        try there.send(bytes: large)
        #expect(try here.receiveBytes() == large)
        #expect(try there.receiveBytes() == large)
    }

    @Test func `only a few large messages are on their way at a time`() throws {
        let (here, there) = try Pipe.duplex()
        let large = [UInt8](repeating: 3, count: 1 << 20)
        var sent = 0
        #expect(throws: ConnectionError.timedOut) {
            while true {
                try here.send(bytes: large, timeout: .zero)
                sent += 1
            }
        }
        #expect((1...10).contains(sent))
        for _ in 0..<sent { #expect(try there.receiveBytes() == large) }
    }

    @Test func `MP-037 an open file can be passed along and written to`() throws {
        let path = "/tmp/roost-passed-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { unlink(path) }
        let file = PassedDescriptor(adopting: open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
        try TestContext.each { context in
            let process = try Process(Tasks.write, Writing(file: file, text: "hello"), in: context)
            #expect(try process.join() == .exited(code: 0))
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "hellohello")
    }

    @Test func `MP-038 a descriptor with a high number can be passed along`() throws {
        let (reader, writer) = try Pipe.oneWay()
        let low = open("/dev/null", O_WRONLY | O_CLOEXEC)
        let raw = fcntl(low, F_DUPFD_CLOEXEC, 300)
        close(low)
        let high = PassedDescriptor(adopting: raw)
        #expect(raw >= 300)
        try writer.send([high, high])
        let received = try reader.receive([PassedDescriptor].self)
        #expect(received.count == 2)
        received[0].withDescriptor { #expect(fcntl($0, F_GETFD) == FD_CLOEXEC) }
    }

    @Test func `a message carries as many descriptors as the kernel lets it, and says when there are more`() throws {
        let (reader, writer) = try Pipe.oneWay()
        let many = try (0..<253).map { _ in try PassedDescriptor(duplicating: 2) }
        try writer.send(Array(many.prefix(252)))
        #expect(try reader.receive([PassedDescriptor].self).count == 252)
        #expect(throws: ConnectionError.tooManyDescriptors(count: 253, limit: 252)) { try writer.send(many) }
    }

    @Test func `a connection goes through a connection`() throws {
        let (here, there) = try Pipe.duplex()
        let (inner, outer) = try Pipe.oneWay()
        try here.send(["in": inner])
        inner.close()
        let passed = try #require(try there.receive([String: Connection].self)["in"])
        try outer.send("hello")
        #expect(try passed.receive(String.self) == "hello")
        #expect(!passed.isWritable)
        outer.close()
        #expect(try passed.poll() == .closed)
    }

    @Test func `no other coder takes a handle`() throws {
        let (here, _) = try Pipe.duplex()
        let error = #expect(throws: EncodingError.self) { try JSONEncoder().encode([here]) }
        #expect("\(error!)".contains("only a message of Multiprocessing carries"))
    }

    @Test func `many threads at one end mix nothing up`() throws {
        let (here, there) = try Pipe.duplex()
        let received = Log<[Int]>()
        let receivers = try Crew(3) { _ in
            while let message = try? there.receive([Int].self) { received.add(message) }
        }
        try Crew(3) { number in
            for count in 0..<200 { try here.send([number, count] + Array(repeating: number, count: count)) }
        }.join()
        here.close()
        try receivers.join()
        let entries = received.entries
        #expect(Set(entries.map { [$0[0], $0[1]] }).count == 600)
        for entry in entries {
            #expect(entry.count == entry[1] + 2)
            #expect(entry.dropFirst(2).allSatisfy { $0 == entry[0] })
        }
    }
}
