import Foundation
import Linux
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import ToolkitTesting

/// What becomes of processes when their parent ends, and of fork servers.
@Suite(.leavesNothing, .watchdog) struct LifetimeTests {
    /// A process that started another one, which is stuck in C code with all signals blocked.
    struct Family {
        let parent: Process
        let child: ProcessDescriptorBox
        let here: Connection

        init(_ method: StartMethod, _ lifetime: Lifetime) throws {
            let (here, there) = try Pipe.duplex()
            self.here = here
            parent = try Process(
                Tasks.nest, Nested(method: method, lifetime: lifetime, connection: there), in: TestContext.spawn)
            there.close()
            child = try ProcessDescriptorBox(pid: try here.receive(Int32.self))
        }
    }

    /// A stranger, held so that its number cannot come to mean another one.
    final class ProcessDescriptorBox {
        let descriptor: ProcessDescriptor
        init(pid: Int32) throws { descriptor = try ProcessDescriptor(pid: pid) }
        func hasEnded(within seconds: Int64) -> Bool {
            descriptor.awaitEnd(until: MonotonicClock.now() + seconds * 1_000_000_000)
        }
    }

    @Test(arguments: StartMethod.allCases)
    func `MP-025 a process dies with its parent, even when that is killed`(method: StartMethod) throws {
        let family = try Family(method, .diesWithParent)
        #expect(!family.child.hasEnded(within: 0))
        try family.parent.kill()
        #expect(family.child.hasEnded(within: 30))
        try family.parent.join()
    }

    @Test(arguments: StartMethod.allCases)
    func `a process that dies with its parent does so at its ordinary end, too`(method: StartMethod) throws {
        let family = try Family(method, .diesWithParent)
        family.here.close()
        #expect(try family.parent.join() == .exited(code: 0))
        #expect(family.child.hasEnded(within: 30))
    }

    @Test func `a parent waits for a joined process at its ordinary end`() throws {
        let family = try Family(.spawn, .joined)
        family.here.close()
        #expect(try family.parent.join(timeout: .milliseconds(50)) == nil)
        try family.child.descriptor.send(signal: SIGKILL)
        #expect(try family.parent.join() == .exited(code: 0))
    }

    @Test(arguments: StartMethod.allCases)
    func `a detached process lives on`(method: StartMethod) throws {
        let family = try Family(method, .detached)
        family.here.close()
        #expect(try family.parent.join() == .exited(code: 0))
        #expect(!family.child.hasEnded(within: 0))
        try family.child.descriptor.send(signal: SIGKILL)
        #expect(family.child.hasEnded(within: 30))
    }

    @Test(arguments: StartMethod.allCases)
    func `MP-011 a process sees that its parent has been killed`(method: StartMethod) throws {
        let (here, there) = try Pipe.duplex()
        let parent = try Process(
            Tasks.nestObserver, Nested(method: method, lifetime: .detached, connection: there), in: TestContext.spawn)
        there.close()
        #expect(try here.receive(Bool.self, timeout: .seconds(30)))
        try parent.kill()
        try parent.join()
        // The observer holds the other end now.
        #expect(try !here.receive(Bool.self, timeout: .seconds(30)))
        #expect(throws: ConnectionError.closed) { try here.receiveBytes(timeout: .seconds(30)) }
    }

    @Test func `MP-024 a process that dies with its parent may start others, which die with it`() throws {
        let family = try Family(.spawn, .diesWithParent)
        #expect(family.parent.lifetime == .diesWithParent)
        try family.parent.kill()
        #expect(family.child.hasEnded(within: 30))
        try family.parent.join()
    }

    @Test func `MP-018 a fork server that was killed is replaced, and its processes are not lost`() throws {
        let context = Context(.forkserver, program: TestContext.program)
        defer { context.shutDown() }
        for signal in [SIGINT, SIGKILL] {
            let (here, there) = try Pipe.duplex()
            let early = try Process(Tasks.hang, there, in: context)
            there.close()
            let pid = try #require(context.serverPid)
            let server = try ProcessDescriptorBox(pid: pid)
            try server.descriptor.send(signal: signal)
            // It takes no notice of the first: Ctrl-C is for the program.
            if signal == SIGKILL { #expect(server.hasEnded(within: 30)) }
            let late = try Process(Tasks.square, 3, in: context)
            #expect(try late.result(of: Tasks.square) == 9)
            #expect((context.serverPid == pid) == (signal == SIGINT))
            here.close()
            #expect(try early.join() == .exited(code: 0))
            try late.join()
        }
    }

    @Test func `a fork server may be killed at any moment`() throws {
        let context = Context(.forkserver, program: TestContext.program)
        defer { context.shutDown() }
        try repeatedly { _ in
            try context.prepare()
            let server = try ProcessDescriptorBox(pid: try #require(context.serverPid))
            let killer = try Crew(1) { _ in
                for _ in 0..<Int.random(in: 0..<1000) { sched_yield() }
                kill(try #require(context.serverPid), SIGKILL)
            }
            let processes = try (0..<3).map { try Process(Tasks.square, $0, in: context) }
            for (number, process) in processes.enumerated() {
                #expect(try process.result(of: Tasks.square) == number * number)
                #expect(try process.join() == .exited(code: 0))
            }
            try killer.join()
            _ = server
        }
    }

    @Test func `a fork server ends when its parent is killed`() throws {
        let (here, there) = try Pipe.duplex()
        let parent = try Process(
            Tasks.nestServer, Nested(method: .forkserver, lifetime: .diesWithParent, connection: there),
            in: TestContext.spawn)
        there.close()
        let server = try ProcessDescriptorBox(pid: try here.receive(Int32.self))
        try parent.kill()
        #expect(server.hasEnded(within: 30))
        try parent.join()
    }

    @Test func `MP-019 a fork server has no name that anybody could connect to`() throws {
        let context = Context(.forkserver, program: TestContext.program)
        defer { context.shutDown() }
        try context.prepare()
        let pid = try #require(context.serverPid)
        // Its only socket is one of a pair: not listening, without a path, and connected since it exists.
        let sockets = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { name in
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")
        }.filter { $0.hasPrefix("socket:[") }.map { $0.dropFirst(8).dropLast() }
        #expect(sockets.count == 1)
        // Foundation stops at the first short read, of which this table has many.
        let table = try BoundedFile.readText("/proc/net/unix", limit: 16 << 20).split(separator: "\n")
        let fields = try #require(table.map { $0.split(separator: " ") }.first { $0.contains(sockets[0]) })
        // Num RefCount Protocol Flags Type St Inode Path: no listener (flag 10000), connected (03), no path.
        #expect(fields.count == 7)
        #expect(fields[3] == "00000000")
        #expect(fields[5] == "03")
        // Nor can it be opened by way of the process.
        #expect(open("/proc/\(pid)/fd/3", O_RDWR) == -1)
        #expect(errno == ENXIO)
    }
}
