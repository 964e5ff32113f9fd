import Scheduling
import SupervisorCore
import Testing

@Suite struct QueueTests {
    // MARK: - Durability

    @Test func `a submission is answered once it is stored, and not before`() {
        var outside = Outside(mail())
        #expect(outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false)) == nil)
        #expect(outside.task(1) == nil)
        outside.hear(.stored(outside.stores.removeFirst().ticket))
        #expect(outside.replies[1] == .submitted(TaskID(1), isNew: true))
        #expect(outside.taskState(1) == .queued)
    }

    @Test func `a task is spawned once its start is stored, with its number in its environment`() {
        var outside = Outside(mail())
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false))
        let add = outside.stores.removeFirst()
        outside.hear(.stored(add.ticket))
        #expect(outside.unspawned.isEmpty)
        outside.storeAll()
        let run = RunID(instance: InstanceID(worker: "mail", index: 0), number: 1)
        #expect(outside.unspawned == [run])
        #expect(outside.definitions[run]?.task == TaskID(1))
        let environment = outside.definitions[run]?.launch.environment.map { "\($0.name)=\($0.value)" }
        #expect(environment == ["ROOST_TASK=1", "ROOST_ATTEMPT=1"])
    }

    @Test func `a submission that cannot be stored is refused, and nothing of it is left`() {
        var outside = Outside(mail())
        outside.request(.submit(queue: "mail", outside.submission { $0.key = "k" }, waitForRoom: false))
        outside.failStore()
        #expect(outside.replies[1] == .refused(.notStored(reason: "no space left on device")))
        #expect(outside.queue()?.counts.unfinished == 0)
        #expect(outside.submit { $0.key = "k" } == 2)
    }

    @Test func `a start that cannot be stored leaves the task queued, says so, and is tried again`() {
        var outside = Outside(mail())
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false))
        let add = outside.stores.removeFirst()
        outside.hear(.stored(add.ticket))
        outside.failStore()
        #expect(outside.taskState(1) == .queued)
        #expect(outside.task(1)?.attempts == 0)
        #expect(outside.queue()?.standstill?.contains("no space left on device") == true)
        #expect(outside.announcements.contains { $0.kind == .queueStalled })
        outside.pass(.seconds(1))
        outside.carryOn()
        #expect(outside.running == [1])
        #expect(outside.announcements.contains { $0.kind == .queueRecovered })
    }

    @Test func `an end is told once it is stored; one that cannot be stored is told as it is`() {
        var outside = Outside(mail())
        for isStored in [true, false] {
            let id = outside.submit() ?? 0
            outside.carryOn()
            outside.request(.waitTasks([TaskID(id)]))
            let asked = outside.requests
            outside.hear(.exited(outside.task(id)!.run!, .exited(code: 0), treeIsEmpty: true))
            #expect(outside.replies[asked] == nil)
            if isStored { outside.storeAll() } else { outside.failStore() }
            guard case .tasks(let reports)? = outside.replies[asked] else {
                Issue.record("it was not told")
                return
            }
            #expect(reports.map(\.state) == [.done])
        }
        outside.pass(.seconds(1))
        #expect(
            outside.stores.flatMap(\.changes).contains { if case .change(TaskID(2), _) = $0 { true } else { false } })
    }

    @Test func `tasks that are not durable need no store but for their numbers`() {
        var outside = Outside(mail { $0.durable = false })
        #expect(outside.submit() == 1)
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: false))
        #expect(outside.replies[2] == .submitted(TaskID(2), isNew: true))
        outside.spawnAll()
        outside.end(1)
        #expect(outside.taskState(1) == .done)
        #expect(outside.stores.isEmpty)
    }

    // MARK: - Order and slots

    @Test(arguments: [
        (QueueDefinition.Order.fifo, [1, 2, 3, 4, 5] as [UInt64]), (.lifo, [1, 5, 4, 3, 2]),
        (.priority, [1, 3, 5, 4, 2]),
    ])
    func `tasks run in the queue's order`(_ order: QueueDefinition.Order, _ expected: [UInt64]) {
        var outside = Outside(mail { $0.order = order })
        for priority in [0, -1, 5, 0, 5] { outside.submit { $0.priority = priority } }
        var order: [UInt64] = []
        for _ in 0..<5 {
            outside.carryOn()
            guard let id = outside.running.first else { break }
            order.append(id)
            outside.end(id)
        }
        #expect(order == expected)
    }

    @Test func `as many run at once as there are slots`() {
        var outside = Outside(mail { $0.slots = 3 })
        for _ in 0..<5 { outside.submit() }
        outside.carryOn()
        #expect(outside.running == [1, 2, 3])
        outside.end(2)
        outside.carryOn()
        #expect(outside.running == [1, 3, 4])
    }

    @Test func `fewer slots wait for what runs, more are used at once`() {
        var outside = Outside(mail { $0.slots = 3 })
        for _ in 0..<6 { outside.submit() }
        outside.carryOn()
        outside.apply(Plan(queues: [mail { $0.slots = 1 }]))
        outside.end(1)
        outside.end(2)
        outside.carryOn()
        #expect(outside.running == [3])
        outside.apply(Plan(queues: [mail { $0.slots = 2 }]))
        outside.carryOn()
        #expect(outside.running == [3, 4])
    }

    @Test func `a full queue refuses, or lets wait for room`() {
        var outside = Outside(mail { $0.capacity = 2 })
        outside.submit()
        outside.submit()
        #expect(outside.submit() == nil)
        #expect(outside.replies[3] == .refused(.queueIsFull("mail", capacity: 2)))
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: true))
        outside.carryOn()
        #expect(outside.replies[4] == nil)
        #expect(outside.queue()?.waitingSubmissions == 1)
        outside.end(1)
        #expect(outside.replies[4] == .submitted(TaskID(3), isNew: true))
    }

    @Test func `whoever goes away while waiting for room submits nothing`() {
        var outside = Outside(mail { $0.capacity = 1 })
        outside.submit()
        outside.request(.submit(queue: "mail", outside.submission(), waitForRoom: true))
        outside.hear(.requestAbandoned(RequestID(2)))
        outside.carryOn()
        outside.end(1)
        #expect(outside.queue()?.counts.unfinished == 0)
    }

    // MARK: - Dependencies

    @Test func `a task is held until all that it comes after is done`() {
        var outside = Outside(mail { $0.slots = 3 })
        outside.submit()
        outside.submit()
        outside.submit { $0.after = [TaskID(1), TaskID(2)] }
        outside.carryOn()
        #expect(outside.taskState(3) == .held)
        #expect(outside.task(3)?.waitingFor == [TaskID(1), TaskID(2)])
        outside.end(1)
        #expect(outside.task(3)?.waitingFor == [TaskID(2)])
        outside.end(2)
        outside.carryOn()
        #expect(outside.running == [3])
    }

    @Test func `what comes after a failure is cancelled, and what comes after that`() {
        var outside = Outside(mail())
        outside.submit()
        outside.submit { $0.after = [TaskID(1)] }
        outside.submit { $0.after = [TaskID(2)] }
        outside.submit {
            $0.after = [TaskID(3)]
            $0.afterAny = true
        }
        outside.carryOn()
        outside.end(1, 1)
        #expect(outside.taskState(2) == .cancelled)
        #expect(outside.task(2)?.reason == "task 1, which it was to come after, is failed")
        #expect(outside.taskState(3) == .cancelled)
        outside.carryOn()
        #expect(outside.running == [4])
    }

    @Test func `a dependency that never was, or failed already, is refused`() {
        var outside = Outside(mail())
        #expect(outside.submit { $0.after = [TaskID(1)] } == nil)
        #expect(outside.replies[1] == .refused(.unknownTask(TaskID(1))))
        outside.submit()
        outside.carryOn()
        outside.end(1, 1)
        #expect(outside.submit { $0.after = [TaskID(1)] } == nil)
        #expect(outside.replies[3] == .refused(.dependencyFailed(TaskID(1), .failed)))
    }

    @Test func `what an unfinished task depends on is not forgotten`() {
        var outside = Outside(mail { $0.keep = 0 }, QueueDefinition(name: "other"))
        outside.submit("other")
        outside.submit()
        outside.submit { $0.after = [TaskID(1), TaskID(2)] }
        outside.carryOn()
        outside.end(2)
        #expect(outside.taskState(2) == .done)
        outside.end(1)
        outside.carryOn()
        outside.end(3)
        #expect(outside.task(2) == nil)
    }

    // MARK: - The plan

    @Test func `a queue that leaves the plan lets finish what runs, and keeps what waits until it is back`() {
        var outside = Outside(mail())
        outside.submit()
        outside.submit()
        outside.carryOn()
        let difference = outside.supervisor.difference(to: Plan())
        #expect(difference.changes == [.removeQueue("mail", unfinished: 2)])
        outside.apply(Plan())
        outside.end(1)
        outside.carryOn()
        #expect(outside.running == [])
        #expect(outside.taskState(2) == .queued)
        #expect(outside.submit() == nil)
        outside.apply(Plan(queues: [mail()]))
        outside.carryOn()
        #expect(outside.running == [2])
    }

    @Test func `a queue that has left and has nothing to do is gone, and its tasks are forgotten`() {
        var outside = Outside(mail())
        outside.submit()
        outside.carryOn()
        outside.apply(Plan())
        outside.end(1)
        #expect(outside.queue() == nil)
        #expect(outside.task(1) == nil)
        #expect(outside.look().last == "forget [\"1\"]")
    }

    @Test func `a worker that takes over the name of a queue gets other run numbers`() {
        var outside = Outside(mail())
        outside.submit()
        outside.carryOn()
        outside.apply(Plan(workers: [worker("mail")]))
        #expect(outside.look().contains("spawn mail:0#2"))
        outside.spawnAll()
        outside.end(1)
        #expect(outside.state("mail:0") == .running)
        #expect(outside.queue() == nil)
    }

    @Test func `nothing of a queue is started before what an earlier life has left is gone`() {
        var outside = Outside(Plan(queues: [mail()]))
        #expect(outside.look() == ["sweep mail []"])
        outside.submit()
        outside.carryOn()
        #expect(outside.running == [])
        outside.hear(.swept(queue: "mail"))
        outside.carryOn()
        #expect(outside.running == [1])
    }

    @Test func `while its logs take nothing a queue starts nothing, and says so`() {
        var outside = Outside(mail { $0.slots = 2 })
        outside.submit()
        outside.carryOn()
        outside.hear(.logsHeldUp(queue: "mail", true))
        outside.submit()
        outside.carryOn()
        #expect(outside.running == [1])
        #expect(outside.task(2)?.next.contains("logs do not take") == true)
        #expect(outside.queue()?.standstill?.contains("logs do not take") == true)
        outside.hear(.logsHeldUp(queue: "mail", false))
        outside.carryOn()
        #expect(outside.running == [1, 2])
    }
}
