import ControlProtocol
import Foundation
import Linux
import SupervisorCore
import Testing

/// What Roost is for: programs that nobody wrote for it.
@Suite(.enabled(if: isAvailable("redis-server and nginx", RealPrograms.areInstalled)))
struct RealProgramsTests {
    private func withSite(group: String = "", _ body: (Roost) throws -> Void) throws {
        try withRoost(RealPrograms.configuration + group) { roost in
            try write(roost.expand(RealPrograms.nginx), to: "\(roost.path)/nginx.conf")
            #expect(try roost.ctl(["start", "all", "--timeout", "40"]).code == 0)
            try expectService(roost)
            try body(roost)
        }
    }

    private func expectService(_ roost: Roost) throws {
        try eventually("clients are served") { Web.get(roost.host, 8080) == "+PONG\n" }
    }

    @Test func `dependents wait until what they require is ready`() throws {
        try withSite { roost in
            let redis = try roost.event(.running, "redis:0").seq
            let nginx = try roost.event(.starting, "nginx:0").seq
            for index in 0..<4 {
                let starting = try roost.event(.starting, "pool:\(index)").seq
                let running = try roost.event(.running, "pool:\(index)").seq
                #expect(redis < starting)
                #expect(running < nginx)
            }
        }
    }

    @Test func `whoever is killed comes back, and clients are served again`() throws {
        try withSite { roost in
            for name in ["redis:0", "nginx:0", "pool:2"] {
                for signal in [SIGKILL, SIGSEGV] {
                    let before = try roost.instance(name)
                    kill(try #require(before.pid), signal)
                    let exited = try roost.event(.exited, name, run: before.run)
                    // A program may handle SIGSEGV, as Redis does to tell of it; in the end it dies of it.
                    let status = try #require(exited.status?.status)
                    #expect(status.isEnding(by: Signal(number: signal)), "\(name) \(exited.message)")
                    try roost.event(.running, name, after: exited.seq)
                    #expect(try roost.pid(name) != before.pid)
                    try expectService(roost)
                }
            }
            let run = try roost.instance("pool:1").run
            _ = Web.get(roost.host, 8101, "/exit")
            let exited = try roost.event(.exited, "pool:1", run: run)
            #expect(exited.status?.status == .exited(code: 3))
            try roost.event(.running, "pool:1", after: exited.seq)
            try eventually("the pool's member answers") { Web.get(roost.host, 8101) == "+PONG\n" }
            let why = try roost.why("pool:1")
            #expect(why.contains("exited with code 3"), "\(why)")
        }
    }

    @Test func `with one_for_all everybody restarts, in order`() throws {
        let group = "\n[group.site]\nmembers = [\"redis\", \"pool\", \"nginx\"]\nstrategy = \"one_for_all\"\n"
        try withSite(group: group) { roost in
            let before = try roost.status()
            kill(try roost.pid("pool:3"), SIGKILL)
            let restarting = try roost.event(.groupRestarting).seq
            for name in before.keys { try roost.event(.running, name, after: restarting) }
            let after = try roost.status()
            for (name, instance) in before { #expect(after[name]?.pid != instance.pid, "\(name)") }
            let redis = try roost.event(.running, "redis:0", after: restarting).seq
            let pool = try roost.event(.starting, "pool:0", after: restarting).seq
            #expect(redis < pool)
            try expectService(roost)
        }
    }

    @Test func `with rest_for_one those behind restart, and those before stay`() throws {
        let group = "\n[group.site]\nmembers = [\"redis\", \"pool\", \"nginx\"]\nstrategy = \"rest_for_one\"\n"
        try withSite(group: group) { roost in
            let before = try roost.status()
            kill(try roost.pid("pool:0"), SIGKILL)
            let restarting = try roost.event(.groupRestarting).seq
            for name in ["pool:0", "nginx:0"] { try roost.event(.running, name, after: restarting) }
            let after = try roost.status()
            #expect(after["redis:0"]?.pid == before["redis:0"]?.pid)
            for name in ["pool:0", "nginx:0"] { #expect(after[name]?.pid != before[name]?.pid) }
            try expectService(roost)
        }
    }
}

extension SupervisorCore.ExitStatus {
    /// Whether it was ended by this signal, with a core dump or without.
    fileprivate func isEnding(by signal: Signal) -> Bool {
        if case .signaled(signal, _) = self { true } else { false }
    }
}

enum RealPrograms {
    private static let nginxPath = ["/usr/sbin/nginx", "/usr/bin/nginx"].first(where: FileSystem.exists)
    private static let redisPath = "/usr/bin/redis-server"

    static var areInstalled: Bool { nginxPath != nil && FileSystem.exists(redisPath) }

    static let configuration = """
        [worker.redis]
        command = "\(redisPath) --supervised systemd --bind $HOST --port 6379 --save '' --dir $DIR"
        autostart = false
        ready = { notify = true, timeout = "30s" }

        [worker.pool]
        command = ["$PYTHON", "$WORKERS/pool.py", "$HOST", "810{index}"]
        autostart = false
        instances = 4
        requires = ["redis"]
        ready = { tcp = "$HOST:810{index}", every = "20ms", timeout = "30s" }

        [worker.nginx]
        command = "\(nginxPath ?? "nginx") -c $DIR/nginx.conf -p $DIR -e stderr"
        autostart = false
        requires = ["pool"]
        ready = { tcp = "$HOST:8080", every = "20ms", timeout = "30s" }
        health = { http = "http://$HOST:8080/health", every = "100ms", timeout = "5s" }
        """

    static let nginx = """
        daemon off;
        user root;
        worker_processes 2;
        error_log stderr;
        pid $DIR/nginx.pid;
        events {}
        http {
            access_log off;
            client_body_temp_path $DIR/body;
            proxy_temp_path $DIR/proxy;
            fastcgi_temp_path $DIR/fastcgi;
            uwsgi_temp_path $DIR/uwsgi;
            scgi_temp_path $DIR/scgi;
            upstream pool {
                server $HOST:8100 fail_timeout=0;
                server $HOST:8101 fail_timeout=0;
                server $HOST:8102 fail_timeout=0;
                server $HOST:8103 fail_timeout=0;
            }
            server {
                listen $HOST:8080;
                location = /health { return 200; }
                location / { proxy_pass http://pool; }
            }
        }

        """
}
