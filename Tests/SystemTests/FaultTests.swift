import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// When the machine says no: the message in `why` is one that an operator can act upon, and it goes on afterwards.
@Suite struct FaultTests {
    private let patientRestart = "restart = { delay = \"20ms\", max_delay = \"50ms\", give_up = false }"

    @Test(arguments: [
        (#"command = "$DIR/missing""#, "cannot execute $DIR/missing", "No such file or directory"),
        (#"command = "no-such-program-anywhere""#, "cannot find the command no-such-program-anywhere", "install it"),
        (#"command = "$DIR/plain""#, "cannot execute $DIR/plain", "chmod +x"),
        (
            "command = \"sleep 1\"\ndirectory = \"$DIR/nowhere\"", "cannot change to the directory $DIR/nowhere",
            "create it"
        ),
        ("command = \"sleep 1\"\nenvironment_files = [\"$DIR/no.env\"]", "$DIR/no.env", "No such file or directory"),
        ("command = \"sleep 1\"\nstdin = \"$DIR/no.input\"", "$DIR/no.input", "No such file or directory"),
    ])
    func `a worker that cannot be started says what is missing`(keys: String, what: String, reason: String) throws {
        let workers = """
            [worker.broken]
            \(keys)
            restart = { delay = "1ms", give_up = { failures = 2, within = "1m" } }
            [worker.sound]
            command = "sleep 12345"
            """
        let roost = try Roost("", daemon: "")
        defer { roost.sweep() }
        try write("no program", to: "\(roost.path)/plain")
        try roost.configure(workers)
        try roost.start()
        try roost.event(.fatal, "broken:0")
        let why = try roost.why("broken")
        #expect(why.contains(roost.expand(what)), "\(why)")
        #expect(why.contains(reason), "\(why)")
        #expect(try roost.instance("sound:0").state == .running)
        try roost.stop()
    }

    @Test(.enabled(if: isAvailable("useradd", getuid() == 0 && FileSystem.exists("/usr/sbin/useradd"))))
    func `a user that is removed while its worker runs is named`() throws {
        let user = "roost-test-\(getpid())"
        #expect(try Program.run(["/usr/sbin/useradd", "--no-create-home", user]).code == 0)
        defer { _ = try? Program.run(["/usr/sbin/userdel", "--force", user]) }
        let worker = """
            [worker.web]
            command = "sleep 12345"
            user = "\(user)"
            \(patientRestart)
            """
        try withRoost(worker) { roost in
            try roost.event(.running, "web:0")
            #expect(try Program.run(["/usr/sbin/userdel", "--force", user]).code == 0)
            kill(try roost.pid("web:0"), SIGKILL)
            try roost.event(.exited, "web:0", saying: user)
            #expect(try roost.why("web").contains(user))
        }
    }

    @Test func `with all descriptors used up it says so, and what runs goes on`() throws {
        let worker = """
            [worker.many]
            command = "sleep 12345"
            instances = 2
            \(patientRestart)
            """
        try withRoost(worker, through: ["prlimit", "--nofile=48:48"]) { roost in
            try roost.event(.running, "many:1")
            let before = try roost.pid("many:0")
            let channel = try roost.channel()
            _ = try channel.call(.scale(worker: "many", instances: 40, wait: .no), ActionResult.self)
            try roost.event(.exited, saying: "Too many open files")
            let status = try channel.call(.status(names: []), StatusResult.self)
            #expect(status.instances.first?.pid == before)
            let failing = try #require(status.instances.first { $0.reason.contains("Too many open files") })
            #expect(failing.reason.contains("raise the limit of open files"), "\(failing.reason)")
            _ = try channel.call(
                .scale(worker: "many", instances: 3, wait: .untilDone(timeout: nil)), ActionResult.self)
            _ = try channel.call(.start(names: ["many"], wait: .untilDone(timeout: nil)), ActionResult.self)
            #expect(try roost.status().values.allSatisfy { $0.state == .running })
            #expect(try roost.pid("many:0") == before)
        }
    }

    @Test func `without a free descriptor a client is told so, and later ones are served`() throws {
        let worker = """
            [worker.sound]
            command = "sleep 12345"
            """
        try withRoost(worker, through: ["prlimit", "--nofile=48:48"]) { roost in
            try roost.event(.running, "sound:0")
            // Busy ones: idle ones would be closed to make room.
            var busy: [Channel] = []
            var refusal: ControlError?
            while refusal == nil, busy.count < 100 {
                let channel = try roost.channel()
                do {
                    _ = try channel.call(.subscribe(EventQuery()), SubscribeResult.self)
                    busy.append(channel)
                } catch let error as ControlError {
                    refusal = error
                }
            }
            #expect(refusal?.knownCode == .busy)
            #expect(refusal?.message.contains("no file descriptor left") == true, "\(refusal?.message ?? "")")
            busy = []
            try eventually("there is room again") {
                (try? roost.channel().call(.version, DaemonStatus.self))?.pid == roost.program.pid
            }
        }
    }

    @Test(.enabled(if: isAvailable("right to switch users", getuid() == 0)))
    func `with too many processes it says so, and what runs goes on`() throws {
        let worker = """
            [worker.many]
            command = "sleep 12345"
            instances = 12
            \(patientRestart)
            """
        let roost = try Roost(worker, daemon: "")
        defer { roost.sweep() }
        let user = UInt32(61_000 + getpid() % 4000)
        chown(roost.path, user, user)
        try roost.start([
            "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--", "prlimit", "--nproc=8:8",
        ])
        try roost.event(.exited, saying: "cannot")
        let status = try roost.status().values
        let failing = try #require(status.first { $0.reason.contains("too many processes") }, "\(roost.log)")
        #expect(try roost.why(failing.name).contains("too many processes; raise the limit"))
        #expect(status.contains { $0.state == .running })
        // Room again: those who waited start.
        let scaled = try roost.ctl(["scale", "many=4", "--timeout", "40"])
        #expect(scaled.code == 0, "\(scaled)")
        try eventually("the rest runs") { try roost.status().values.allSatisfy { $0.state == .running } }
        try roost.stop()
    }

    @Test func `a socket that is removed comes back, and who is connected stays so`() throws {
        try withRoost("[worker.sleeper]\ncommand = \"sleep 12345\"\n") { roost in
            let before = try roost.channel()
            unlink(roost.socket)
            try eventually("the socket is back") { (try? roost.channel()) != nil }
            #expect(try roost.instance("sleeper:0").state == .running)
            #expect(try before.call(.version, DaemonStatus.self).pid == roost.program.pid)
        }
    }
}
