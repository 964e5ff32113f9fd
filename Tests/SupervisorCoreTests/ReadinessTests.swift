import Scheduling
import SupervisorCore
import Testing

@Suite struct ReadinessTests {
    @Test func `without a probe, a run is ready as soon as it is spawned`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        #expect(outside.state("web") == .running)
    }

    @Test func `with after, a run is ready when it has lived that long`() {
        var outside = Outside(worker("web") { $0.ready.probe = .after(.seconds(2)) })
        outside.spawnAll()
        outside.pass(.milliseconds(1999))
        #expect(outside.state("web") == .starting)
        outside.pass(.milliseconds(1))
        #expect(outside.state("web") == .running)
        #expect(outside.supervisor.nextDeadline() == nil)
    }

    @Test func `a run that is not ready in time is stopped and tried again`() {
        var outside = Outside(
            worker("web") {
                $0.ready.probe = .tcp(SocketAddress(host: "localhost", port: "80"))
                $0.ready.timeout = .seconds(20)
            })
        outside.spawnAll()
        #expect(outside.look() == ["spawn web:0#1", "probe web:0#1"])
        outside.pass(.seconds(20))
        #expect(outside.look() == ["TERM web:0#1 tree"])
        outside.exit("web", .signaled(.terminate, coreDumped: false))
        #expect(outside.look() == ["release web:0#1", "spawn web:0#2"])
        #expect(outside.report("web").lastExit?.run == 1)
    }

    @Test func `news of an earlier run changes nothing`() {
        var outside = Outside(worker("web") { $0.ready.probe = .notify })
        outside.spawnAll()
        let first = outside.run("web")
        outside.exit("web")
        outside.spawnAll()
        _ = outside.look()
        for event in [
            Event.ready(first), .spawned(first, pid: 7), .exited(first, .unknown, treeIsEmpty: true),
            .treeEmptied(first), .healthChecked(first, problem: "late"),
        ] {
            outside.hear(event)
        }
        #expect(outside.look() == [])
        #expect(outside.state("web") == .starting)
    }

    @Test func `a clock that steps back does not stretch a deadline`() {
        var outside = Outside(worker("web") { $0.ready.probe = .notify })
        outside.pass(.seconds(100))
        outside.stop("nobody")
        outside.setClock(back: .seconds(50))
        outside.spawnAll()
        #expect(outside.supervisor.nextDeadline() == Instant(nanoseconds: 160_000_000_000))
    }

    @Test func `a report says what is, why, and what comes next`() {
        var outside = Outside(worker("web") { $0.restart.delay = .seconds(3) })
        outside.spawnAll()
        outside.exit("web")
        outside.spawnAll()
        outside.pass(.seconds(5))
        outside.exit("web", .signaled(.kill, coreDumped: false))
        let report = outside.report("web")
        #expect(report.state == .backoff)
        #expect(report.run == 2)
        #expect(report.restarts == 2)
        #expect(report.recentFailures == 2)
        #expect(report.pid == nil)
        #expect(report.nextAttempt == outside.now + .seconds(3))
        #expect(report.lastExit?.status == .signaled(.kill, coreDumped: false))
        #expect(report.reason == "was killed by SIGKILL after 5s; retry 2 in 3s")
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.microseconds(500), "500us"), (.microseconds(1500), "1.5ms"),
        (.milliseconds(150), "150ms"), (.seconds(3.25), "3.2s"), (.seconds(10), "10s"), (.seconds(60), "1m"),
        (.seconds(65), "1m 5s"), (.seconds(7380), "2h 3m"), (.seconds(100_800), "1d 4h"), (.seconds(-2), "-2s"),
    ])
    func `durations read well`(duration: Duration, text: String) {
        #expect(duration.text == text)
    }
}
