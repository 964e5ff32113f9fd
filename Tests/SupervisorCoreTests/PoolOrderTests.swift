import Scheduling
import SupervisorCore
import Testing

@Suite struct PoolOrderTests {
    @Test func `a stop lets the task at work end, and takes no more`() {
        var outside = Outside(pool: pool())
        let first = outside.call("1")
        let second = outside.call("2")
        outside.stop("p")
        #expect(outside.look() == ["task 1 to p:0#1", "end p:0#1"])
        outside.answer("p:0", "1")
        #expect(outside.told(first) == "done 1")
        outside.exit("p:0", .exited(code: 0))
        #expect(outside.state("p:0") == .stopped)
        #expect(outside.told(second) == nil, "it waits for a start")
        let late = outside.call("3")
        #expect(outside.told(late) == "refused poolIsDown(\"p\", reason: \"p:0 is stopped\")")
        outside.start("p")
        outside.spawnAll()
        outside.answer("p:0", "2")
        #expect(outside.told(second) == "done 2")
    }

    @Test func `a task that is not done when the drain is over is stopped with its process`() {
        var outside = Outside(pool: pool { $0.drain = .seconds(3) })
        let call = outside.call("1")
        outside.stop("p")
        outside.pass(.seconds(3))
        #expect(outside.look() == ["task 1 to p:0#1", "end p:0#1", "TERM p:0#1 tree"])
        outside.exit("p:0", .signaled(.terminate, coreDumped: false))
        let told = "stopped: its process p:0#1 was killed by SIGTERM, as asked: stop requested"
        #expect(outside.told(call) == told)
    }

    @Test func `without a drain the stop sequence begins at once`() {
        var outside = Outside(pool: pool { $0.drain = .zero })
        outside.stop("p")
        #expect(outside.look() == ["TERM p:0#1 tree"])
    }

    @Test func `a restart loses no task`() {
        var outside = Outside(pool: pool())
        let first = outside.call("1")
        let second = outside.call("2")
        outside.restart("p")
        outside.answer("p:0", "1")
        outside.exit("p:0", .exited(code: 0))
        outside.spawnAll()
        outside.answer("p:0", "2")
        #expect([first, second].map { outside.told($0) } == ["done 1", "done 2"])
    }

    @Test func `scaling down takes processes away after their tasks`() {
        var outside = Outside(pool: pool(slots: 2))
        let calls = [outside.call("1"), outside.call("2")]
        outside.scale("p", to: 1)
        #expect(outside.look().suffix(1) == ["end p:1#1"])
        outside.answer("p:1", "\"b\"")
        outside.exit("p:1", .exited(code: 0))
        outside.answer("p:0", "\"a\"")
        #expect(calls.allSatisfy { outside.told($0)?.hasPrefix("done") == true })
        _ = outside.call("3")
        #expect(outside.deliveries.last == "3 to p:0")
    }

    @Test func `a pool that leaves the plan drops what waits and lets what runs end`() {
        var outside = Outside(pool: pool())
        let first = outside.call("1")
        let second = outside.call("2")
        outside.apply(Plan())
        #expect(outside.told(second) == "cancelled: its pool left the plan")
        outside.answer("p:0", "1")
        #expect(outside.told(first) == "done 1")
        outside.exit("p:0", .exited(code: 0))
        let late = outside.call("3")
        #expect(outside.told(late) == "refused unknownName(\"p\", nearest: nil)")
    }

    @Test func `new limits are taken over without touching a process`() {
        var outside = Outside(pool: pool())
        outside.apply(Plan(workers: [pool { $0.capacity = 1 }]))
        #expect(outside.look() == [])
        _ = outside.call("1")
        let second = outside.call("2")
        #expect(outside.told(second) == "refused queueIsFull(\"p\", capacity: 1)")
    }

    @Test func `a pool that becomes a worker gives up its tasks`() {
        var outside = Outside(pool: pool())
        _ = outside.call("1")
        let second = outside.call("2")
        outside.apply(Plan(workers: [worker("p")]))
        #expect(outside.told(second) == "cancelled: its pool has become a worker")
        let late = outside.call("3")
        #expect(outside.told(late) == "refused noPool(\"p\")")
    }

    @Test func `a shutdown lets tasks at work end and drops the others`() {
        var outside = Outside(pool: pool())
        let first = outside.call("1")
        let second = outside.call("2")
        outside.acknowledgeStores()
        outside.hear(.shutdownRequested)
        #expect(outside.told(second) == "cancelled: roostd is stopping")
        #expect(!outside.isFinished)
        outside.answer("p:0", "1")
        #expect(outside.told(first) == "done 1")
        outside.exit("p:0", .exited(code: 0))
        #expect(outside.isFinished)
    }

    @Test func `a second shutdown kills tasks at work`() {
        var outside = Outside(pool: pool())
        let call = outside.call("1")
        outside.acknowledgeStores()
        outside.hear(.shutdownRequested)
        outside.hear(.shutdownRequested)
        #expect(outside.look().last == "KILL p:0#1 tree")
        outside.exit("p:0", .signaled(.kill, coreDumped: false))
        #expect(outside.told(call)?.hasPrefix("stopped:") == true)
        #expect(outside.isFinished)
    }

    @Test func `a worker takes no tasks`() {
        var outside = Outside(worker("web"))
        outside.spawnAll()
        let reply = outside.request(.call(PoolCall(pool: "web", task: Array("1".utf8))))
        #expect(reply == .refused(.noPool("web")))
    }
}
