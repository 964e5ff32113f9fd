import Scheduling
import SupervisorCore
import Testing

/// What a queue may hold, and what is promised when.
@Suite struct QueueLimitTests {
    private func large(_ kibibytes: Int) -> (inout TaskSubmission) -> Void {
        { $0.work = .command(TaskCommand(arguments: ["a", String(repeating: "x", count: kibibytes << 10)])) }
    }

    @Test func `a queue takes no more than 64 MiB of unfinished tasks, however few they are`() {
        var outside = Outside(mail { $0.paused = true })
        var taken: UInt64 = 0
        while outside.submit("mail", large(120)) != nil { taken += 1 }
        #expect((500...560).contains(taken), "\(taken)")
        #expect(outside.replies[taken + 1] == .refused(.queueHoldsTooMuch("mail", bytes: 64 << 20)))
        #expect(outside.submit() == nil, "nor a small one")
        outside.request(.cancelTasks([TaskID(1), TaskID(2)], wait: false))
        outside.storeAll()
        #expect(outside.submit() != nil)
    }

    @Test func `finished tasks beyond 64 MiB are forgotten, the oldest first`() {
        var outside = Outside(mail { $0.paused = true })
        for number in 1...600 {
            outside.submit("mail", large(120))
            outside.request(.cancelTasks([TaskID(UInt64(number))], wait: false))
            outside.storeAll()
        }
        #expect(outside.task(1) == nil)
        #expect(outside.task(600)?.state == .cancelled)
        #expect((500...560).contains(outside.queue()?.counts[.cancelled] ?? 0))
    }

    @Test func `those who wait for room may bring 16 MiB between them`() {
        var outside = Outside(
            mail {
                $0.paused = true
                $0.capacity = 1
            })
        outside.submit()
        var waiting = 0
        while true {
            outside.request(.submit(queue: "mail", outside.submission(large(120)), waitForRoom: true))
            if outside.replies[outside.requests] != nil { break }
            waiting += 1
        }
        #expect((130...140).contains(waiting), "\(waiting)")
        #expect(
            outside.replies[outside.requests] == .refused(.queueHoldsTooMuch("mail", bytes: 16 << 20)))
        outside.hear(.requestAbandoned(RequestID(3)))
        outside.request(.submit(queue: "mail", outside.submission(large(120)), waitForRoom: true))
        #expect(outside.replies[outside.requests] == nil)
    }

    // MARK: - Promises

    @Test func `a pause and a cancel are at once, and answered when they are stored`() {
        var outside = Outside(mail())
        outside.request(.pauseQueues(["mail"]))
        #expect(outside.queue()?.isPaused == true)
        #expect(outside.replies[1] == nil)
        outside.storeAll()
        #expect(outside.replies[1] != nil)
        outside.submit()
        outside.request(.cancelTasks([TaskID(1)], wait: false))
        #expect(outside.taskState(1) == .cancelled)
        #expect(outside.replies[3] == nil)
        // The same again changes nothing, but promises it too.
        outside.request(.cancelTasks([TaskID(1)], wait: false))
        #expect(outside.replies[4] == nil)
        outside.storeAll()
        #expect(outside.replies[3] != nil)
        #expect(outside.replies[4] != nil)
    }

    @Test func `a pause that the store does not take is answered, and stored later`() {
        var outside = Outside(mail())
        outside.request(.pauseQueues(["mail"]))
        outside.failStore()
        #expect(outside.replies[1] != nil)
        outside.pass(.seconds(1))
        #expect(outside.stores.flatMap(\.changes) == [.pause(queue: "mail", true)])
    }

    @Test func `a start that is taken back is stored as it is in the end, and not as it was on the way`() {
        var outside = Outside(mail())
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false))
        outside.storeNext()
        outside.request(.pauseQueues(["mail"]))
        outside.storeNext()
        outside.request(.resumeQueues(["mail"]))
        outside.request(.pauseQueues(["mail"]))
        outside.storeNext()
        // The first start, taken back, is not stored; the second one is, and is taken back as well.
        outside.failNext()
        outside.storeNext()
        var states: [TaskState] = []
        for case .change(_, let progress) in outside.stores.last?.changes ?? [] { states.append(progress.state) }
        #expect(states == [.queued])
        #expect(outside.taskState(1) == .queued)
    }

    @Test func `a submission to a store that rests carries nothing else`() {
        var outside = Outside(mail { $0.paused = true })
        for _ in 1...20 { outside.submit() }
        outside.request(.cancelTasks((1...20).map { TaskID($0) }, wait: false))
        outside.failStore()
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false))
        #expect(outside.stores.flatMap(\.changes).count == 1)
        outside.storeAll()
        #expect(outside.replies[outside.requests] == .submitted(TaskID(21), isNew: true))
        #expect(outside.taskState(1) == .cancelled)
    }

    @Test func `the newest tasks are shown, of those that are asked for`() {
        var outside = Outside(
            mail { $0.paused = true },
            mail {
                $0.name = "other"; $0.paused = true
            })
        for _ in 1...5 { outside.submit() }
        outside.submit("other")
        outside.request(.cancelTasks([TaskID(5)], wait: false))
        outside.storeAll()
        let (reports, omitted) = outside.supervisor.taskReports(
            of: { $0 == "mail" }, in: [.queued], newest: 3, at: outside.now)
        #expect(reports.map(\.id.number) == [2, 3, 4])
        #expect(omitted == 1)
    }
}
