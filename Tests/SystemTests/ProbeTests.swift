import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// Each way to find out whether a worker is ready, and whether it is well.
@Suite struct ProbeTests {
    /// Starts a worker that becomes ready when the test makes the file `go`, and sees that it is ready then and not
    /// before.
    private func expectReadiness(_ ready: String, _ command: String) throws {
        let worker = "[worker.web]\n\(command)\nready = { \(ready), timeout = \"40s\" }\n"
        try withRoost(worker) { roost in
            let starting = try roost.event(.starting, "web:0")
            _ = try roost.file("up")
            #expect(try roost.instance("web:0").state == .starting)
            try write("go", to: "\(roost.path)/go")
            let running = try roost.event(.running, "web:0")
            #expect(running.seq > starting.seq)
        }
    }

    private func shell(_ then: String) -> String {
        """
        command = ["sh", "-c", '''
        echo up > $DIR/up
        while ! test -e $DIR/go; do sleep 0.02; done
        \(then)
        exec sleep 12345
        ''']
        """
    }

    @Test func `ready after a time`() throws {
        try withRoost("[worker.web]\ncommand = \"sleep 12345\"\nready = { after = \"150ms\" }\n") { roost in
            let starting = try roost.event(.starting, "web:0")
            let running = try roost.event(.running, "web:0")
            #expect(running.time.nanoseconds - starting.time.nanoseconds >= 140_000_000)
        }
    }

    @Test func `ready by a notification`() throws {
        try expectReadiness("notify = true", #"command = ["$PYTHON", "$WORKERS/notify.py", "$DIR"]"#)
    }

    @Test func `a notification of somebody else is not believed`() throws {
        let worker = """
            [worker.web]
            command = ["$PYTHON", "$WORKERS/notify.py", "$DIR"]
            ready = { notify = true, timeout = "40s" }
            """
        try withRoost(worker) { roost in
            let socket = try roost.file("up", containing: "\n").dropLast()
            let stranger = """
                import socket
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                    channel.sendto(b"READY=1", "\(socket)")
                """
            #expect(try Program.run([Places.python, "-c", stranger]).code == 0)
            try eventually("the stranger is noticed") { roost.log.contains("does not belong to the run") }
            #expect(try roost.instance("web:0").state == .starting)
            try write("go", to: "\(roost.path)/go")
            try roost.event(.running, "web:0")
            // The worker waited for its barrier, too.
            _ = try roost.file("barrier", containing: "passed")
        }
    }

    @Test func `ready by a port`() throws {
        let serve = "$PYTHON -m http.server --bind $HOST 8000 & wait"
        try expectReadiness(#"tcp = "$HOST:8000", every = "20ms""#, shell(serve))
    }

    @Test func `ready by a command`() throws {
        try expectReadiness(#"exec = ["test", "-e", "$DIR/go"], every = "20ms""#, shell("true"))
    }

    @Test func `ready by a line`() throws {
        try expectReadiness(#"line = "listening on""#, shell("echo now listening on 80"))
    }

    @Test func `ready by a descriptor`() throws {
        try expectReadiness("fd = 3", shell("echo >&3"))
    }

    @Test func `who is not ready in time has failed, and why says so`() throws {
        let worker = """
            [worker.web]
            command = "sleep 12345"
            ready = { line = "never", timeout = "50ms" }
            restart = { delay = "1ms", give_up = { failures = 2, within = "1m" } }
            """
        try withRoost(worker) { roost in
            try roost.event(.fatal, "web:0")
            let why = try roost.why("web")
            #expect(why.contains("not ready"), "\(why)")
            #expect(try roost.ctl(["start", "web"]).code == 1)
        }
    }

    /// A worker that is well until the file `ill` is there.
    private func expectRestart(_ health: String, _ command: String) throws {
        let worker = """
            [worker.web]
            \(command)
            health = { \(health), every = "30ms", timeout = "5s", failures = 2 }
            stop = { signals = ["TERM 1s", "KILL 5s"] }
            """
        try withRoost(worker) { roost in
            try roost.event(.running, "web:0")
            _ = try roost.file("up")
            let before = try roost.pid("web:0")
            #expect(try roost.instance("web:0").run == 1)
            try write("ill", to: "\(roost.path)/ill")
            try roost.event(.unhealthy, "web:0")
            let stopping = try roost.event(.stopping, "web:0")
            unlink("\(roost.path)/ill")
            try roost.event(.running, "web:0", after: stopping.seq)
            #expect(!Processes.isAlive(before))
        }
    }

    @Test func `who fails a command is restarted`() throws {
        try expectRestart(
            #"exec = ["test", "!", "-e", "$DIR/ill"]"#,
            #"command = ["sh", "-c", "echo up > $DIR/up; exec sleep 12345"]"#)
    }

    private func served(_ mode: String) -> String {
        """
        command = ["$PYTHON", "$WORKERS/ill.py", "$HOST", "$DIR", "\(mode)"]
        ready = { tcp = "$HOST:8000", every = "20ms" }
        """
    }

    @Test func `who does not take connections is restarted`() throws {
        try expectRestart(#"tcp = "$HOST:8000""#, served("close"))
    }

    @Test func `who answers with an error is restarted`() throws {
        try expectRestart(#"http = "http://$HOST:8000/health""#, served("answer"))
    }
}
