import Configuration
import SupervisorCore
import Testing

@Suite struct DecodingTests {
    @Test func `an empty file is an empty plan with every default`() {
        #expect(plan("") == Plan())
    }

    @Test func `a worker that says nothing but its command has every default`() {
        #expect(worker("") == WorkerDefinition(name: "web", launch: LaunchSpecification(arguments: ["serve"])))
    }

    @Test func `a command in a string is split as a shell would`() {
        let found = plan("[worker.a]\ncommand = \"sh -c 'echo a  b' \\\"x y\\\"\"")
        #expect(found?.workers.first?.launch.arguments == ["sh", "-c", "echo a  b", "x y"])
    }

    @Test func `workers keep the order of the file`() {
        let found = plan("worker.b.command = \"x\"\nworker.a.command = \"y\"\nworker.c.command = \"z\"")
        #expect(found?.workers.map(\.name) == ["b", "a", "c"])
    }

    @Test(arguments: [
        ("500us", Duration.microseconds(500)), ("100ms", .milliseconds(100)), ("1.5s", .milliseconds(1500)),
        ("0.000000001s", .nanoseconds(1)), ("2m", .seconds(120)), ("1h30m", .seconds(5400)), ("1d", .seconds(86_400)),
        ("0s", .zero), ("1d2h3m4s5ms6us", .seconds(93_784) + .microseconds(5006)), ("3650d", .seconds(315_360_000)),
    ])
    func `a duration carries its unit`(_ text: String, _ expected: Duration) {
        #expect(worker("restart = { reset_after = \"\(text)\" }")?.restart.resetAfter == expected)
    }

    @Test(arguments: [
        ("512B", Int64(512)), ("64K", 65_536), ("64KiB", 65_536), ("64kb", 65_536), ("50M", 50 << 20), ("2G", 2 << 30),
        ("1T", 1 << 40),
    ])
    func `a size counts in 1024s, however its unit is spelled`(_ text: String, _ expected: Int64) {
        #expect(worker("log = { rotate_size = \"\(text)\" }")?.log.rotateSize == expected)
    }

    @Test func `zero is a size without a unit`() {
        #expect(worker("log = { rotate_size = 0 }")?.log.rotateSize == 0)
    }

    @Test func `everything about the launch reaches the plan`() {
        let launch = worker(
            """
            user = "www-data"
            group = "1000"
            supplementary_groups = ["adm"]
            directory = "/srv"
            umask = "027"
            inherit_environment = false
            environment = { B = "2", A = "" }
            environment_files = ["-/a", "/b"]
            limits = { open_files = 1024, core_size = 0, stack_size = "8M", cpu_seconds = "unlimited" }
            nice = -5
            oom_score_adjust = 500
            no_new_privileges = true
            parent_death_signal = "SIGKILL"
            stdin = "/dev/zero"
            """)?.launch
        var expected = LaunchSpecification(arguments: ["serve"])
        expected.user = "www-data"
        expected.group = "1000"
        expected.supplementaryGroups = ["adm"]
        expected.directory = "/srv"
        expected.umask = 0o027
        expected.inheritEnvironment = false
        expected.environment = [EnvironmentVariable(name: "B", value: "2"), EnvironmentVariable(name: "A", value: "")]
        expected.environmentFiles = ["-/a", "/b"]
        expected.limits = [
            ResourceLimit(kind: .openFiles, value: 1024), ResourceLimit(kind: .coreSize, value: 0),
            ResourceLimit(kind: .stackSize, value: 8 << 20), ResourceLimit(kind: .cpuSeconds, value: nil),
        ]
        expected.nice = -5
        expected.oomScoreAdjustment = 500
        expected.noNewPrivileges = true
        expected.parentDeathSignal = .kill
        expected.standardInput = "/dev/zero"
        #expect(launch == expected)
    }

    @Test func `a restart policy may be one word`() {
        #expect(worker("restart = \"on-failure\"")?.restart.when == .onFailure)
    }

    @Test func `giving up can be switched off`() {
        let restart = worker("restart = { give_up = false }")?.restart
        #expect(restart != nil)
        #expect(restart?.giveUp == nil)
    }

