import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import ToolkitTesting

/// Ends that several processes have, and waiting for several of them.
@Suite(.leavesNothing, .watchdog) struct SharedConnectionTests {
    @Test func `MP-029 ☆ looking at a connection in another process takes nothing of it away`() throws {
        let context = Context(.forkserver, program: TestContext.program)
        defer { context.shutDown() }
        try repeatedly { _ in
            let (here, there) = try Pipe.duplex()
            let looker = try Process(Tasks.pollOften, Repeated(connection: there, count: 20), in: context)
            let messages = (0..<20).map { number in [UInt8](repeating: UInt8(number), count: 1 + number * 7000) }
            let sender = try Crew(1) { _ in for message in messages { try here.send(bytes: message) } }
            for message in messages { #expect(try there.receiveBytes() == message) }
            try sender.join()
            _ = try looker.result(of: Tasks.pollOften)
            try looker.join()
        }
    }

    @Test func `messages to an end that several processes have come whole, each to one of them`() throws {
        try TestContext.each { context in
            let (here, there) = try Pipe.duplex()
            let receivers = try (0..<3).map { _ in try Process(Tasks.untilEnd, there, in: context) }
            there.close()
            for number in 0..<300 { try here.send(bytes: [UInt8](repeating: 1, count: number * 500)) }
            here.close()
            let counts = try receivers.map { try $0.result(of: Tasks.untilEnd) }
            #expect(counts.reduce(0, +) == 300)
            for receiver in receivers { try receiver.join() }
        }
    }

    @Test func `MP-040 all messages and all ends of four processes are seen`() throws {
        try TestContext.each { context in
            var readers: [Connection] = []
            let processes = try (0..<4).map { _ -> Process in
                let (reader, writer) = try Pipe.oneWay()
                readers.append(reader)
                defer { writer.close() }
                return try Process(Tasks.sendMany, Repeated(connection: writer, count: 10), in: context)
            }
            var messages: [[Int]] = []
            while !readers.isEmpty {
                for place in try wait(on: readers).reversed() {
                    do {
                        messages.append(try readers[place].receive([Int].self))
                    } catch ConnectionError.closed {
                        readers.remove(at: place)
                    }
                }
            }
            #expect(messages.count == 40)
            #expect(Set(messages.map { $0[0] }) == Set(processes.map { Int($0.pid) }))
            for process in processes { #expect(try process.join() == .exited(code: 0)) }
        }
    }

    @Test func `MP-042 exactly what is ready is found ready`() throws {
        let (first, toFirst) = try Pipe.duplex()
        let (second, toSecond) = try Pipe.duplex()
        let process = try Process(Tasks.sleep, nil, in: TestContext.spawn)
        var set = WaitSet<String>()
        set["process"] = process
        set["first"] = first
        set["second"] = second
        #expect(set.count == 3)
        #expect(try set.wait(timeout: .zero) == [])
        let taken = elapsed { #expect((try? set.wait(timeout: .milliseconds(20))) == []) }
        #expect(taken >= .milliseconds(20))
        try toFirst.send(1)
        #expect(try set.wait() == ["first"])
        toSecond.close()
        #expect(try set.wait() == ["first", "second"])
        try process.kill()
        try process.join()
        #expect(try set.wait() == ["process", "first", "second"])
        _ = try first.receive(Int.self)
        #expect(try wait(on: [first, process, second, process]) == [1, 2, 3])
        set["second"] = nil
        set["process"] = nil
        #expect(try set.wait(timeout: .zero) == [])
        #expect(try WaitSet<Int>().wait() == [])
    }

    @Test func `MP-044 ☆ a process sees the end of a pipe whose both ends its parent had`() throws {
        let context = Context(.forkserver, program: TestContext.program)
        defer { context.shutDown() }
        try repeatedly { _ in
            let (reader, writer) = try Pipe.oneWay()
            let process = try Process(Tasks.untilEnd, reader, in: context)
            // Another one that is started while the pipe is open has nothing of it.
            let (here, there) = try Pipe.duplex()
            let other = try Process(Tasks.hang, there, in: context)
            try writer.send(bytes: [1])
            writer.close()
            #expect(try process.result(of: Tasks.untilEnd, timeout: .seconds(60)) == 1)
            there.close()
            here.close()
            try process.join()
            try other.join()
        }
    }

    @Test func `a connection between programs can be passed to a process`() throws {
        for address in [.unique(), .tcp(host: "127.0.0.1", port: 0)] as [Address] {
            let listener = try Listener(address, key: nil)
            defer { listener.close() }
            let client = try Connection.connect(to: listener.address, key: nil)
            let server = try listener.accept()
            let process = try Process(Tasks.echo, server, in: TestContext.spawn)
            server.close()
            try client.send(["a", "b"])
            #expect(try client.receive([String].self) == ["a", "b"])
            client.close()
            #expect(try process.join() == .exited(code: 0))
        }
    }
}
