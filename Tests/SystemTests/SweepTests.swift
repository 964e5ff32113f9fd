import ControlProtocol
import Foundation
import Linux
import Subprocesses
import SupervisorCore
import Testing

/// What tasks leave when roostd is killed is ended before their queue goes on.
@Suite(.timeLimit(.minutes(5))) struct SweepTests {
    /// Those of this daemon's that are alive, without itself.
    private func left(_ roost: Roost) -> [Int32] {
        Processes.carrying(roost.path).filter { $0 != roost.program.pid }
    }

    /// Says whether what `script` began is still there when it runs.
    private func witness(_ roost: Roost, to queue: String) throws -> String {
        // Who has ended is a zombie until somebody collects it.
        let script =
            "grep -q 'State:.[^ZX]' /proc/$(cat \(roost.path)/pid)/status 2>/dev/null && echo beside || echo alone"
        let id = try roost.submit(script, to: queue)
        _ = try roost.channel().wait(for: [id])
        return try roost.ctl(["logs", "\(id)"]).output
    }

    @Test func `a queue in memory starts nothing beside what an earlier roostd has left of it`() throws {
        try withRoost("[queue.scratch]\ndurable = false\n") { roost in
            // Neither its session nor its parent tells of the last one, but its environment does.
            let script = "echo $$ >\(roost.path)/pid; (setsid sleep 12345 &); exec sleep 12345"
            let id = try roost.submit(script, to: "scratch")
            try roost.await(id, .running)
            try eventually("all is there") { self.left(roost).count >= 2 }
            try roost.killDaemon()
            try roost.start()
            #expect(try witness(roost, to: "scratch") == "alone\n")
            #expect(left(roost).isEmpty)
            #expect(roost.log.contains("when an earlier roostd died"), "\(roost.log)")
        }
    }

    @Test func `a queue that was in memory and is durable now is swept, too`() throws {
        try withRoost("[queue.scratch]\ndurable = false\n") { roost in
            let id = try roost.submit("echo $$ >\(roost.path)/pid; exec sleep 12345", to: "scratch")
            try roost.await(id, .running)
            _ = try roost.file("pid", containing: "\n")
            try roost.killDaemon()
            try roost.configure("[queue.scratch]\n")
            try roost.start()
            #expect(try witness(roost, to: "scratch") == "alone\n")
        }
    }

    @Test func `where stopping spares what tasks have started, finished ones may leave it`() throws {
        try withRoost("[queue.mail]\nslots = 2\nstop = { scope = \"process\" }\n") { roost in
            let launcher = try roost.submit("setsid sleep 12345 & echo $! >\(roost.path)/kept")
            let going = try roost.submit("echo $$ >\(roost.path)/pid; sleep 12345 & wait")
            _ = try roost.channel().wait(for: [launcher])
            _ = try roost.file("pid", containing: "\n")
            let kept = try #require(Int32(try roost.file("kept", containing: "\n").dropLast()))
            try roost.killDaemon()
            try roost.start()
            #expect(try witness(roost, to: "mail") == "alone\n")
            #expect(try roost.task(going).state == .interrupted)
            #expect(left(roost) == [kept])
            kill(kept, SIGKILL)
        }
    }

    @Test func `many that are left are ended, and workers do not wait for that`() throws {
        let configuration = "[queue.mail]\nslots = 4\n[queue.more]\n[worker.web]\ncommand = \"sleep 12345\"\n"
        try withRoost(configuration) { roost in
            for _ in 1...4 { _ = try roost.submit("for i in $(seq 75); do sleep 12345 & done; wait") }
            _ = try roost.submit("sleep 12345", to: "more")
            try eventually("all are there") { self.left(roost).count >= 305 }
            try roost.killDaemon()
            try roost.start()
            let next = try roost.submit("true")
            _ = try roost.channel().wait(for: [next])
            let processes = left(roost).filter { $0 != (try? roost.pid("web:0")) }
            // The worker of the roostd that was killed is another matter.
            #expect(processes.count <= 1, "\(Processes.describe(processes))")
            for pid in processes { kill(pid, SIGKILL) }
        }
    }

    @Test func `a process of a stranger that has the marks of another daemon stays`() throws {
        try withRoost("[queue.mail]\n") { roost in
            try roost.killDaemon()
            var request = SpawnRequest(["sleep", "12345"])
            request.environment = .extend([
                "ROOST_SOCKET": "/elsewhere.sock", "ROOST_WORKER": "mail", "ROOST_RUN": "mail:0#1", "ROOST_TASK": "1",
            ])
            let stranger = try Program(request)
            try roost.start()
            #expect(try roost.ctl(["submit", "mail", "--wait", "--", "true"]).code == 0)
            #expect(Processes.isAlive(stranger.pid))
        }
    }

    @Test(.enabled(if: isAvailable("writable cgroup v2", TestControlGroup.isAvailable)))
    func `what has replaced its environment does not escape a cgroup`() throws {
        let group = try TestControlGroup()
        try withRoost("[queue.mail]\n", daemon: "cgroup = \"\(group.path)\"") { roost in
            let script = "exec env -i sh -c 'echo $$ >\(roost.path)/pid; setsid sleep 12345 & wait; : \(roost.path)'"
            _ = try roost.submit(script)
            let pid = try #require(Int32(try roost.file("pid", containing: "\n").dropLast()))
            #expect(contents("/proc/\(pid)/cgroup").contains("/roost/mail/0#1"))
            try eventually("its child is there") { contents("\(group.path)/roost/mail/0#1/cgroup.procs").count > 8 }
            try roost.killDaemon()
            #expect(Processes.isAlive(pid))
            try roost.start()
            #expect(try witness(roost, to: "mail") == "alone\n")
            try eventually("its group is gone") { !FileSystem.exists("\(group.path)/roost/mail/0#1") }
        }
    }
}
