import ControlProtocol
import Foundation
import Linux
import Subprocesses
import SupervisorCore
import Testing

/// How roostd behaves towards those who start it, signal it and look at it.
@Suite struct MannersTests {
    private let sleeper = """
        [worker.sleeper]
        command = "sleep 12345"
        """

    private func roostd(_ arguments: [String]) throws -> (code: Int32, output: String, errors: String) {
        try Program.run(["\(Places.executables)/roostd"] + arguments)
    }

    @Test func `a second daemon on the same socket is refused and told who has it`() throws {
        try withRoost(sleeper) { roost in
            let second = try roostd(["--config", roost.configuration])
            #expect(second.code == 1)
            #expect(second.errors.contains("\(roost.program.pid)"), "\(second.errors)")
            #expect(try roost.instance("sleeper:0").state == .running)
        }
    }

    @Test func `a socket that a dead daemon left is replaced`() throws {
        try withRoost(sleeper) { roost in
            try roost.program.send(SIGKILL)
            #expect(try roost.program.wait() == .signaled(signal: SIGKILL, coreDumped: false))
            roost.sweep()
            #expect(FileSystem.exists(roost.socket))
            try roost.start()
            try roost.event(.running, "sleeper:0")
        }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a signal stops everything in reverse order`(signal: Int32) throws {
        let idle = "echo >> $DIR/up; while :; do sleep 0.05; done"
        let workers = """
            [worker.first]
            command = ["sh", "-c", "trap 'echo first >> $DIR/order; exit' TERM; \(idle)"]
            [worker.second]
            command = ["sh", "-c", "trap 'echo second >> $DIR/order; exit' TERM; \(idle)"]
            requires = ["first"]
            """
        try withRoost(workers) { roost in
            _ = try roost.file("up", containing: "\n\n")
            try roost.stop(signal)
            #expect(contents("\(roost.path)/order") == "second\nfirst\n")
        }
    }

    @Test func `a second signal hastens the stop`() throws {
        let worker = """
            [worker.stubborn]
            command = ["sh", "-c", "trap '' TERM; echo up > $DIR/up; while :; do sleep 12345; done"]
            stop = { signals = ["TERM 10m"] }
            """
        try withRoost(worker) { roost in
            _ = try roost.file("up")
            try roost.program.send(SIGTERM)
            try roost.event(.stopping, "stubborn:0")
            try roost.stop(SIGTERM)
        }
    }

    private let three = """
        [worker.same]
        command = "sleep 12345"
        [worker.changed]
        command = "sleep 12345"
        [worker.removed]
        command = "sleep 12345"
        """

    @Test func `SIGHUP applies what changed and touches nothing else`() throws {
        try withRoost(three) { roost in
            for name in ["same:0", "changed:0", "removed:0"] { try roost.event(.running, name) }
            let before = try roost.status()
            try roost.configure(
                """
                [worker.same]
                command = "sleep 12345"
                [worker.changed]
                command = "sleep 12346"
                [worker.new]
                command = "sleep 12347"
                """)
            let latest = try roost.latest()
            try roost.program.send(SIGHUP)
            try roost.event(.running, "new:0", after: latest)
            try roost.event(.running, "changed:0", after: latest)
            try roost.event(.removed, "removed:0", after: latest)
            let after = try roost.status()
            #expect(after["same:0"]?.pid == before["same:0"]?.pid)
            #expect(after["changed:0"]?.pid != before["changed:0"]?.pid)
            #expect(after["removed:0"] == nil)
        }
    }

    @Test func `SIGHUP with a broken configuration changes nothing and says so`() throws {
        try withRoost(three) { roost in
            for name in ["same:0", "changed:0", "removed:0"] { try roost.event(.running, name) }
            let before = try roost.status().mapValues(\.pid)
            try roost.configure("[worker.same]\ncomand = \"sleep 12345\"\n")
            try roost.program.send(SIGHUP)
            try eventually("the problem is in the log") { roost.log.contains("comand") }
            try eventually("the log says what comes of it") { roost.log.contains("stays as it is") }
            #expect(try roost.status().mapValues(\.pid) == before)
        }
    }

    @Test func `SIGUSR2 reopens logs that were moved away`() throws {
        let worker = """
            [worker.talker]
            command = ["sh", "-c", "trap 'echo again' USR1; echo once; while :; do sleep 0.05; done"]
            log = "talker.log"
            """
        try withRoost(worker) { roost in
            _ = try roost.file("log/talker.log", containing: "once")
            rename("\(roost.path)/log/talker.log", "\(roost.path)/log/talker.old")
            try roost.program.send(SIGUSR2)
            try eventually("the log is there again") { FileSystem.exists("\(roost.path)/log/talker.log") }
            #expect(try roost.ctl(["signal", "USR1", "talker"]).code == 0)
            _ = try roost.file("log/talker.log", containing: "again")
            #expect(contents("\(roost.path)/log/talker.old") == "once\n")
        }
    }

    @Test(.enabled(if: isAvailable("right to make namespaces", getuid() == 0)))
    func `as PID 1 it reaps orphans, forwards signals and ends in order`() throws {
        let worker = """
            [worker.parent]
            command = ["sh", "-c", '''
            trap 'echo forwarded >> $DIR/signals' USR1
            (sh -c 'sleep 0.05; echo done > $DIR/orphan' &)
            echo up > $DIR/up
            while :; do sleep 0.05; done
            ''']
            """
        let roost = try Roost(worker, daemon: "")
        defer { roost.sweep() }
        try roost.start(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--"])
        _ = try roost.file("up")
        _ = try roost.file("orphan")
        let inside = try #require(try ProcessFileSystem.children(of: roost.program.pid).first)
        #expect(try roost.call(.version, DaemonStatus.self).pid == 1)
        kill(inside, SIGUSR1)
        _ = try roost.file("signals", containing: "forwarded")
        try eventually("no orphan is left as a zombie") {
            try ProcessFileSystem.children(of: inside).allSatisfy {
                try ProcessFileSystem.statistics(of: $0)?.isZombie != true
            }
        }
        kill(inside, SIGTERM)
        #expect(try roost.program.wait() == .exited(code: 0), "\(roost.log)")
        #expect(Processes.carrying(roost.path).isEmpty)
    }

    @Test func `it raises its own limit of open files, and workers get the one that it had`() throws {
        let worker = """
            [worker.limits]
            command = ["sh", "-c", "ulimit -Sn > $DIR/soft; ulimit -Hn > $DIR/hard; exec sleep 12345"]
            """
        try withRoost(worker, through: ["prlimit", "--nofile=300:2000"]) { roost in
            #expect(try roost.file("hard", containing: "\n") == "2000\n")
            #expect(contents("\(roost.path)/soft") == "300\n")
            let own = contents("/proc/\(roost.program.pid)/limits").split(separator: "\n")
            let line = try #require(own.first { $0.hasPrefix("Max open files") })
            #expect(line.split(separator: " ").dropFirst(3).first == "2000")
        }
    }

    @Test func `it adopts what loses its parent, and collects it`() throws {
        let worker = """
            [worker.parent]
            command = ["sh", "-c", '''
            (setsid sh -c 'echo $$ > $DIR/orphan; while ! test -e $DIR/go; do sleep 0.05; done' &)
            exec sleep 12345
            ''']
            """
        try withRoost(worker) { roost in
            let orphan = try #require(Int32(try roost.file("orphan", containing: "\n").dropLast()))
            try eventually("roostd is the orphan's parent") {
                try ProcessFileSystem.statistics(of: orphan)?.parent == roost.program.pid
            }
            try write("go", to: "\(roost.path)/go")
            try eventually("the orphan is collected") { !ProcessFileSystem.exists(orphan) }
        }
    }

    @Test func `a check tells every problem and exits with 2`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/roost.toml"
        try write("[worker.web]\ncomand = \"sleep 1\"\nnice = \"five\"\n", to: path)
        let broken = try roostd(["--check", path])
        #expect(broken.code == 2)
        #expect(broken.errors.contains("\(path):2"))
        #expect(broken.errors.contains("\(path):3"))
        #expect(broken.errors.contains("command"))

        try write("[worker.web]\ncommand = \"sleep 1\"\ninstances = 3\n", to: path)
        let good = try roostd(["--check", path])
        #expect(good.code == 0)
        #expect(good.output.contains("1 workers, 3 instances"))

        let missing = try roostd(["--check", "/nowhere/roost.toml"])
        #expect(missing.code == 2)
        #expect(missing.errors.contains("/nowhere/roost.toml"))
        #expect(try roostd(["--bogus"]).code == 64)
    }

    @Test func `a configuration with errors is not started with`() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/roost.toml"
        try write("[worker.web]\ncomand = \"sleep 1\"\n", to: path)
        let refused = try roostd(["--config", path])
        #expect(refused.code == 2)
        #expect(refused.errors.contains("\(path):2"))
    }

    @Test func `workers outlive a daemon that is killed, and may go on writing`() throws {
        let worker = """
            [worker.writer]
            command = ["sh", "-c", '''
            echo up
            while ! test -e $DIR/gone; do sleep 0.02; done
            for i in 1 2 3; do echo line || exit 1; done
            echo alive > $DIR/alive
            exec sleep 12345
            ''']
            """
        try withRoost(worker) { roost in
            try roost.event(.running, "writer:0")
            let pid = try roost.pid("writer:0")
            try roost.program.send(SIGKILL)
            _ = try roost.program.wait()
            try write("gone", to: "\(roost.path)/gone")
            _ = try roost.file("alive", containing: "alive")
            #expect(Processes.isAlive(pid))
            roost.sweep()
        }
    }

    @Test(arguments: ["2>&-", "2>/dev/full", "0<&- 1>&- 2>&-"])
    func `it does without a standard error`(redirection: String) throws {
        let roost = try Roost(sleeper + "\nlog = \"sleeper.log\"\n", daemon: "")
        defer { roost.sweep() }
        try roost.start(["sh", "-c", "exec \"$@\" \(redirection)", "sh"])
        try roost.event(.running, "sleeper:0")
        let before = try roost.pid("sleeper:0")
        #expect(try roost.ctl(["restart", "sleeper"]).code == 0)
        #expect(try roost.pid("sleeper:0") != before)
        // What it says must not end up in a descriptor that happens to have the number of standard error.
        let places = Processes.openDescriptors(of: roost.program.pid).filter {
            $0.hasPrefix("0 ") || $0.hasPrefix("1 ") || $0.hasPrefix("2 ")
        }
        #expect(places.allSatisfy { $0.contains("/dev/") || $0.contains(roost.path) }, "\(places)")
        #expect(places.count == 3, "\(places)")
        try roost.stop()
    }

    @Test func `a standard error that nobody reads does not stop it`() throws {
        let flapper = """
            [worker.flapper]
            command = "true"
            restart = { delay = "1ms", max_delay = "1ms", give_up = false }
            """
        var ends: [Int32] = [0, 0]
        // From linux/fcntl.h, which the C library's module does not show.
        let setPipeSize: Int32 = 1031
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        #expect(fcntl(ends[1], setPipeSize, 4096) >= 4096)
        let roost = try Roost(flapper, daemon: "log_level = \"debug\"")
        defer { roost.sweep() }
        try roost.start(["sh", "-c", "exec \"$@\" 2>/proc/\(getpid())/fd/\(ends[1])", "sh"])
        try roost.event(.running, "flapper:0", run: 200)
        try roost.stop()
    }
}
