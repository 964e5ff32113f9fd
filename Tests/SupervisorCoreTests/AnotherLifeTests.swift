import Scheduling
import SupervisorCore
import Testing

/// What a roostd makes of the tasks that an earlier one has left in the store.
@Suite struct AnotherLifeTests {
    /// What the store would hold after all that a life has asked of it.
    private func record(_ id: UInt64, _ change: (inout TaskRecord) -> Void = { _ in }) -> TaskRecord {
        var record = TaskRecord(
            id: TaskID(id), queue: "mail", submission: TaskSubmission(work: .command(TaskCommand(arguments: ["a"]))),
            submittedAt: .origin)
        change(&record)
        return record
    }

    @Test(arguments: [QueueDefinition.Interruption.report, .retry])
    func `what ran when roostd died is interrupted, or queued again`(_ rule: QueueDefinition.Interruption) {
        let run = RunID(instance: InstanceID(worker: "mail", index: 0), number: 9)
        let stored = StoredTasks(
            records: [
                record(1) {
                    $0.progress.state = .running
                    $0.progress.attempts = 1
                    $0.progress.run = run
                }
            ], lastTask: 5)
        var outside = Outside(Plan(queues: [mail { $0.onInterrupt = rule }]), tasks: stored)
        #expect(outside.look() == ["sweep mail [\"mail:0#9\"]"])
        #expect(outside.taskState(1) == (rule == .report ? .interrupted : .queued))
        outside.hear(.swept(queue: "mail"))
        outside.carryOn()
        #expect(outside.running == (rule == .report ? [] : [1]))
        if rule == .retry { #expect(outside.task(1)?.run?.number == 10) }
        #expect(outside.submit() == 6)
    }

    @Test func `what was being cancelled when roostd died is cancelled`() {
        var stored = record(1)
        stored.progress.state = .stopping
        stored.progress.run = RunID(instance: InstanceID(worker: "mail", index: 0), number: 9)
        var outside = Outside(Plan(queues: [mail { $0.onInterrupt = .retry }]), tasks: StoredTasks(records: [stored]))
        #expect(outside.look() == ["sweep mail [\"mail:0#9\"]"])
        #expect(outside.taskState(1) == .cancelled)
    }

    @Test func `what was queued goes on in its order, and what was held is held`() {
        let stored = StoredTasks(records: [
            record(3) {
                $0.submission.after = [TaskID(2)]
                $0.progress.state = .held
            },
            record(2), record(1) { $0.progress.state = .done },
        ])
        var outside = Outside(mail(), tasks: stored)
        outside.carryOn()
        #expect(outside.running == [2])
        #expect(outside.taskState(3) == .held)
        #expect(outside.taskState(1) == .done)
    }

    @Test func `the tenth interruption is the last`() {
        let stored = StoredTasks(records: [
            record(1) {
                $0.progress.state = .running
                $0.progress.interruptions = 9
            }
        ])
        let outside = Outside(mail { $0.onInterrupt = .retry }, tasks: stored)
        #expect(outside.taskState(1) == .interrupted)
    }

    @Test func `tasks of a queue that is not in the plan are kept, and can be cancelled`() {
        var outside = Outside(Plan(), tasks: StoredTasks(records: [record(1)]))
        #expect(outside.taskState(1) == .queued)
        #expect(outside.queue()?.isLeaving == true)
        outside.request(.cancelTasks([TaskID(1)], wait: false))
        outside.storeAll()
        #expect(outside.queue() != nil, "not before it is swept")
        outside.hear(.swept(queue: "mail"))
        #expect(outside.queue() == nil)
    }

    @Test func `an operator's pause survives roostd`() {
        let outside = Outside(mail(), tasks: StoredTasks(paused: ["mail": true]))
        #expect(outside.queue()?.isPaused == true)
    }

    @Test func `what ran in a queue that is not in the plan waits for what that says of interruptions`() {
        let run = RunID(instance: InstanceID(worker: "mail", index: 0), number: 9)
        let stored = StoredTasks(records: [
            record(1) {
                $0.progress.state = .running
                $0.progress.run = run
            }
        ])
        var outside = Outside(Plan(), tasks: stored)
        #expect(outside.look() == ["sweep mail [\"mail:0#9\"]"])
        outside.hear(.swept(queue: "mail"))
        #expect(outside.taskState(1) == .held)
        #expect(outside.stores.isEmpty, "the store goes on calling it running, for the life after this one")
        outside.request(.apply(Plan(queues: [mail { $0.onInterrupt = .retry }]), wait: false))
        outside.hear(.swept(queue: "mail"))
        outside.carryOn()
        #expect(outside.running == [1])
        #expect(outside.task(1)?.run?.number == 10)
    }

    @Test func `what waits for a queue to come back can be cancelled`() {
        let stored = StoredTasks(records: [record(1) { $0.progress.state = .running }])
        var outside = Outside(Plan(), tasks: stored)
        outside.hear(.swept(queue: "mail"))
        outside.request(.cancelTasks([TaskID(1)], wait: true))
        outside.storeAll()
        #expect(outside.queue() == nil)
        guard case .tasks(let reports)? = outside.replies[1] else { return #expect(Bool(false), "no answer") }
        #expect(reports.map(\.state) == [.cancelled])
    }

    @Test func `nothing of a queue is forgotten before it is swept, so that the next life knows what to sweep`() {
        let run = RunID(instance: InstanceID(worker: "mail", index: 0), number: 9)
        let stored = StoredTasks(records: [
            record(1) {
                $0.progress.state = .running
                $0.progress.run = run
            }
        ])
        var outside = Outside(Plan(queues: [mail { $0.keep = 0 }]), tasks: stored)
        outside.storeAll()
        #expect(outside.taskState(1) == .interrupted)
        outside.hear(.swept(queue: "mail"))
        outside.storeAll()
        #expect(outside.task(1) == nil)
    }

    @Test func `what was released stays so, though what it waited for is retried and fails`() {
        let stored = StoredTasks(records: [
            record(1) { $0.progress.state = .failed },
            record(2) {
                $0.submission.after = [TaskID(1)]
                $0.progress.state = .queued
            },
            record(3) {
                $0.submission.after = [TaskID(1)]
                $0.progress.state = .held
            },
        ])
        var outside = Outside(mail(), tasks: stored)
        outside.carryOn()
        #expect(outside.running == [2])
        #expect(outside.taskState(3) == .cancelled)
    }

    @Test func `the store is told which tasks are held, and when they are released`() {
        var outside = Outside(mail { $0.slots = 2 })
        outside.submit()
        outside.request(.submit(queue: "mail", outside.submission { $0.after = [TaskID(1)] }, waitForRoom: false))
        guard case .add(let record)? = outside.stores.first?.changes.first else {
            return #expect(Bool(false), "nothing is stored")
        }
        #expect(record.progress.state == .held)
        outside.carryOn()
        outside.hear(.exited(outside.task(1)!.run!, .exited(code: 0), treeIsEmpty: true))
        let changes = outside.stores.flatMap(\.changes)
        let isReleased = changes.contains { change in
            if case .change(TaskID(2), _) = change { return true }
            return false
        }
        #expect(isReleased)
    }

    @Test func `ends that the store never took are named when roostd ends`() {
        var outside = Outside(mail())
        outside.submit()
        outside.carryOn()
        guard let run = outside.task(1)?.run else { return #expect(Bool(false), "it does not run") }
        outside.hear(.exited(run, .exited(code: 0), treeIsEmpty: true))
        outside.failStore()
        #expect(outside.announcements.contains { $0.kind == .queueStalled && $0.message.contains("task 1") })
        outside.hear(.shutdownRequested)
        outside.failStore()
        #expect(outside.isFinished)
        #expect(outside.announcements.last?.message.contains("has not taken the ends of 1 task: 1") == true)
    }
}
