import Scheduling
import SupervisorCore
import Testing

@Suite struct OrderTests {
    private let chain = [
        worker("db") { $0.ready.probe = .notify }, worker("web") { $0.requires = ["db"] },
        worker("proxy") { $0.after = ["web"] },
    ]

    @Test func `a worker starts when what it requires is ready, not before`() {
        var outside = Outside(Plan(workers: chain))
        #expect(outside.look() == ["spawn db:0#1"])
        outside.spawnAll()
        #expect(outside.report("web").waitingFor == ["db to be up"])
        _ = outside.look()
        outside.ready("db")
        outside.spawnAll()
        #expect(outside.look() == ["spawn web:0#1", "spawn proxy:0#1"])
    }

    @Test func `a shutdown stops dependants first`() {
        var outside = Outside(Plan(workers: chain))
        outside.spawnAll()
        outside.ready("db")
        outside.spawnAll()
        _ = outside.look()
        outside.hear(.shutdownRequested)
        #expect(outside.look() == ["TERM proxy:0#1 tree"])
        outside.exit("proxy", .exited(code: 0))
        #expect(outside.look() == ["release proxy:0#1", "TERM web:0#1 tree"])
        outside.exit("web", .exited(code: 0))
        #expect(outside.look() == ["release web:0#1", "TERM db:0#1 tree"])
    }

    @Test func `a stop holds whatever requires it, directly or not, but not what only comes after it`() {
        var outside = Outside(
            worker("db"), worker("web") { $0.requires = ["db"] }, worker("api") { $0.requires = ["web"] },
            worker("cron") { $0.after = ["db"] })
        outside.spawnAll()
        _ = outside.look()
        outside.stop("db")
        #expect(outside.look() == ["TERM api:0#1 tree"])
        outside.exit("api", .exited(code: 0))
        outside.exit("web", .exited(code: 0))
        outside.exit("db", .exited(code: 0))
        #expect(outside.state("cron") == .running)
        #expect(outside.report("web").reason == "db, which it requires, is to be down")
        outside.start("db")
        outside.spawnAll()
        #expect(["db", "web", "api"].map(outside.state) == [.running, .running, .running])
    }

    @Test func `a start pulls what it requires`() {
        var outside = Outside(
            worker("db") { $0.autostart = false },
            worker("web") {
                $0.requires = ["db"]
                $0.autostart = false
            })
        outside.start("web")
        outside.spawnAll()
        #expect(outside.state("db") == .running)
        #expect(outside.results(of: 1) == ["web:0 done"], "only what was named is answered")
    }

    @Test func `a restart of a whole worker restarts what requires it, in order`() {
        var outside = Outside(worker("db"), worker("web") { $0.requires = ["db"] })
        outside.spawnAll()
        _ = outside.look()
        outside.restart("db")
        #expect(outside.look() == ["TERM web:0#1 tree"])
        outside.exit("web", .exited(code: 0))
        outside.exit("db", .exited(code: 0))
        outside.spawnAll()
        #expect(
            outside.look() == [
                "release web:0#1", "TERM db:0#1 tree", "release db:0#1", "spawn db:0#2", "spawn web:0#2",
            ])
    }

    @Test func `a crash of what is required leaves dependants alone`() {
        var outside = Outside(worker("db"), worker("web") { $0.requires = ["db"] })
        outside.spawnAll()
        _ = outside.look()
        outside.exit("db")
        #expect(outside.look() == ["release db:0#1", "spawn db:0#2"])
    }

    @Test func `a finished job counts as up for what requires it`() {
        var outside = Outside(
            worker("migrate") { $0.restart.when = .onFailure }, worker("web") { $0.requires = ["migrate"] })
        outside.spawnAll()
        outside.exit("migrate", .exited(code: 0))
        outside.spawnAll()
        #expect(outside.state("web") == .running)
    }

    @Test func `no more instances start at once than allowed`() {
        var plan = Plan(workers: [worker("web") { $0.instances = 5 }])
        plan.workers[0].ready.probe = .notify
        plan.daemon.parallelStarts = 2
        var outside = Outside(plan)
        #expect(outside.unspawned.count == 2)
        #expect(outside.report("web:2").waitingFor == ["a free start slot"])
        outside.spawnAll()
        outside.ready("web:0")
        #expect(outside.unspawned.map(\.instance.index) == [2])
    }

    @Test func `a cycle is named`() {
        let workers = [
            worker("a") { $0.requires = ["c"] }, worker("b") { $0.requires = ["a"] }, worker("c") { $0.after = ["b"] },
            worker("d") { $0.requires = ["a"] },
        ]
        let cycle = DependencyGraph(workers: workers, groups: []).cycle() ?? []
        #expect(cycle.map { workers[$0].name } == ["a", "c", "b"])
        #expect(DependencyGraph(workers: chain, groups: []).cycle() == nil)
    }
}