    @Test func `a restart policy may say everything`() {
        let restart = worker(
            "restart = { when = \"never\", success_codes = [0, 3], delay = \"1s\", factor = 3, max_delay = \"9s\", "
                + "jitter = 0, reset_after = \"1m\", give_up = { failures = 2, within = \"3s\" } }")?.restart
        var expected = RestartPolicy()
        expected.when = .never
        expected.successCodes = [0, 3]
        expected.delay = .seconds(1)
        expected.factor = 3
        expected.maxDelay = .seconds(9)
        expected.jitter = 0
        expected.resetAfter = .seconds(60)
        expected.giveUp = RestartPolicy.GiveUp(failures: 2, within: .seconds(3))
        #expect(restart == expected)
    }

    @Test(arguments: [
        ("after = \"2s\"", Readiness.Probe.after(.seconds(2))), ("notify = true", .notify),
        ("tcp = \"127.0.0.1:80{index}\"", .tcp(SocketAddress(host: "127.0.0.1", port: "80{index}"))),
        ("tcp = \"[::1]:80\"", .tcp(SocketAddress(host: "::1", port: "80"))),
        ("exec = [\"check\", \"{index}\"]", .exec(["check", "{index}"])),
        ("exec = \"check it\"", .exec(["check", "it"])),
        ("line = \"listening\"", .line("listening")), ("fd = 3", .descriptor(3)),
    ])
    func `readiness is shown by one probe`(_ text: String, _ expected: Readiness.Probe) {
        #expect(worker("ready = { \(text), timeout = \"1h\" }")?.ready.probe == expected)
    }

    @Test func `health is shown by one probe`() {
        let health = worker("health = { http = \"http://[::1]:8080/x?y\", every = \"1s\", failures = 1 }")?.health
        #expect(health?.probe == .http("http://[::1]:8080/x?y"))
        #expect(health?.every == .seconds(1))
        #expect(health?.failures == 1)
    }

