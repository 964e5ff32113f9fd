import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

@Suite struct StopTests {
    @Test func `what ignores TERM is killed after its grace, with its whole tree`() throws {
        let worker = """
            [worker.stubborn]
            command = ["sh", "-c", '''
            trap "" TERM
            sh -c 'trap "" TERM; echo up > $DIR/up; while :; do sleep 1000; done' &
            wait; wait
            ''']
            stop = { signals = ["TERM 200ms", "KILL 5s"] }
            """
        try withRoost(worker) { roost in
            _ = try roost.file("up")
            #expect(Processes.carrying(roost.path).count >= 3)
            let began = ContinuousClock.now
            let result = try roost.call(.stop(names: ["stubborn"], wait: .untilDone(timeout: nil)))
            #expect(result.outcomes.map(\.result) == [.done])
            #expect(ContinuousClock.now - began >= .milliseconds(200))
            let left = Processes.carrying(roost.path).filter { $0 != roost.program.pid }
            #expect(left.isEmpty, "\(Processes.describe(left))")
            #expect(try roost.instance("stubborn:0").lastExit?.status?.status == .signaled(.kill, coreDumped: false))
        }
    }

    /// A parent and a child, each of which notes the TERM that it gets.
    private func family(scope: String) -> String {
        """
        [worker.family]
        command = ["$PYTHON", "$WORKERS/family.py", "$DIR"]
        stop = { signals = ["TERM 10s", "KILL 5s"], scope = "\(scope)" }
        ready = { line = "family is up" }
        """
    }

    private func stopFamily(_ roost: Roost) throws -> Int32 {
        try roost.event(.running, "family:0")
        let child = try #require(Int32(contents("\(roost.path)/child.pid")))
        let result = try roost.call(.stop(names: ["family"], wait: .untilDone(timeout: nil)))
        #expect(result.outcomes.map(\.result) == [.done])
        #expect(contents("\(roost.path)/parent.signal") == "TERM")
        return child
    }

    @Test func `with scope tree everybody gets the signal`() throws {
        try withRoost(family(scope: "tree")) { roost in
            let child = try stopFamily(roost)
            #expect(contents("\(roost.path)/child.signal") == "TERM")
            #expect(!Processes.isAlive(child))
        }
    }

    @Test func `with scope mixed the main process gets the signal, and the others are killed`() throws {
        try withRoost(family(scope: "mixed")) { roost in
            let child = try stopFamily(roost)
            #expect(contents("\(roost.path)/child.signal").isEmpty)
            #expect(!Processes.isAlive(child))
        }
    }

    @Test func `with scope process the others are left alone, and it is said`() throws {
        try withRoost(family(scope: "process")) { roost in
            let child = try stopFamily(roost)
            #expect(Processes.isAlive(child))
            try eventually("it is said that somebody is left") { roost.log.contains("left behind") }
            #expect(roost.log.contains("\(child) ("))
            #expect(contents("\(roost.path)/child.signal").isEmpty)
            kill(child, SIGKILL)
            try eventually("the child is gone") { !Processes.isAlive(child) }
        }
    }

    /// Daemonizes in earnest: forks twice, leaves its session, closes everything.
    private let escape = """
        [worker.escape]
        command = ["$PYTHON", "$WORKERS/escape.py", "$DIR"]
        stop = { signals = ["TERM 2s", "KILL 5s"] }
        """

    private func expectNoEscape(_ roost: Roost) throws -> Int32 {
        let escaped = try #require(Int32(try roost.file("escaped.pid", containing: "\n").dropLast()))
        #expect(Processes.isAlive(escaped))
        return escaped
    }

    @Test func `what daemonizes does not escape without a cgroup`() throws {
        try withRoost(escape) { roost in
            let escaped = try expectNoEscape(roost)
            _ = try roost.call(.stop(names: ["escape"], wait: .untilDone(timeout: nil)))
            #expect(!Processes.isAlive(escaped))
        }
    }

    @Test func `what daemonizes and scrubs its environment is gone after the shutdown`() throws {
        let worker = """
            [worker.scrubbed]
            command = ["sh", "-c", '''
            env -i setsid sh -c 'setsid sh -c "echo up > $DIR/up; sleep 12345; : $DIR" & wait; : $DIR' &
            exec sleep 12345
            ''']
            """
        try withRoost(worker) { roost in
            _ = try roost.file("up")
            // Its ancestors within the run die first, so that nothing but its parent tells whose it is.
            kill(try roost.pid("scrubbed:0"), SIGKILL)
            try roost.event(.running, "scrubbed:0", run: 2)
        }
    }

    @Test(.enabled(if: isAvailable("writable cgroup v2", TestControlGroup.isAvailable)))
    func `what daemonizes and scrubs its environment does not escape a cgroup`() throws {
        let group = try TestControlGroup()
        let worker = escape.replacing("escape.py\", \"$DIR\"", with: "escape.py\", \"$DIR\", \"scrub\"")
        try withRoost(worker, daemon: "cgroup = \"\(group.path)\"") { roost in
            let escaped = try expectNoEscape(roost)
            let pid = try roost.pid("escape:0")
            #expect(contents("/proc/\(escaped)/cgroup").contains("/roost/escape/0#1"))
            #expect(contents("/proc/\(pid)/cgroup").contains("/roost/escape/0#1"))
            // A crash of the main process must not leave the old tree beside the new run.
            kill(pid, SIGKILL)
            try roost.event(.running, "escape:0", run: 2)
            #expect(!Processes.isAlive(escaped))
            let next = try eventually("the next one has escaped") {
                Int32(contents("\(roost.path)/escaped.pid").dropLast()).flatMap { $0 == escaped ? nil : $0 }
            }
            _ = try roost.call(.stop(names: ["escape"], wait: .untilDone(timeout: nil)))
            #expect(!Processes.isAlive(next))
            #expect(!FileSystem.exists("\(group.path)/roost/escape/0#1"))
            #expect(!FileSystem.exists("\(group.path)/roost/escape/0#2"))
        }
    }
}

/// A cgroup of the test's own, as a delegated one would be.
final class TestControlGroup {
    private static var parent: String? {
        ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].first {
            FileSystem.exists("\($0)/cgroup.procs") && FileSystem.exists("\($0)/cgroup.controllers")
        }
    }

    static var isAvailable: Bool {
        guard let group = try? TestControlGroup() else { return false }
        return FileSystem.exists("\(group.path)/cgroup.kill")
    }

    let path: String

    init() throws {
        guard let parent = Self.parent else { throw Unexpected("no cgroup v2 is mounted") }
        path = "\(parent)/roost-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        guard mkdir(path, 0o755) == 0 else { throw Unexpected("cannot make \(path): errno \(errno)") }
    }

    deinit {
        let below =
            ["roost"]
            + ((try? FileManager.default.subpathsOfDirectory(atPath: "\(path)/roost")) ?? []).map { "roost/\($0)" }
        for name in below.sorted().reversed() { rmdir("\(path)/\(name)") }
        rmdir(path)
    }
}
