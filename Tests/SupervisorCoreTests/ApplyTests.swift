import Scheduling
import SupervisorCore
import Testing

@Suite struct ApplyTests {
    private static let changes: [(String, needsRestart: Bool, change: @Sendable (inout WorkerDefinition) -> Void)] = [
        ("command", true, { $0.launch.arguments = ["/bin/other"] }),
        ("user", true, { $0.launch.user = "www-data" }),
        ("group", true, { $0.launch.group = "www-data" }),
        ("supplementary_groups", true, { $0.launch.supplementaryGroups = ["adm"] }),
        ("directory", true, { $0.launch.directory = "/srv" }),
        ("umask", true, { $0.launch.umask = 0o077 }),
        ("inherit_environment", true, { $0.launch.inheritEnvironment = false }),
        ("environment", true, { $0.launch.environment = [EnvironmentVariable(name: "A", value: "b")] }),
        ("environment_files", true, { $0.launch.environmentFiles = ["/etc/default/web"] }),
        ("limits", true, { $0.launch.limits = [ResourceLimit(kind: .openFiles, value: 9)] }),
        ("nice", true, { $0.launch.nice = 5 }),
        ("oom_score_adjust", true, { $0.launch.oomScoreAdjustment = 100 }),
        ("no_new_privileges", true, { $0.launch.noNewPrivileges = true }),
        ("parent_death_signal", true, { $0.launch.parentDeathSignal = .kill }),
        ("stdin", true, { $0.launch.standardInput = "/dev/zero" }),
        ("ready", true, { $0.ready.probe = .after(.zero) }),
        ("log", true, { $0.log.keep = 3 }),
        ("autostart", false, { $0.autostart = false }),
        ("requires", false, { $0.requires = ["db"] }),
        ("after", false, { $0.after = ["db"] }),
        ("restart", false, { $0.restart.factor = 3 }),
        ("health", false, { $0.health = HealthCheck(probe: .http("http://127.0.0.1/")) }),
        ("stop", false, { $0.stop.scope = .mixed }),
    ]

    @Test(arguments: 0..<23)
    func `a change of one key restarts a run only if the run has it from its start on`(index: Int) {
        let (key, needsRestart, change) = Self.changes[index]
        let plan = Plan(workers: [worker("db"), worker("web")])
        var outside = Outside(plan)
        outside.spawnAll()
        var next = plan
        change(&next.workers[1])
        let expected: PlanDifference.Change =
            needsRestart ? .restart(worker: "web", keys: [key]) : .update(worker: "web", keys: [key])
        #expect(outside.supervisor.difference(to: next).changes == [expected])
        outside.apply(next)
        #expect(outside.state("web") == (needsRestart ? .stopping : .running))
        #expect(outside.state("db") == .running)
    }

    @Test func `the same plan changes nothing`() {
        let plan = Plan(workers: [worker("db"), worker("web") { $0.instances = 3 }])
        var outside = Outside(plan)
        outside.spawnAll()
        _ = outside.look()
        #expect(outside.supervisor.difference(to: plan).isEmpty)
        #expect(outside.apply(plan) == .done([]))
        #expect(outside.look() == [])
    }

    @Test func `a new worker starts, one that left stops and is gone`() {
        var outside = Outside(worker("old"))
        outside.spawnAll()
        outside.apply(Plan(workers: [worker("new")]))
        outside.spawnAll()
        #expect(outside.state("new") == .running)
        #expect(outside.state("old") == .stopping)
        outside.exit("old", .exited(code: 0))
        #expect(outside.supervisor.reports(at: outside.now).map(\.instance.worker) == ["new"])
        #expect(outside.results(of: 1) == ["new:0 done", "old:0 done"])
    }

    @Test func `a fatal worker with a new definition is tried again`() {
        var outside = Outside(worker("web") { $0.restart.when = .never })
        outside.failSpawn()
        #expect(outside.state("web") == .fatal)
        var fixed = outside.supervisor.plan
        fixed.workers[0].launch.arguments = ["/bin/right"]
        outside.apply(fixed)
        outside.spawnAll()
        #expect(outside.state("web") == .running)
    }

    @Test func `scaling up adds at the end, scaling down takes from the end`() {
        var outside = Outside(worker("web") { $0.instances = 2 })
        outside.spawnAll()
        _ = outside.look()
        outside.scale("web", to: 4)
        outside.spawnAll()
        #expect(outside.look() == ["spawn web:2#1", "spawn web:3#1"])
        outside.scale("web", to: 1)
        #expect(outside.look() == ["TERM web:1#1 tree", "TERM web:2#1 tree", "TERM web:3#1 tree"])
        for index in 1...3 { outside.exit("web:\(index)", .exited(code: 0)) }
        #expect(outside.results(of: 2) == ["web:1 done", "web:2 done", "web:3 done"])
    }

    @Test func `numbers of runs are never used again, even by an instance that left and came back`() {
        var outside = Outside(worker("web") { $0.instances = 2 })
        outside.spawnAll()
        outside.scale("web", to: 1)
        outside.exit("web:1", .exited(code: 0))
        outside.scale("web", to: 2)
        #expect(outside.unspawned == [RunID(instance: InstanceID(worker: "web", index: 1), number: 2)])
    }

    @Test func `a scale that is undone before the end starts the instance again`() {
        var outside = Outside(worker("web") { $0.instances = 2 })
        outside.spawnAll()
        outside.scale("web", to: 1)
        outside.scale("web", to: 2)
        outside.exit("web:1", .exited(code: 0))
        outside.spawnAll()
        #expect(outside.state("web:1") == .running)
        #expect(outside.results(of: 1) == ["web:1 superseded"])
        #expect(outside.results(of: 2) == ["web:1 done"])
    }

    @Test(arguments: [-1, 10_001])
    func `a count out of bounds is refused`(count: Int) {
        var outside = Outside(worker("web"))
        #expect(outside.scale("web", to: count) == .refused(.badCount(count, limit: 10_000)))
    }

    @Test func `a count that was set by hand is kept by a plan that does not change it`() {
        let plan = Plan(workers: [worker("web") { $0.instances = 2 }])
        var outside = Outside(plan)
        outside.scale("web", to: 3)
        var next = plan
        next.workers[0].restart.factor = 3
        outside.apply(next)
        #expect(outside.supervisor.definition(of: "web")?.instances == 3)
        next.workers[0].instances = 1
        #expect(outside.supervisor.difference(to: next).changes == [.scale(worker: "web", from: 3, to: 1)])
    }
}
