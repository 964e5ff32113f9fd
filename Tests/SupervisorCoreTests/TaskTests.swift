import Scheduling
import SupervisorCore
import Testing

@Suite struct TaskTests {
    // MARK: - Attempts

    @Test func `a failed attempt is followed by others, with growing delays, up to the limit`() {
        var outside = Outside(
            mail {
                $0.retry.attempts = 3
                $0.retry.delay = .seconds(10)
            })
        outside.submit()
        outside.carryOn()
        outside.end(1, 7)
        #expect(outside.taskState(1) == .backoff)
        #expect(
            outside.task(1)?.reason == "exited with code 7 after 0s; tried again in 10s, 1 of 3 attempts failed (retry)"
        )
        outside.pass(.seconds(9))
        #expect(outside.taskState(1) == .backoff)
        outside.pass(.seconds(1))
        outside.carryOn()
        outside.end(1, 7)
        outside.pass(.seconds(20))
        outside.carryOn()
        #expect(outside.task(1)?.attempts == 3)
        outside.end(1, 7)
        #expect(outside.taskState(1) == .failed)
        #expect(outside.task(1)?.status == .exited(code: 7))
        #expect(outside.task(1)?.reason == "exited with code 7 after 0s; gave up after 3 attempts")
    }

    @Test func `a submission's own attempts and timeout are stronger than the queue's`() {
        var outside = Outside(mail { $0.timeout = .seconds(1) })
        outside.submit {
            $0.attempts = 2
            $0.timeout = .seconds(100)
        }
        outside.carryOn()
        outside.pass(.seconds(50))
        #expect(outside.taskState(1) == .running)
        outside.end(1, 1)
        #expect(outside.taskState(1) == .backoff)
    }

    @Test func `a task that is too slow gets the stop sequence, and has failed`() {
        var outside = Outside(mail { $0.timeout = .seconds(60) })
        outside.submit()
        outside.carryOn()
        _ = outside.look()
        outside.pass(.seconds(60))
        #expect(outside.taskState(1) == .stopping)
        outside.pass(.seconds(10))
        #expect(outside.look() == ["TERM mail:0#1 tree", "KILL mail:0#1 tree"])
        outside.end(1)
        #expect(outside.taskState(1) == .failed)
        #expect(outside.task(1)?.reason.hasPrefix("ran longer than 1m (timeout)") == true)
    }

    @Test func `what cannot be spawned has failed, with the reason`() {
        var outside = Outside(mail())
        outside.submit()
        outside.storeAll()
        outside.failSpawn()
        outside.storeAll()
        #expect(outside.taskState(1) == .failed)
        #expect(outside.task(1)?.reason.hasPrefix("cannot execute /nowhere") == true)
        #expect(outside.task(1)?.status == nil)
    }

    @Test func `success codes decide`() {
        var outside = Outside(mail { $0.successCodes = [0, 75] })
        outside.submit()
        outside.carryOn()
        outside.end(1, 75)
        #expect(outside.taskState(1) == .done)
    }

    @Test func `a process that even KILL does not end keeps its slot, and does not hold up the shutdown`() {
        var outside = Outside(mail { $0.timeout = .seconds(1) })
        outside.submit()
        outside.submit()
        outside.carryOn()
        outside.pass(.seconds(60))
        #expect(outside.announcements.contains { $0.kind == .taskStuck })
        #expect(outside.taskState(2) == .queued)
        outside.hear(.shutdownRequested)
        outside.storeAll()
        #expect(outside.isFinished)
    }

    @Test func `what KILL did not end may end after all, and what it leaves is waited for`() {
        var outside = Outside(mail { $0.timeout = .seconds(1) })
        outside.submit()
        outside.carryOn()
        outside.pass(.seconds(60))
        guard let run = outside.task(1)?.run else { return #expect(Bool(false), "it does not run") }
        outside.hear(.exited(run, .signaled(.kill, coreDumped: false), treeIsEmpty: false))
        outside.hear(.shutdownRequested)
        outside.storeAll()
        #expect(!outside.isFinished)
        outside.hear(.treeEmptied(run))
        outside.storeAll()
        #expect(outside.isFinished)
        #expect(outside.taskState(1) == .interrupted)
    }

    // MARK: - Cancelling

    @Test func `what waits is cancelled at once, what runs gets the stop sequence`() {
        var outside = Outside(mail { $0.retry.attempts = 2 })
        for _ in 0..<3 { outside.submit() }
        outside.submit { $0.after = [TaskID(3)] }
        outside.carryOn()
        outside.request(.cancelTasks([TaskID(1), TaskID(2), TaskID(4)], wait: false))
        #expect(outside.taskState(1) == .stopping)
        #expect(outside.taskState(2) == .cancelled)
        #expect(outside.taskState(4) == .cancelled)
        outside.end(1, 1)
        #expect(outside.taskState(1) == .cancelled, "not tried again")
    }

    @Test func `a cancel with wait is answered when all are gone`() {
        var outside = Outside(mail())
        outside.submit()
        outside.carryOn()
        outside.request(.cancelTasks([TaskID(1)], wait: true))
        #expect(outside.replies[2] == nil)
        outside.end(1)
        guard case .tasks(let reports)? = outside.replies[2] else {
            Issue.record("no answer")
            return
        }
        #expect(reports.map(\.state) == [.cancelled])
    }

    @Test func `a cancel while the start is being stored means that it never runs`() {
        var outside = Outside(mail())
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false))
        outside.hear(.stored(outside.stores.removeFirst().ticket))
        outside.request(.cancelTasks([TaskID(1)], wait: false))
        outside.carryOn()
        #expect(outside.taskState(1) == .cancelled)
        #expect(outside.task(1)?.attempts == 0)
        #expect(!outside.look().contains { $0.hasPrefix("spawn") })
    }

    @Test func `a cancel while the spawn is under way stops it as soon as there is a process`() {
        var outside = Outside(mail())
        outside.submit()
        outside.request(.cancelTasks([TaskID(1)], wait: false))
        _ = outside.look()
        outside.spawnAll()
        #expect(outside.look() == ["TERM mail:0#1 tree"])
        outside.end(1)
        #expect(outside.taskState(1) == .cancelled)
    }

    @Test func `what is finished cannot be cancelled`() {
        var outside = Outside(mail())
        outside.submit()
        outside.carryOn()
        outside.end(1)
        let reply = outside.request(.cancelTasks([TaskID(1)], wait: false))
        #expect(reply == .refused(.taskIsFinished(TaskID(1), .done)))
    }

    // MARK: - Pausing and retrying

    @Test func `a paused queue starts nothing, not even what was being stored`() {
        var outside = Outside(mail())
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false))
        outside.hear(.stored(outside.stores.removeFirst().ticket))
        outside.request(.pauseQueues(["mail"]))
        outside.carryOn()
        #expect(outside.taskState(1) == .queued)
        #expect(outside.task(1)?.next == "nothing is started: the queue is paused")
        outside.request(.resumeQueues(["all"]))
        outside.carryOn()
        #expect(outside.running == [1])
        #expect(outside.task(1)?.attempts == 1)
    }

    @Test func `a finished task is run again under its number, with all its attempts`() {
        var outside = Outside(mail { $0.retry.attempts = 2 })
        outside.submit { $0.attempts = 1 }
        outside.carryOn()
        outside.end(1, 1)
        outside.request(.retryTasks([TaskID(1)]))
        #expect(outside.replies[2] == nil)
        outside.carryOn()
        guard case .tasks? = outside.replies[2] else {
            Issue.record("no answer")
            return
        }
        #expect(outside.running == [1])
        #expect(outside.task(1)?.attempts == 2)
        #expect(outside.request(.retryTasks([TaskID(1)])) == .refused(.taskIsNotFinished(TaskID(1), .running)))
    }

    @Test func `a retry that cannot be stored leaves the task as it was`() {
        var outside = Outside(mail())
        outside.submit()
        outside.carryOn()
        outside.end(1, 1)
        let before = outside.task(1)
        outside.request(.retryTasks([TaskID(1)]))
        outside.failStore()
        #expect(outside.replies[2] == .refused(.notStored(reason: "no space left on device")))
        #expect(outside.task(1) == before)
    }

    // MARK: - Keys and what is remembered

    @Test func `the same key is the same task, as long as that is remembered`() {
        var outside = Outside(mail { $0.keep = 1 })
        outside.submit { $0.key = "k" }
        #expect(outside.submit { $0.key = "k" } == 1)
        #expect(outside.replies[2] == .submitted(TaskID(1), isNew: false))
        outside.submit()
        outside.carryOn()
        outside.end(1)
        outside.carryOn()
        outside.end(2)
        #expect(outside.task(1) == nil)
        #expect(outside.submit { $0.key = "k" } == 3)
    }

    @Test func `two that ask with one key while it is stored get one task`() {
        var outside = Outside(mail())
        let keyed = outside.submission { $0.key = "k" }
        outside.request(.submit(queue: "mail", keyed, waitForRoom: false))
        outside.request(.submit(queue: "mail", keyed, waitForRoom: false))
        outside.storeAll()
        #expect(outside.replies[1] == .submitted(TaskID(1), isNew: true))
        #expect(outside.replies[2] == .submitted(TaskID(1), isNew: false))
    }

    @Test func `a key that belongs to another user is refused`() {
        var outside = Outside(mail())
        let id = outside.submit { $0.key = "k" } ?? 0
        let foreign = outside.submission {
            $0.key = "k"
            $0.submitter.user = 1000
        }
        let reply = outside.request(.submit(queue: "mail", foreign, waitForRoom: false))
        #expect(reply == .refused(.keyInUse("k", TaskID(id))))
    }

    @Test func `those who wait for tasks lock nobody out who cancels`() {
        var outside = Outside(mail { $0.paused = true })
        let id = TaskID(outside.submit() ?? 0)
        for _ in 0..<1024 { outside.request(.waitTasks([id])) }
        #expect(outside.request(.waitTasks([id])) == .refused(.tooManyRequests(limit: 1024)))
        outside.request(.cancelTasks([id], wait: false))
        let asked = outside.requests
        outside.storeAll()
        guard case .tasks(let reports)? = outside.replies[asked] else {
            Issue.record("it was refused")
            return
        }
        #expect(reports.map(\.state) == [.cancelled])
    }

    @Test func `a key that belongs to another command is refused`() {
        var outside = Outside(mail())
        outside.submit { $0.key = "k" }
        let other = outside.submission {
            $0.key = "k"
            $0.work = .command(TaskCommand(arguments: ["other"]))
        }
        let reply = outside.request(.submit(queue: "mail", other, waitForRoom: false))
        #expect(reply == .refused(.keyInUse("k", TaskID(1))))
    }

    @Test func `a submission that is too large, or makes no sense, is refused`() {
        var outside = Outside(mail())
        let large = String(repeating: "x", count: 200_000)
        let refusals: [((inout TaskSubmission) -> Void, Reply.Refusal)] = [
            (
                { $0.work = .command(TaskCommand(arguments: ["a", large])) },
                .taskTooLarge(bytes: 200_003, limit: 131_072)
            ),
            ({ $0.work = .json("1") }, .wrongWork(queue: "mail")),
            ({ $0.work = .command(TaskCommand(arguments: [])) }, .badTask("there is no command")),
            ({ $0.attempts = 0 }, .badTask("0 attempts are not enough; give 1 or more")),
            ({ $0.after = (1...65).map { TaskID($0) } }, .tooManyDependencies(65, limit: 64)),
        ]
        for (change, refusal) in refusals {
            let reply = outside.request(.submit(queue: "mail", outside.submission(change), waitForRoom: false))
            #expect(reply == .refused(refusal))
        }
        let reply = outside.request(.submit(queue: "mial", outside.submission(), waitForRoom: false))
        #expect(reply == .refused(.unknownName("mial", nearest: "mail")))
    }

    @Test func `of its submitter a task gets what the queue lets through, and its own is stronger`() {
        var outside = Outside(mail { $0.submitterEnvironment = ["LANG", "LC_*"] })
        outside.submit {
            $0.work = .command(
                TaskCommand(arguments: ["a"], environment: [EnvironmentVariable(name: "LANG", value: "own")]))
            let variables = [("LANG", "C"), ("LC_ALL", "C"), ("SECRET", "x")]
            $0.submitter = Submitter(
                user: 7, directory: "/home/x", environment: variables.map { EnvironmentVariable(name: $0, value: $1) })
        }
        guard let run = outside.unspawned.first, let launch = outside.definitions[run]?.launch else {
            Issue.record("it does not run")
            return
        }
        #expect(launch.directory == "/home/x")
        #expect(launch.isLiteral)
        let names = launch.environment.map { "\($0.name)=\($0.value)" }
        #expect(names.prefix(2) == ["LC_ALL=C", "LANG=own"])
        #expect(outside.task(1)?.user == 7)
    }

    @Test func `a shutdown stops what runs, keeps what waits, answers who waits, and ends when all is stored`() {
        var outside = Outside(mail())
        outside.submit()
        outside.submit()
        outside.carryOn()
        outside.request(.waitTasks([TaskID(2)]))
        outside.hear(.shutdownRequested)
        #expect(outside.taskState(1) == .stopping)
        outside.hear(.exited(outside.task(1)!.run!, .signaled(.terminate, coreDumped: false), treeIsEmpty: true))
        #expect(!outside.isFinished)
        outside.storeAll()
        #expect(outside.isFinished)
        #expect(outside.taskState(1) == .interrupted)
        #expect(outside.taskState(2) == .queued)
        #expect(outside.replies[3] == .refused(.shuttingDown))
    }
}
