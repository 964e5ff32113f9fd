import Scheduling
import SupervisorCore

/// What clients say about queues, pools and tasks.
func taskRequest(_ choices: inout Choices) -> Request {
    let queue = ["q0", "q1", "w0", "w1"][choices.below(4)]
    return switch choices.below(7) {
    case 0: .waitTasks(someTasks(&choices))
    case 1: .cancelTasks(someTasks(&choices), wait: choices.flag())
    case 2: .retryTasks(someTasks(&choices))
    case 3: .pauseQueues([queue])
    case 4: .resumeQueues([queue, "all"])
    case 5: .call(call(queue, &choices))
    default: .submit(queue: queue, submission(&choices), waitForRoom: choices.flag())
    }
}

private func someTasks(_ choices: inout Choices) -> [TaskID] {
    (0...choices.below(3)).map { _ in TaskID(UInt64(choices.below(32))) }
}

private func submission(_ choices: inout Choices) -> TaskSubmission {
    let command = TaskCommand(arguments: ["\(choices.below(2))"])
    var submission = TaskSubmission(work: choices.below(8) == 0 ? .json("[1]") : .command(command))
    if choices.below(4) == 0 { submission.key = "k\(choices.below(2))" }
    if choices.below(4) == 0 { submission.after = someTasks(&choices) }
    submission.afterAny = choices.flag()
    submission.priority = choices.below(3)
    if choices.below(4) == 0 { submission.timeout = choices.duration() + .milliseconds(1) }
    if choices.below(4) == 0 { submission.attempts = choices.below(4) }
    return submission
}

private func call(_ pool: String, _ choices: inout Choices) -> PoolCall {
    var call = PoolCall(pool: pool, task: Array("[\(choices.below(9))]".utf8))
    if choices.below(4) == 0 { call.key = "k\(choices.below(2))" }
    if choices.below(4) == 0 { call.timeout = choices.duration() }
    call.waitsForRoom = choices.flag()
    return call
}

/// What a process of a pool may say, or be said to have done.
func poolNews(about run: RunID, _ choices: inout Choices) -> Event {
    switch choices.below(8) {
    case 0: .taskChannelBroken(run, .inputClosed(taken: choices.flag()))
    case 1: .taskChannelBroken(run, .unasked(Array("?".utf8)))
    case 2: .taskChannelBroken(run, .outputClosed)
    case 3: .taskChannelBroken(run, .unfinishedLine(Array("{".utf8)))
    case 4: .taskAnswered(run, Array("{\"error\":\"no\"}".utf8), extra: choices.flag() ? [48] : [])
    case 5: .taskAnswered(run, [choices.byte()], extra: [])
    default: .taskAnswered(run, Array("1".utf8), extra: [])
    }
}

func queues(from choices: inout Choices) -> [QueueDefinition] {
    (0..<choices.below(3)).map { index in
        var queue = QueueDefinition(name: "q\(index)")
        queue.slots = choices.below(4)
        queue.order = QueueDefinition.Order.allCases[choices.below(3)]
        queue.capacity = choices.below(6) + 1
        queue.keep = choices.below(4)
        queue.timeout = choices.flag() ? choices.duration() + .milliseconds(1) : nil
        queue.retry.attempts = choices.below(3) + 1
        queue.retry.delay = choices.duration()
        queue.onInterrupt = choices.flag() ? .retry : .report
        queue.durable = choices.below(4) > 0
        queue.paused = choices.below(8) == 0
        queue.stop.scope = StopPolicy.Scope.allCases[choices.below(3)]
        return queue
    }
}

func pool(from choices: inout Choices) -> PoolSettings {
    var pool = PoolSettings()
    pool.capacity = choices.below(5) + 1
    pool.tasksPerProcess = choices.flag() ? choices.below(3) + 1 : nil
    pool.taskTimeout = choices.flag() ? choices.duration() + .milliseconds(1) : nil
    pool.retry.attempts = choices.below(3) + 1
    pool.retry.delay = choices.duration()
    pool.drain = choices.duration()
    pool.keep = choices.below(3)
    return pool
}
