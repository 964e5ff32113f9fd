import Scheduling
import SupervisorCore
import Testing

@Suite struct RequestTests {
    private let plan = Plan(
        workers: [worker("web") { $0.instances = 2 }, worker("db")],
        groups: [GroupDefinition(name: "site", members: ["db", "web"])])

    @Test(arguments: [
        ("web", ["web:0", "web:1"]), ("web:1", ["web:1"]), ("web:*", ["web:0", "web:1"]), ("db", ["db:0"]),
        ("@site", ["web:0", "web:1", "db:0"]), ("site", ["web:0", "web:1", "db:0"]),
        ("site:*", ["web:0", "web:1", "db:0"]), ("site:db", ["db:0"]), ("all", ["web:0", "web:1", "db:0"]),
    ])
    func `names mean instances, in plan order`(name: String, expected: [String]) throws {
        let found = try Outside(plan).supervisor.instances(named: [name, name]).get()
        #expect(found.map(\.description) == expected)
    }

    @Test(arguments: [("wbe", "web"), ("web:5", "web:0"), ("@sit", "@site"), ("completely-other", nil)])
    func `an unknown name is refused with the nearest known one`(name: String, nearest: String?) {
        var outside = Outside(plan)
        #expect(outside.stop("db", name) == .refused(.unknownName(name, nearest: nearest)))
        #expect(outside.state("db") == .starting, "nothing is done by halves")
    }

    @Test func `a start that does not wait is answered at once`() {
        var outside = Outside(worker("web") { $0.autostart = false })
        let reply = outside.start("web", wait: false)
        guard case .done(let outcomes)? = reply else {
            Issue.record("there was no answer")
            return
        }
        #expect(outcomes.map(\.result) == [.accepted])
    }

    @Test func `what is so already is said to be unchanged`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        outside.start("web")
        #expect(outside.results(of: 1) == ["web:0 unchanged"])
    }

    @Test func `a start that ends in fatal has failed`() {
        var outside = Outside(
            worker("web") {
                $0.autostart = false
                $0.restart.when = .never
            })
        outside.start("web")
        outside.failSpawn()
        #expect(outside.results(of: 1) == ["web:0 failed"])
    }

    @Test func `one who waits is told when a later request wants something else`() {
        var outside = Outside(worker("web") { $0.ready.probe = .notify })
        outside.start("web")
        outside.stop("web")
        #expect(outside.results(of: 1) == ["web:0 superseded"])
        outside.start("web")
        #expect(outside.results(of: 2) == ["web:0 superseded"])
    }

    @Test func `a start of what cannot be up is answered, not forgotten`() {
        var outside = Outside(worker("db") { $0.autostart = false })
        var next = outside.supervisor.plan
        next.workers.append(worker("web") { $0.requires = ["db"] })
        outside.apply(next)
        #expect(outside.results(of: 1) == ["web:0 superseded"])
        #expect(outside.state("web") == .stopped)
    }

    @Test func `an abandoned request goes on, and is not answered`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        outside.stop("web")
        outside.hear(.requestAbandoned(RequestID(1)))
        outside.exit("web", .exited(code: 0))
        #expect(outside.state("web") == .stopped)
        #expect(outside.replies.isEmpty)
    }

    @Test func `a signal reaches the main process of those that have one`() {
        var outside = Outside(worker("web"), worker("db") { $0.autostart = false })
        outside.spawnAll()
        _ = outside.look()
        outside.request(.signal(names: ["all"], .hangUp))
        #expect(outside.look() == ["HUP web:0#1"])
        #expect(outside.results(of: 1) == ["web:0 done", "db:0 failed"])
    }

    @Test func `more than a thousand waiting requests are refused`() {
        var outside = Outside(worker("web"))
        for _ in 0..<1024 { outside.stop("web") }
        #expect(outside.stop("web") == .refused(.tooManyRequests(limit: 1024)))
    }
}
