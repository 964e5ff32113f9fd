import Scheduling
import SupervisorCore
import Testing

@Suite struct PoolTests {
    @Test func `a call goes to a process and its answer to the caller`() {
        var outside = Outside(pool: pool())
        let call = outside.call("[1,2]")
        #expect(outside.deliveries == ["[1,2] to p:0"])
        #expect(outside.told(call) == nil)
        outside.answer("p:0", " {\"sum\": 3} ")
        #expect(outside.told(call) == "done {\"sum\": 3}")
    }

    @Test func `a process has one task at a time, and tasks come in order`() {
        var outside = Outside(pool: pool(slots: 2))
        let calls = (1...4).map { outside.call("\($0)") }
        #expect(outside.sent.map(\.line) == ["1", "2"])
        outside.answer(outside.sent[1].run.instance.description, "\"b\"")
        #expect(outside.sent.map(\.line) == ["1", "2", "3"])
        #expect(outside.sent[2].run == outside.sent[1].run)
        outside.answer(outside.sent[0].run.instance.description, "\"a\"")
        #expect(outside.sent.map(\.line) == ["1", "2", "3", "4"])
        #expect(calls.map { outside.told($0) } == ["done \"a\"", "done \"b\"", nil, nil])
    }

    @Test func `an answer that says error and nothing else is a failed task, and final`() {
        var outside = Outside(pool: pool { $0.retry.attempts = 3 })
        let call = outside.call("1")
        outside.answer("p:0", "{\"error\":{\"code\":7}}")
        #expect(outside.told(call) == "error {\"code\":7}")
        let other = outside.call("2")
        outside.answer("p:0", "{\"error\":1,\"more\":2}")
        #expect(outside.told(other) == "done {\"error\":1,\"more\":2}")
        #expect(outside.sent.count == 2)
    }

    @Test func `a process that dies in a task fails that task and no other`() {
        var outside = Outside(pool: pool(slots: 2))
        let first = outside.call("1")
        let second = outside.call("2")
        let third = outside.call("3")
        let slot = outside.sent[0].run.instance.description
        outside.exit(slot, .signaled(Signal(number: 11), coreDumped: false))
        #expect(outside.told(first) == "crashed: its process \(outside.sent[0].run) was killed by SIGSEGV")
        #expect(outside.told(second) == nil)
        #expect(outside.told(third) == nil)
        outside.spawnAll()
        #expect(outside.sent.last?.line == "3")
        #expect(outside.sent.last?.run.number == 2)
    }

    @Test func `what it had written of an answer is told`() {
        var outside = Outside(pool: pool())
        let call = outside.call("1")
        outside.hear(.taskChannelBroken(outside.run("p:0"), .unfinishedLine(Array("{\"su".utf8))))
        outside.exit("p:0", .exited(code: 2))
        let told = "crashed: its process p:0#1 exited with code 2, after an unfinished line: \"{\"su\""
        #expect(outside.told(call) == told)
    }

    @Test func `a crash in a task is not the worker's failure once it has shown that it works`() {
        var outside = Outside(pool: pool(worker: { $0.restart.giveUp = .init(failures: 1, within: .seconds(60)) }))
        _ = outside.call("1")
        outside.answer("p:0", "1")
        for _ in 1...5 {
            let call = outside.call("2")
            outside.exit("p:0")
            #expect(outside.told(call)?.hasPrefix("crashed") == true)
            outside.spawnAll()
            _ = outside.call("1")
            outside.answer("p:0", "1")
        }
        #expect(outside.state("p:0") == .running)
    }

    @Test func `a worker that never answers anything is backed off, and its failures count`() {
        var outside = Outside(pool: pool(worker: { $0.restart.giveUp = .init(failures: 3, within: .seconds(600)) }))
        let calls = (1...5).map { outside.call("\($0)") }
        for _ in 1...3 {
            outside.exit("p:0")
            outside.pass(.seconds(5))
            outside.spawnAll()
        }
        #expect(outside.state("p:0") == .fatal)
        #expect(calls.prefix(3).allSatisfy { outside.told($0)?.hasPrefix("crashed") == true })
        #expect(outside.told(calls[4])?.hasPrefix("stopped: the pool gave up: p:0 is fatal") == true)
        let late = outside.call("6")
        #expect(outside.told(late) == "refused poolIsDown(\"p\", reason: \"p:0 is fatal\")")
    }

