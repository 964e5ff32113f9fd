import Scheduling
import SupervisorCore
import Testing

@Suite struct StopTests {
    @Test func `a worker that ignores SIGTERM is killed after its grace period`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        _ = outside.look()
        outside.stop("web")
        #expect(outside.look() == ["TERM web:0#1 tree"])
        outside.pass(.milliseconds(9999))
        #expect(outside.look() == [])
        outside.pass(.milliseconds(1))
        #expect(outside.look() == ["KILL web:0#1 tree"])
        outside.exit("web", .signaled(.kill, coreDumped: false))
        #expect(outside.look() == ["release web:0#1"])
        #expect(outside.state("web") == .stopped)
        #expect(outside.results(of: 1) == ["web:0 done"])
        #expect(outside.supervisor.nextDeadline() == nil)
    }

    @Test(arguments: [
        (StopPolicy.Scope.tree, ["TERM web:0#1 tree", "KILL web:0#1 tree"]),
        (.mixed, ["TERM web:0#1", "KILL web:0#1 tree"]), (.process, ["TERM web:0#1", "KILL web:0#1"]),
    ])
    func `the scope says whom each signal reaches`(scope: StopPolicy.Scope, signals: [String]) {
        var outside = Outside(worker("web") { $0.stop.scope = scope })
        outside.spawnAll()
        _ = outside.look()
        outside.stop("web")
        outside.pass(.seconds(10))
        #expect(outside.look() == signals)
    }

    @Test func `what the main process leaves behind is stopped before the next run`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        _ = outside.look()
        outside.exit("web", leaving: true)
        #expect(outside.state("web") == .stopping)
        #expect(outside.report("web").pid == nil)
        #expect(outside.look() == ["TERM web:0#1 tree"])
        outside.hear(.treeEmptied(outside.run("web")))
        #expect(outside.look() == ["release web:0#1", "spawn web:0#2"])
    }

    @Test func `leftovers that survive even SIGKILL are abandoned`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        _ = outside.look()
        outside.exit("web", leaving: true)
        outside.pass(.seconds(15))
        #expect(
            outside.look() == [
                "TERM web:0#1 tree", "KILL web:0#1 tree", "abandon web:0#1", "release web:0#1", "spawn web:0#2",
            ])
    }

    @Test func `under scope process, leftovers are reported and left alone`() {
        var outside = Outside(worker("web") { $0.stop.scope = .process })
        outside.spawnAll()
        _ = outside.look()
        outside.exit("web", leaving: true)
        #expect(outside.look() == ["abandon web:0#1", "release web:0#1", "spawn web:0#2"])
    }

    @Test func `a process that SIGKILL does not end is told of, and never doubled`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        outside.restart("web")
        outside.pass(.seconds(100))
        #expect(outside.state("web") == .stopping)
        #expect(outside.announcements.last?.kind == .stuck)
        #expect(outside.results(of: 1) == ["web:0 failed"], "nobody waits for ever")
        #expect(outside.unspawned.isEmpty)
        outside.exit("web", .signaled(.kill, coreDumped: false))
        #expect(outside.unspawned.map(\.number) == [2])
    }

    // MARK: - The last request wins

    @Test func `a stop while spawning takes effect once the process exists`() {
        var outside = Outside(worker("web"))
        outside.stop("web")
        #expect(outside.state("web") == .starting)
        outside.spawnAll()
        #expect(outside.state("web") == .stopping)
        outside.exit("web", .exited(code: 0))
        #expect(outside.state("web") == .stopped)
    }

    @Test func `a stop and a start while spawning leave the run alone`() {
        var outside = Outside(worker("web"))
        outside.stop("web")
        outside.start("web")
        outside.spawnAll()
        #expect(outside.state("web") == .running)
        #expect(outside.results(of: 1) == ["web:0 superseded"])
        #expect(outside.results(of: 2) == ["web:0 done"])
    }

    @Test func `a start while stopping is done by the next run`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        outside.stop("web")
        outside.start("web")
        outside.exit("web", .signaled(.terminate, coreDumped: false))
        #expect(outside.results(of: 2) == [], "not answered yet")
        outside.spawnAll()
        #expect(outside.run("web").number == 2)
        #expect(outside.results(of: 2) == ["web:0 done"])
    }

    @Test func `a start while the leftovers of a finished run are stopped starts another run`() {
        var outside = Outside(worker("job") { $0.restart.when = .never })
        outside.spawnAll()
        outside.exit("job", .exited(code: 0), leaving: true)
        outside.start("job")
        outside.hear(.treeEmptied(outside.run("job")))
        outside.spawnAll()
        #expect(outside.state("job") == .running)
        #expect(outside.results(of: 1) == ["job:0 done"])
    }

    @Test func `a restart while starting starts anew`() {
        var outside = Outside(worker("web") { $0.ready.probe = .notify })
        outside.spawnAll()
        outside.restart("web")
        #expect(outside.state("web") == .stopping)
        outside.exit("web", .exited(code: 0))
        outside.spawnAll()
        outside.ready("web")
        #expect(outside.run("web").number == 2)
        #expect(outside.results(of: 1) == ["web:0 done"])
    }

    // MARK: - Shutdown

    @Test func `a shutdown stops everything and then says that it is over`() {
        var outside = Outside(worker("web"), worker("db"))
        outside.spawnAll()
        outside.hear(.shutdownRequested)
        outside.exit("web", .exited(code: 0))
        #expect(!outside.isFinished)
        #expect(outside.start("web") == .refused(.shuttingDown))
        outside.exit("db", .exited(code: 0))
        #expect(outside.isFinished)
        #expect(outside.unspawned.isEmpty)
    }

    @Test func `a second shutdown kills at once what is left, whatever depends on it`() {
        var outside = Outside(worker("db"), worker("web") { $0.requires = ["db"] })
        outside.spawnAll()
        outside.hear(.shutdownRequested)
        _ = outside.look()
        outside.hear(.shutdownRequested)
        #expect(Set(outside.look()) == ["KILL web:0#1 tree", "TERM db:0#1 tree", "KILL db:0#1 tree"])
    }

    @Test func `a shutdown does not wait for a process that cannot be killed`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        outside.hear(.shutdownRequested)
        outside.pass(.seconds(15))
        #expect(outside.isFinished)
    }

    @Test func `a shutdown with nothing to stop is over at once`() {
        var outside = Outside(worker("web") { $0.autostart = false })
        outside.hear(.shutdownRequested)
        #expect(outside.isFinished)
    }
}
