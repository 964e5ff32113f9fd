import Scheduling
import SupervisorCore
import Testing

@Suite struct PoolLimitTests {
    @Test func `a full pool refuses a call`() {
        var outside = Outside(pool: pool { $0.capacity = 2 })
        _ = outside.call("1")
        _ = outside.call("2")
        let third = outside.call("3")
        #expect(outside.told(third) == "refused queueIsFull(\"p\", capacity: 2)")
    }

    @Test func `who waits for room comes in when there is some, in order`() {
        var outside = Outside(pool: pool { $0.capacity = 1 })
        let first = outside.call("1")
        let second = outside.call("2", waitsForRoom: true)
        let third = outside.call("3", timeout: .seconds(5), waitsForRoom: true)
        let fourth = outside.call("4", timeout: .seconds(1), waitsForRoom: true)
        outside.pass(.seconds(1))
        #expect(outside.told(fourth) == "refused queueIsFull(\"p\", capacity: 1)")
        outside.answer("p:0", "1")
        outside.answer("p:0", "2")
        outside.answer("p:0", "3")
        #expect([first, second, third].map { outside.told($0) } == ["done 1", "done 2", "done 3"])
        #expect(outside.supervisor.nextDeadline() == nil)
    }

    @Test func `a caller waits no longer than it says, and the task goes on`() {
        var outside = Outside(pool: pool())
        let call = outside.call("1", timeout: .seconds(2))
        outside.pass(.seconds(2))
        #expect(outside.told(call) == "refused callTimedOut(1)")
        outside.answer("p:0", "1")
        let report = outside.supervisor.taskReport(TaskID(1), at: outside.now)
        #expect(report?.state == .done)
        #expect(report?.answer == "1")
    }

    @Test func `a task whose caller has gone is not begun`() {
        var outside = Outside(pool: pool())
        let first = outside.call("1")
        let second = outside.call("2")
        outside.hear(.requestAbandoned(RequestID(first)))
        outside.hear(.requestAbandoned(RequestID(second)))
        outside.answer("p:0", "1")
        #expect(outside.sent.map(\.line) == ["1"])
        #expect(outside.supervisor.taskReports(at: outside.now).reports.isEmpty)
    }

    @Test func `a process is replaced after its share of tasks, between two of them`() {
        var outside = Outside(pool: pool { $0.tasksPerProcess = 2 })
        let calls = (1...3).map { outside.call("\($0)") }
        outside.answer("p:0", "1")
        outside.answer("p:0", "2")
        #expect(outside.look() == ["task 1 to p:0#1", "task 2 to p:0#1", "end p:0#1"])
        outside.exit("p:0", .exited(code: 0))
        outside.spawnAll()
        #expect(outside.look() == ["release p:0#1", "spawn p:0#2", "task 3 to p:0#2"])
        outside.answer("p:0", "3")
        #expect(calls.map { outside.told($0) } == ["done 1", "done 2", "done 3"])
        #expect(outside.report("p:0").restarts == 0, "recycling is no failure")
    }

    @Test func `the first processes get unequal shares, so that not all are replaced at once`() {
        var outside = Outside(pool: pool(slots: 2) { $0.tasksPerProcess = 4 })
        for number in 1...6 {
            _ = outside.call("\(number)")
            _ = outside.call("\(number)")
            for (run, _, _) in outside.sent.suffix(2) where outside.report("\(run.instance)").run == run.number {
                outside.answer("\(run.instance)", "1")
            }
            let leaving = ["p:0", "p:1"].filter { outside.state($0) == .stopping }
            #expect(leaving.count < 2)
            for name in leaving { outside.exit(name, .exited(code: 0)) }
            outside.spawnAll()
        }
    }

    @Test func `the same key is the same task`() {
        var outside = Outside(pool: pool())
        let first = outside.call("1", key: "a")
        let second = outside.call("1", key: "a")
        let other = outside.call("2", key: "a")
        outside.answer("p:0", "7")
        let late = outside.call("1", key: "a")
        #expect([first, second, late].map { outside.told($0) } == ["done 7", "done 7", "done 7"])
        #expect(outside.told(other) == "refused keyInUse(\"a\", 1)")
        #expect(outside.sent.count == 1)
    }

    @Test func `finished tasks that somebody has the number of are kept, the oldest forgotten`() {
        var outside = Outside(pool: pool { $0.keep = 2 })
        for number in 1...3 {
            #expect(outside.give("\(number)") == .submitted(TaskID(UInt64(number)), isNew: true))
            outside.answer("p:0", "\(number)")
        }
        #expect(outside.supervisor.taskReports(at: outside.now).reports.map(\.id.number) == [2, 3])
    }

    @Test func `a task that is submitted can be waited for and cancelled`() {
        var outside = Outside(pool: pool())
        _ = outside.give("[ 1 ]")
        _ = outside.give("2")
        #expect(outside.sent.map(\.line) == ["[1]"], "compact")
        outside.request(.waitTasks([TaskID(1)]))
        let waiting = outside.lastRequest
        let reply = outside.request(.cancelTasks([TaskID(2)], wait: true))
        guard case .tasks(let reports)? = reply else {
            Issue.record("not cancelled: \(String(describing: reply))")
            return
        }
        #expect(reports.map(\.state) == [.cancelled])
        outside.answer("p:0", "1")
        guard case .tasks(let ended)? = outside.replies[waiting] else {
            Issue.record("not told of the end")
            return
        }
        #expect(ended.map(\.answer) == ["1"])
        #expect(outside.request(.cancelTasks([TaskID(1)], wait: true)) == .refused(.taskIsFinished(TaskID(1), .done)))
    }

    @Test func `who waits for a task by its number is told of its end although its pool goes with it`() {
        var outside = Outside(pool: pool())
        _ = outside.give("1")
        _ = outside.give("2")
        outside.request(.waitTasks([TaskID(1), TaskID(2)]))
        let waiting = outside.lastRequest
        outside.apply(Plan())
        outside.exit("p:0", .exited(code: 3))
        guard case .tasks(let ended)? = outside.replies[waiting] else {
            Issue.record("not told of the end")
            return
        }
        #expect(ended.map(\.state.isFinished) == [true, true])
    }

    @Test func `cancelling a task at work kills its process, and nothing else suffers`() {
        var outside = Outside(pool: pool())
        _ = outside.give("1")
        let other = outside.call("2")
        outside.request(.cancelTasks([TaskID(1)], wait: true))
        let cancelling = outside.lastRequest
        #expect(outside.look().last == "KILL p:0#1 tree")
        outside.exit("p:0", .signaled(.kill, coreDumped: false))
        outside.spawnAll()
        outside.answer("p:0", "2")
        #expect(outside.told(other) == "done 2")
        guard case .tasks(let reports)? = outside.replies[cancelling] else {
            Issue.record("the cancellation was never answered")
            return
        }
        #expect(reports.map(\.state) == [.cancelled])
    }
}