    @Test func `a task of which an attempt fails is tried again, behind the others`() {
        var outside = Outside(pool: pool { $0.retry.attempts = 2 })
        let first = outside.call("1")
        let second = outside.call("2")
        outside.exit("p:0")
        #expect(outside.told(first) == nil)
        outside.spawnAll()
        outside.answer("p:0", "2")
        outside.exit("p:0")
        #expect(outside.told(first)?.hasPrefix("crashed") == true)
        #expect(outside.told(second) == "done 2")
        #expect(outside.sent.map(\.line) == ["1", "2", "1"])
    }

    @Test func `the delay before another attempt is waited for`() {
        var outside = Outside(
            pool: pool(slots: 2) {
                $0.retry.attempts = 2
                $0.retry.delay = .seconds(5)
            })
        _ = outside.call("1")
        outside.exit(outside.sent[0].run.instance.description)
        outside.spawnAll()
        outside.pass(.milliseconds(4999))
        #expect(outside.sent.count == 1)
        outside.pass(.milliseconds(1))
        #expect(outside.sent.map(\.line) == ["1", "1"])
    }

    @Test func `a task that takes too long is ended with its process, which is replaced`() {
        var outside = Outside(pool: pool { $0.taskTimeout = .seconds(30) })
        let call = outside.call("1")
        outside.pass(.seconds(30))
        #expect(outside.look() == ["task 1 to p:0#1", "KILL p:0#1 tree"])
        #expect(outside.told(call) == nil, "until its process is gone")
        outside.answer("p:0", "1")
        #expect(outside.told(call) == nil, "it is too late")
        outside.exit("p:0", .signaled(.kill, coreDumped: false))
        #expect(outside.told(call) == "timed_out: took longer than 30s (task_timeout)")
        #expect(outside.look() == ["release p:0#1", "spawn p:0#2"])
        #expect(outside.supervisor.nextDeadline() == nil)
    }

    @Test(arguments: ["Traceback (most recent call last):", "{\"a\":1", "nul", "1 2", "\u{FFFD}", "01", "[1,]"])
    func `an answer that is no JSON fails the task and costs the process its life`(line: String) {
        var outside = Outside(pool: pool())
        let call = outside.call("1")
        outside.answer("p:0", line)
        #expect(outside.look() == ["task 1 to p:0#1", "KILL p:0#1 tree"])
        outside.exit("p:0", .signaled(.kill, coreDumped: false))
        let expected = "bad_answer: its process answered with what is no JSON: \"\(line)\""
        #expect(outside.told(call) == expected)
        #expect(outside.state("p:0") == .starting, "the first failure is followed at once")
    }

    @Test func `what is written behind an answer does not become the answer to the next task`() {
        var outside = Outside(pool: pool())
        let first = outside.call("1")
        let second = outside.call("2")
        outside.answer("p:0", "1", extra: "debug: hello")
        #expect(outside.told(first) == "done 1")
        #expect(outside.sent.count == 1)
        outside.exit("p:0", .signaled(.kill, coreDumped: false))
        outside.spawnAll()
        #expect(outside.sent.map(\.line) == ["1", "2"])
        outside.answer("p:0", "2")
        #expect(outside.told(second) == "done 2")
    }

    @Test func `a line without a task costs the process its life, and the task that was meant for it nothing`() {
        var outside = Outside(pool: pool())
        let call = outside.call("1")
        outside.hear(.taskChannelBroken(outside.run("p:0"), .unasked(Array("hi".utf8))))
        outside.exit("p:0", .signaled(.kill, coreDumped: false))
        outside.spawnAll()
        outside.answer("p:0", "1")
        #expect(outside.told(call) == "done 1")
    }

    @Test func `a task that its process never took goes to the next one, and that is no attempt`() {
        var outside = Outside(pool: pool())
        let call = outside.call("1")
        outside.hear(.taskChannelBroken(outside.run("p:0"), .inputClosed(taken: false)))
        #expect(outside.sent.count == 1)
        outside.exit("p:0", .exited(code: 0))
        outside.spawnAll()
        #expect(outside.sent.map(\.line) == ["1", "1"])
        outside.answer("p:0", "1")
        #expect(outside.told(call) == "done 1")
    }

    @Test func `a task that is too slow fails, though its process turns out never to have read it`() {
        var outside = Outside(pool: pool { $0.taskTimeout = .seconds(1) })
        let call = outside.call("1")
        outside.pass(.seconds(1))
        outside.hear(.taskChannelBroken(outside.run("p:0"), .inputClosed(taken: false)))
        outside.exit("p:0", .signaled(.kill, coreDumped: false))
        #expect(outside.told(call)?.hasPrefix("timed_out") == true, "\(outside.told(call) ?? "nothing")")
    }
}