    @Test func `a list of stop signals that does not end in KILL gets one`() {
        let stop = worker("stop = { signals = [\"INT 1s\", \"TERM\"], scope = \"mixed\" }")?.stop
        #expect(
            stop?.steps == [
                .init(signal: .interrupt, grace: .seconds(1)), .init(signal: .terminate, grace: .seconds(10)),
                .init(signal: .kill, grace: .seconds(5)),
            ])
        #expect(stop?.scope == .mixed)
    }

    @Test func `a list of stop signals that ends in KILL stays as it is`() {
        #expect(worker("stop.signals = [\"KILL 1s\"]")?.stop.steps == [.init(signal: .kill, grace: .seconds(1))])
    }

    @Test func `output may be discarded, or go to one file`() {
        #expect(worker("log = false")?.log.output == .some(nil))
        #expect(worker("log = \"web.log\"")?.log.output == "web.log")
    }

    @Test func `relative paths of the daemon start beside the configuration`() {
        let daemon = plan("[daemon]\nsocket = \"run/s\"\nlog_directory = \"./log\"\nstate_directory = \"/x\"")?.daemon
        #expect(daemon?.socket == "/etc/roost/run/s")
        #expect(daemon?.logDirectory == "/etc/roost/log")
        #expect(daemon?.stateDirectory == "/x")
    }

    @Test func `the daemon can be told everything`() {
        let daemon = plan(
            """
            [daemon]
            socket_mode = "0660"
            socket_group = "adm"
            parallel_starts = 5
            cgroup = "/sys/fs/cgroup/x"
            log_level = "debug"
            """)?.daemon
        #expect(daemon?.socketMode == 0o660)
        #expect(daemon?.socketGroup == "adm")
        #expect(daemon?.parallelStarts == 5)
        #expect(daemon?.cgroup == .path("/sys/fs/cgroup/x"))
        #expect(daemon?.logLevel == .debug)
    }

    @Test func `groups and access rules reach the plan`() {
        let found = plan(
            """
            [worker]
            a = { command = "x" }
            b = { command = "y" }
            [group.g]
            members = ["b", "a"]
            strategy = "one_for_all"
            intensity = { restarts = 3, within = "1m" }
            [access]
            ops = { group = "adm", verbs = ["*"], workers = ["a", "b*"] }
            """)
        #expect(
            found?.groups == [
                GroupDefinition(
                    name: "g", members: ["b", "a"], strategy: .oneForAll,
                    intensity: .init(restarts: 3, within: .seconds(60)))
            ])
        #expect(found?.access == [AccessRule(name: "ops", group: "adm", verbs: ["*"], workers: ["a", "b*"])])
    }

    @Test func `a warning does not keep the plan back`() {
        let loaded = Fixture("[worker.a]\ncommand = \"cat | wc\"").load()
        #expect(loaded.plan != nil)
        #expect(loaded.problems.map(\.severity) == [.warning])
    }

    @Test func `what is missing on the machine is a warning, and only if asked for`() {
        var fixture = Fixture("[worker.a]\ncommand = [\"/bin/x\"]\ndirectory = \"/srv\"")
        #expect(fixture.load().problems.isEmpty)
        fixture.finding = { $0 == "/srv" ? .otherFile : .missing }
        let loaded = fixture.load()
        #expect(loaded.plan != nil)
        #expect(
            loaded.problems.map(\.description) == [
                "roost.toml:2: warning: worker.a.command: /bin/x does not exist; install it, or correct the path",
                "roost.toml:3: warning: worker.a.directory: /srv is not a directory; name a directory",
            ])
    }

    @Test func `a chain of thousands of workers is no cycle, and no recursion`() {
        var text = "worker.w0.command = \"x\"\n"
        for index in 1..<3000 { text += "worker.w\(index) = { command = \"x\", requires = [\"w\(index - 1)\"] }\n" }
        #expect(plan(text)?.workers.count == 3000)
    }

    @Test func `problems beyond a thousand are counted as too many`() {
        let text = (0..<3000).map { "x\($0) = 1" }.joined(separator: "\n")
        let loaded = Fixture(text).load()
        #expect(loaded.problems.count == 1001)
        #expect(loaded.plan == nil)
    }

    @Test func `a queue that says nothing has every default`() {
        #expect(plan("[queue.mail]")?.queues == [QueueDefinition(name: "mail")])
    }

    @Test func `everything about a queue reaches the plan`() {
        let found = plan(
            """
            [queue.mail]
            slots = 4
            order = "priority"
            capacity = 10
            keep = 5
            timeout = "10m"
            retry = { attempts = 3, delay = "5s", factor = 3, max_delay = "1m", jitter = 0 }
            priority = -1
            on_interrupt = "retry"
            durable = false
            paused = true
            success_codes = [0, 75]
            submitter_environment = ["LANG", "LC_*"]
            submitter_directory = false
            user = "www-data"
            stop = { signals = ["INT 1s"], scope = "mixed" }
            log = false
            """)
        var queue = QueueDefinition(name: "mail")
        (queue.slots, queue.order, queue.capacity, queue.keep) = (4, .priority, 10, 5)
        queue.timeout = .seconds(600)
        (queue.retry.attempts, queue.retry.factor, queue.retry.jitter) = (3, 3, 0)
        (queue.retry.delay, queue.retry.maxDelay) = (.seconds(5), .seconds(60))
        (queue.priority, queue.onInterrupt, queue.durable, queue.paused) = (-1, .retry, false, true)
        queue.successCodes = [0, 75]
        (queue.submitterEnvironment, queue.submitterDirectory) = (["LANG", "LC_*"], false)
        queue.launch.user = "www-data"
        queue.stop.steps = [
            StopPolicy.Step(signal: .interrupt, grace: .seconds(1)), StopPolicy.Step(signal: .kill, grace: .seconds(5)),
        ]
        queue.stop.scope = .mixed
        queue.log.output = nil
        #expect(found?.queues == [queue])
    }

    @Test func `an access rule can name a queue`() {
        let rule = "access.a = { user = \"root\", verbs = [\"status\"], workers = [\"mail\"] }"
        #expect(plan("\(rule)\n[queue.mail]")?.access.first?.workers == ["mail"])
    }
}
