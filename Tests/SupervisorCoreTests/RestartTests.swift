import Scheduling
import SupervisorCore
import Testing

@Suite struct RestartTests {
    @Test(arguments: [
        (RestartPolicy.Condition.always, Int32(0), InstanceState.starting), (.always, 1, .starting),
        (.onFailure, 0, .exited), (.onFailure, 2, .exited), (.onFailure, 1, .starting), (.never, 0, .exited),
        (.never, 2, .exited), (.never, 1, .fatal),
    ])
    func `what follows an exit is up to restart.when and the success codes`(
        when: RestartPolicy.Condition, code: Int32, expected: InstanceState
    ) {
        var outside = Outside(
            worker("web") {
                $0.restart.when = when
                $0.restart.successCodes = [0, 2]
            })
        outside.spawnAll()
        outside.exit("web", .exited(code: code))
        #expect(outside.state("web") == expected)
    }

    @Test(arguments: [SupervisorCore.ExitStatus.signaled(.terminate, coreDumped: false), .unknown])
    func `an end by a signal or for an unknown reason is a failure`(status: SupervisorCore.ExitStatus) {
        var outside = Outside(worker("web") { $0.restart.when = .never })
        outside.spawnAll()
        outside.exit("web", status)
        #expect(outside.state("web") == .fatal)
    }

    @Test func `the first restart is immediate, later ones wait twice as long each`() {
        var outside = Outside(worker("web") { $0.restart.maxDelay = .milliseconds(300) })
        var delays: [Duration] = []
        for _ in 0..<5 {
            outside.spawnAll()
            outside.exit("web")
            let due = outside.report("web").nextAttempt ?? outside.now
            delays.append(due - outside.now)
            outside.pass(due - outside.now)
        }
        #expect(delays == [.zero, .milliseconds(100), .milliseconds(200), .milliseconds(300), .milliseconds(300)])
    }

    @Test func `jitter keeps each delay within its fraction, and depends on the seed alone`() {
        func secondDelay(seed: UInt64) -> Duration {
            var outside = Outside(Plan(workers: [worker("web") { $0.restart.jitter = 0.5 }]), seed: seed)
            for _ in 0..<2 {
                outside.spawnAll()
                outside.exit("web")
            }
            return (outside.report("web").nextAttempt ?? outside.now) - outside.now
        }
        let delays = (1...20).map { secondDelay(seed: $0) }
        #expect(delays.allSatisfy { (.milliseconds(50)...(.milliseconds(150))).contains($0) })
        #expect(Set(delays).count > 10)
        #expect(secondDelay(seed: 7) == delays[6])
    }

    @Test func `a stable run wipes out the delays before it`() {
        var outside = Outside(worker("web"))
        for _ in 0..<4 {
            outside.spawnAll()
            outside.exit("web")
            outside.pass(.seconds(1))
        }
        outside.spawnAll()
        outside.pass(.seconds(10))
        outside.exit("web")
        #expect(outside.state("web") == .starting, "restarted at once, as after a first failure")
    }

    @Test func `a restart in backoff starts at once and forgives`() {
        var outside = Outside(worker("web"))
        for _ in 0..<2 {
            outside.spawnAll()
            outside.exit("web")
        }
        #expect(outside.state("web") == .backoff)
        outside.restart("web")
        #expect(outside.state("web") == .starting)
        #expect(outside.report("web").restarts == 0)
        #expect(outside.report("web").recentFailures == 0)
    }

    @Test func `a stop in backoff is done at once, and no timer is left`() {
        var outside = Outside(worker("web"))
        for _ in 0..<2 {
            outside.spawnAll()
            outside.exit("web")
        }
        outside.stop("web")
        #expect(outside.state("web") == .stopped)
        #expect(outside.supervisor.nextDeadline() == nil)
    }

    // MARK: - Giving up

    private var twoFailures: WorkerDefinition {
        worker("web") {
            $0.restart.giveUp = RestartPolicy.GiveUp(failures: 2, within: .seconds(60))
            $0.restart.delay = .seconds(1)
        }
    }

    @Test func `exits count towards giving up`() {
        var outside = Outside(twoFailures)
        outside.spawnAll()
        outside.exit("web")
        outside.spawnAll()
        outside.exit("web")
        #expect(outside.state("web") == .fatal)
        #expect(outside.report("web").reason.hasSuffix("gave up: 2 failures within 1m (restart.give_up)"))
    }

    @Test func `failed spawns count towards giving up`() {
        var outside = Outside(twoFailures)
        outside.failSpawn()
        outside.failSpawn()
        #expect(outside.state("web") == .fatal)
        #expect(outside.report("web").reason.hasPrefix("cannot execute /nowhere"))
        #expect(outside.report("web").lastExit?.status == nil)
    }

    @Test func `slow starts count towards giving up`() {
        var slow = twoFailures
        slow.ready.probe = .notify
        slow.ready.timeout = .seconds(5)
        var outside = Outside(slow)
        for _ in 0..<2 {
            outside.spawnAll()
            outside.pass(.seconds(5))
            outside.exit("web", .signaled(.terminate, coreDumped: false))
        }
        #expect(outside.state("web") == .fatal)
        #expect(outside.report("web").reason.contains("was not ready within 5s (notify)"))
    }

    @Test func `failed health checks count towards giving up`() {
        var sick = twoFailures
        sick.health = HealthCheck(probe: .http("http://127.0.0.1/"))
        sick.health?.failures = 1
        var outside = Outside(sick)
        for _ in 0..<2 {
            outside.spawnAll()
            outside.hear(.healthChecked(outside.run("web"), problem: "no answer"))
            outside.exit("web", .exited(code: 0))
        }
        #expect(outside.state("web") == .fatal)
        #expect(outside.report("web").reason.contains("was unhealthy (no answer)"))
    }

    @Test func `failures that are further apart than the window do not count together`() {
        var outside = Outside(twoFailures)
        for _ in 0..<5 {
            outside.spawnAll()
            outside.exit("web")
            outside.pass(.seconds(61))
        }
        #expect(outside.state("web") == .starting)
    }

    @Test func `only the prescribed number of health checks in a row restarts a run`() {
        var outside = Outside(worker("web") { $0.health = HealthCheck(probe: .http("http://127.0.0.1/")) })
        outside.spawnAll()
        let run = outside.run("web")
        for problem in ["down", "down", nil, "down", "down"] { outside.hear(.healthChecked(run, problem: problem)) }
        #expect(outside.state("web") == .running)
        outside.hear(.healthChecked(run, problem: "down"))
        #expect(outside.state("web") == .stopping)
    }
}
