import ControlProtocol
import Foundation
import Linux
import Subprocesses
import SupervisorCore
import Testing

/// roostctl and the documented client against the real roostd.
@Suite struct CommandTests {
    private let web = """
        [worker.web]
        command = "sleep 12345"
        instances = 2
        ready = { after = "50ms" }
        [worker.once]
        command = ["sh", "-c", "echo said once; exit 7"]
        autostart = false
        restart = "never"
        """

    @Test func `restart waits until the new run is ready`() throws {
        try withRoost(web) { roost in
            #expect(try roost.ctl(["start", "web"]).code == 0)
            let before = try roost.status().mapValues(\.pid)
            let result = try roost.ctl(["restart", "web"])
            #expect(result.code == 0, "\(result)")
            let after = try roost.status()
            for name in ["web:0", "web:1"] {
                #expect(after[name]?.state == .running)
                #expect(after[name]?.pid != before[name])
            }
        }
    }

    @Test func `a later request supersedes an earlier one`() throws {
        try withRoost("[worker.slow]\ncommand = \"sleep 12345\"\nready = { line = \"never\", timeout = \"1h\" }\n") {
            roost in
            try roost.event(.starting, "slow:0")
            let waiting = try roost.channel()
            let id = try waiting.ask(.start(names: ["slow"], wait: .untilDone(timeout: nil)))
            // The daemon answers in the order in which it is asked, so by now it has heard the start.
            _ = try waiting.call(.version, DaemonStatus.self)
            _ = try roost.call(.stop(names: ["slow"], wait: .untilDone(timeout: nil)))
            #expect(try waiting.result(of: id).outcomes.map(\.result) == [.superseded])
        }
    }

    @Test func `pools grow and shrink`() throws {
        try withRoost(web) { roost in
            #expect(try roost.ctl(["start", "web"]).code == 0)
            let before = try roost.status().mapValues(\.pid)
            #expect(try roost.ctl(["scale", "web=5"]).code == 0)
            #expect(try roost.status().values.filter { $0.worker == "web" && $0.state == .running }.count == 5)
            #expect(try roost.ctl(["scale", "web=1"]).code == 0)
            let after = try roost.status().filter { $0.value.worker == "web" }
            #expect(after.keys.sorted() == ["web:0"])
            #expect(after["web:0"]?.pid == before["web:0"])
        }
    }

    @Test func `exit statuses tell what became of it`() throws {
        try withRoost(web) { roost in
            #expect(try roost.ctl(["start", "web"]).code == 0)
            #expect(try roost.ctl(["status", "web"]).code == 0)
            #expect(try roost.ctl(["status"]).code == 3)
            #expect(try roost.ctl(["start", "nobody"]).code == 6)
            #expect(try roost.ctl(["bogus"]).code == 2)
            #expect(try roost.ctl(["--socket", "/nowhere/control.sock", "status"]).code == 4)
            try write("[worker.web]\ncomand = 1\n", to: roost.configuration)
            #expect(try roost.ctl(["apply"]).code == 7)
            let checked = try roost.ctl(["check", roost.configuration])
            #expect(checked.code == 7)
            #expect(checked.output.contains("comand") || checked.errors.contains("comand"))
        }
    }

    @Test func `a wait that takes too long is exit status 8`() throws {
        try withRoost("[worker.slow]\ncommand = \"sleep 12345\"\nready = { line = \"never\", timeout = \"1h\" }\n") {
            roost in
            let result = try roost.ctl(["start", "slow", "--timeout", "0.1"])
            #expect(result.code == 8, "\(result)")
        }
    }

    @Test func `the last output is in logs and in why`() throws {
        try withRoost(web) { roost in
            _ = try roost.ctl(["start", "once"])
            try roost.event(.exited, "once:0")
            try eventually("it is in the log") { try roost.ctl(["logs", "once"]).output.contains("said once") }
            let why = try roost.why("once")
            #expect(why.contains("said once"), "\(why)")
            #expect(why.contains("7"), "\(why)")
        }
    }

    @Test func `output can be followed over a restart`() throws {
        let worker = """
            [worker.talker]
            command = ["sh", "-c", "echo run $ROOST_RUN; exec sleep 12345"]
            log = "talker.log"
            """
        try withRoost(worker) { roost in
            let follower = try roost.channel()
            var query = LogQuery(names: ["talker"])
            query.follow = true
            _ = try follower.call(.logs(query), LogsResult.self)
            #expect(try roost.ctl(["restart", "talker"]).code == 0)
            try follower.output(containing: "run talker:0#2")
        }
    }

    @Test func `apply tells what it does, and plan does not do it`() throws {
        try withRoost(web) { roost in
            #expect(try roost.ctl(["start", "web"]).code == 0)
            let before = try roost.status().mapValues(\.pid)
            try roost.configure(web + "\n[worker.new]\ncommand = \"sleep 12345\"\n")
            let plan = try roost.ctl(["plan"])
            #expect(plan.code == 0)
            #expect(plan.output.contains("new"))
            #expect(try roost.status()["new:0"] == nil)
            #expect(try roost.ctl(["apply"]).code == 0)
            #expect(try roost.instance("new:0").state == .running)
            #expect(try roost.pid("web:0") == before["web:0"])
        }
    }

    @Test func `shutdown ends roostd`() throws {
        try withRoost(web) { roost in
            let result = try roost.ctl(["shutdown"])
            #expect(result.code == 0, "\(result)")
            #expect(try roost.program.wait() == .exited(code: 0))
            #expect(!FileSystem.exists(roost.socket))
        }
    }

    @Test func `the documented client works`() throws {
        try withRoost(web) { roost in
            #expect(try roost.ctl(["start", "web"]).code == 0)
            let result = try Program.run([Places.python, "\(Places.package)/docs/examples/client.py", roost.socket])
            #expect(result.code == 0, "\(result.errors)")
            let pid = try roost.pid("web:0")
            #expect(result.output.contains("web:0 running \(pid)\n"))
            #expect(result.output.contains("once:0 stopped -\n"))
        }
    }

    @Test func `nothing is leaked over many runs`() throws {
        let flapper = """
            [worker.flapper]
            command = ["sh", "-c", "echo run; exit 1"]
            log = { path = "{instance}.out", stderr = "{instance}.err" }
            ready = { notify = true }
            health = { exec = ["true"], every = "10ms" }
            restart = { delay = "1ms", max_delay = "1ms", give_up = false }
            instances = 2
            """
        try withRoost(flapper) { roost in
            try roost.event(.starting, "flapper:0", run: 20)
            _ = try roost.ctl(["stop", "all"])
            let before = Processes.openDescriptors(of: roost.program.pid)
            _ = try roost.ctl(["start", "all", "--no-wait"])
            try roost.event(.starting, "flapper:0", run: 200)
            _ = try roost.ctl(["stop", "all"])
            // The connection of the last request may take a moment to go.
            try eventually("there are as many descriptors as before, \(before)") {
                Processes.openDescriptors(of: roost.program.pid).count <= before.count
            }
            #expect(try ProcessFileSystem.children(of: roost.program.pid).isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(roost.path)/notify").isEmpty)
        }
    }
}
