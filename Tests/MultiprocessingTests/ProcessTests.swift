import Foundation
import Linux
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// What processes do, whichever way they were started.
@Suite(.leavesNothing, .watchdog) struct ProcessTests {
    @Test func `a function runs in another process and its result comes back`() throws {
        try TestContext.each { context in
            let process = try Process(Tasks.square, 12, in: context)
            #expect(try process.result(of: Tasks.square) == 144)
            #expect(try process.join() == .exited(code: 0))
            #expect(throws: ProcessResultError.taken) { try process.result(of: Tasks.square) }
        }
    }

    @Test func `MP-001 MP-002 a process ends with the code that its function gives`() throws {
        try TestContext.each { context in
            let endings: [(Process, Int32)] = [
                (try Process(Tasks.nothing, in: context), 0),
                (try Process(Tasks.fail, in: context, error: .null), 1),
                (try Process(Tasks.leave, 8, in: context), 8),
                (try Process(Tasks.leave, 0, in: context), 0),
                (try Process(Tasks.leave, 300, in: context), 44),
                (try Process(Tasks.leave, -1, in: context), 255),
                (try Process(Tasks.exitInC, 9, in: context), 9),
            ]
            for (process, code) in endings { #expect(try process.join() == .exited(code: code)) }
        }
    }

    @Test func `MP-001 a message at the end goes to the standard error, with code 1`() throws {
        try TestContext.each { context in
            let file = Scratch()
            let last = try Process(Tasks.leaveWithMessage, "msg", in: context, error: .file(file.path, .append))
            #expect(try last.join() == .exited(code: 1))
            let failing = try Process(Tasks.fail, name: "failing", in: context, error: .file(file.path, .append))
            #expect(try failing.join() == .exited(code: 1))
            #expect(file.text == "msg\nError in failing: MultiprocessingTasks.Undeclared: out of cheese\n")
        }
    }

    @Test func `MP-003 MP-004 a running process has no status, and joining it gives up in time`() throws {
        try TestContext.each { context in
            let (here, there) = try Pipe.duplex()
            let process = try Process(Tasks.hang, there, in: context)
            there.close()
            #expect(process.isAlive && process.exitStatus == nil)
            #expect(Process.children.contains { $0 === process })
            #expect(try process.join(timeout: .zero) == nil)
            #expect(try process.join(timeout: .seconds(-5)) == nil)
            let taken = elapsed { #expect((try? process.join(timeout: .milliseconds(20))) == .some(nil)) }
            #expect(taken >= .milliseconds(20))
            here.close()
            #expect(try process.join() == .exited(code: 0))
            #expect(try process.join() == .exited(code: 0))
            #expect(!process.isAlive)
            #expect(!Process.children.contains { $0 === process })
        }
    }

    @Test func `MP-005 signals end a process, and it shows which`() throws {
        try TestContext.each { context in
            let ways: [(Int32, (Process) throws -> Bool)] = [
                (SIGTERM, { try $0.terminate() }), (SIGKILL, { try $0.kill() }), (SIGINT, { try $0.interrupt() }),
            ]
            for (signal, send) in ways {
                let (here, there) = try Pipe.oneWay()
                let process = try Process(Tasks.sleep, there, in: context)
                #expect(try here.receive(Int32.self) == process.pid)
                #expect(try send(process))
                #expect(try process.join() == .signaled(signal: signal, coreDumped: false))
                #expect(try !send(process))
            }
        }
    }

    @Test func `MP-006 only what has ended can be closed, and what is closed is an error to use`() throws {
        let process = try Process(Tasks.sleep, nil, in: TestContext.spawn)
        #expect(throws: ProcessUseError.running) { try process.close() }
        try process.kill()
        try process.join()
        try process.close()
        try process.close()
        #expect(throws: ProcessUseError.closed) { try process.join() }
        #expect(throws: ProcessUseError.closed) { try process.terminate() }
        #expect(throws: ProcessUseError.closed) { try process.result(of: Tasks.sleep) }
        #expect(throws: ConnectionError.closedHere) { try wait(on: [process]) }
    }

    @Test func `MP-010 a hundred processes that are asked to end right after their start all do`() throws {
        try TestContext.each { context in
            let processes = try (0..<100).map { _ -> Process in
                let process = try Process(Tasks.sleep, nil, in: context)
                try process.terminate()
                return process
            }
            for process in processes {
                #expect(try process.join() == .signaled(signal: SIGTERM, coreDumped: false))
            }
        }
    }

    @Test func `MP-015 MP-022 a process has its streams and what it was given, and nothing else`() throws {
        let high = fcntl(2, F_DUPFD, 60)
        defer { close(high) }
        try TestContext.each { context in
            let processes = try (0..<5).map { _ in try Process(Tasks.describe, in: context) }
            let found = try processes.map { try $0.result(of: Tasks.describe).descriptors }
            for process in processes { try process.join() }
            #expect(Set(found).count == 1)
            // The streams, the connection to the parent, and what shows that the parent lives.
            #expect(found[0].prefix(4) == [0, 1, 2, 3])
            #expect(found[0].count == 6)
            #expect(!found[0].contains(high))
        }
    }

    @Test func `MP-016 a parent without standard streams can start processes`() throws {
        try TestContext.each { context in
            // A process of its own for the parent, since the tests need their streams.
            let parent = try Process(Tasks.startWithoutStreams, context.method, in: TestContext.spawn)
            #expect(try parent.result(of: Tasks.startWithoutStreams) == 0)
            try parent.join()
        }
    }

    @Test func `MP-017 what a process has printed is written out once`() throws {
        try TestContext.each { context in
            let file = Scratch()
            for _ in 0..<2 {
                let process = try Process(
                    Tasks.printUnflushed, "one ", in: context, output: .file(file.path, .append))
                try process.join()
            }
            #expect(file.text == "one one ")
        }
    }

    @Test func `MP-020 a process knows how it was started, by whom, and where`() throws {
        try TestContext.each { context in
            let process = try Process(Tasks.describe, name: "somebody", in: context)
            let description = try process.result(of: Tasks.describe)
            try process.join()
            #expect(description.method == context.method && process.method == context.method)
            #expect(description.name == "somebody" && process.name == "somebody")
            #expect(description.pid == process.pid)
            #expect(description.parentPid == getpid() && description.parentName == "MainProcess")
            #expect(description.parentIsAlive == true)
            #expect(description.directory == FileManager.default.currentDirectoryPath)
            #expect(description.threads == 1)
            #expect(description.blockedSignals.allSatisfy { $0 == "0" })
        }
        #expect(CurrentProcess.parent == nil && CurrentProcess.startMethod == nil)
    }

    @Test func `a process without a name gets a number`() throws {
        let processes = try (0..<2).map { _ in try Process(Tasks.nothing, in: TestContext.spawn) }
        for process in processes { try process.join() }
        #expect(processes[0].name.hasPrefix("Process-"))
        #expect(processes[0].name != processes[1].name)
    }

    @Test func `there is no fork, and the reason is said`() throws {
        #expect(throws: StartMethodError.forkIsUnsafe) { try Context(named: "fork") }
        #expect(throws: StartMethodError.unknown("teleport")) { try Context(named: "teleport") }
        #expect(try Context(named: "forkserver").method == .forkserver)
        #expect("\(StartMethodError.forkIsUnsafe)".contains("stands still"))
    }

    @Test func `MP-023 ☆ no process hangs that a program with busy threads starts`() throws {
        let busy = try Busy(16)
        defer { busy.stop() }
        let server = Context(.forkserver, program: TestContext.program)
        defer { server.shutDown() }
        // A thousand of each at night.
        try repeatedly { number in
            for context in [TestContext.spawn, server] {
                let process = try Process(Tasks.square, number, in: context)
                #expect(try process.result(of: Tasks.square) == number * number)
                #expect(try process.join() == .exited(code: 0))
            }
        }
    }
}

/// A file that is gone afterwards.
final class Scratch {
    let path = "/tmp/roost-scratch-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    deinit { unlink(path) }
    var text: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

/// Threads that take locks and memory without a pause.
final class Busy: Sendable {
    private let isOver = Event()
    private let crew: Crew<Void>

    init(_ count: Int) throws {
        let isOver = isOver
        let lock = Lock()
        crew = try Crew(count) { number in
            while !isOver.isSet {
                lock.withLock { _ = [String](repeating: "number \(number)", count: 50).joined() }
            }
        }
    }

    func stop() {
        isOver.set()
        _ = try? crew.join()
    }
}
