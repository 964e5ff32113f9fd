/// Everything the outside world can tell the supervisor.
package enum Event: Equatable, Sendable {
    /// A client asks for something. Answered with exactly one `.reply`.
    case request(RequestID, Request)
    /// The client is gone: the request goes on, but nobody waits for its answer any more.
    case requestAbandoned(RequestID)
    /// The run's process exists. `pid` is for people; the runtime holds the handle.
    case spawned(RunID, pid: Int32)
    case spawnFailed(RunID, SpawnFailure)
    /// The readiness probe has seen it ready.
    case ready(RunID)
    /// The outcome of one health check. Nil is healthy; else what was wrong.
    case healthChecked(RunID, problem: String?)
    /// The main process is gone and its status is known. `treeIsEmpty` is false when processes of the run are left.
    case exited(RunID, ExitStatus, treeIsEmpty: Bool)
    /// The last process that the run had left behind is gone.
    case treeEmptied(RunID)
    /// The store has made all changes of this ticket durable.
    case stored(StoreTicket)
    /// The store has made none of them; the text says why and how to mend it.
    case storeFailed(StoreTicket, reason: String)
    /// Nothing is left of the runs that a queue was swept for.
    case swept(queue: String)
    /// Whether so many finished runs of a queue still have output that its logs do not take that no more may start.
    case logsHeldUp(queue: String, Bool)
    /// A process of a pool has written a line, given here without its end, and the beginning of what came behind it in
    /// the same moment, which nobody can have asked for.
    case taskAnswered(RunID, [UInt8], extra: [UInt8])
    /// The lines between roostd and a process of a pool are out of order.
    case taskChannelBroken(RunID, PoolFault)
    /// An orderly stop of everything, then the end. Said again, it hastens: what is still there is killed at once.
    case shutdownRequested
}

/// What clients can ask of the supervisor. Names are worker names, `web:0`, `web:*`, `@group`, `group:*` or `all`.
package enum Request: Equatable, Sendable {
    case start(names: [String], wait: Bool)
    case stop(names: [String], wait: Bool)
    case restart(names: [String], wait: Bool)
    case signal(names: [String], Signal)
    case scale(worker: String, instances: Int, wait: Bool)
    case apply(Plan, wait: Bool)
    /// Submit a task to a queue or pool. Answered with `.submitted` once it is safe.
    case submit(queue: String, TaskSubmission, waitForRoom: Bool)
    /// Answered with `.tasks` once all of them are finished.
    case waitTasks([TaskID])
    /// With `wait`, answered once they are finished.
    case cancelTasks([TaskID], wait: Bool)
    /// Queue finished tasks again, under the same number.
    case retryTasks([TaskID])
    /// Answered with `.queues`.
    case pauseQueues([String])
    /// A task for a pool. Answered with `.called` once it has its end.
    case call(PoolCall)
    case resumeQueues([String])
}

/// Everything the supervisor can ask of the outside world.
package enum Effect: Equatable, Sendable {
    /// Spawn this run of this worker; answer with `.spawned` or `.spawnFailed`.
    case spawn(RunID, WorkerDefinition)
    /// Begin to look for readiness as the run's definition says; `.after` is not probed, the core times it.
    case probeReadiness(RunID)
    /// Begin health checks as this definition says, replacing any that go on.
    case checkHealth(RunID, HealthCheck)
    /// Stop every probe of this run.
    case endProbes(RunID)
    /// Send a signal to the run's main process or to its whole tree.
    case signal(RunID, Signal, wholeTree: Bool)
    /// Give up on processes that outlived the run and KILL: the run is over, say what is left.
    case abandon(RunID)
    /// The run is over: nothing will be asked about it any more.
    case release(RunID)
    /// Make these changes durable, all or none, after those of earlier tickets. Answer in that order, too, with
    /// `.stored` or `.storeFailed`.
    case store(StoreTicket, [StoreChange])
    /// KILL whatever an earlier life of the daemon has left of this queue's runs: at least of these, and of any others
    /// that bear its mark. Answer with `.swept`; nothing of the queue is started before.
    case sweep(queue: String, [RunID])
    /// Nobody can ask about these tasks any more: their logs may go.
    case forgetTasks(queue: String, [TaskID])
    /// Write this line to the run's standard input; answer with `.taskAnswered`, `.taskChannelBroken` or its end.
    case sendTask(RunID, TaskID, [UInt8])
    /// Close the run's standard input, once what was sent is written.
    case endTasks(RunID)
    /// Tell subscribers, the log and `why`.
    case announce(Announcement)
    case reply(RequestID, Reply)
    /// Nothing is left to supervise and a shutdown was asked for.
    case finish
}

/// A fact worth telling: goes to subscribers as an event, and to the daemon's log.
package struct Announcement: Equatable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case waiting = "instance.waiting"
        case starting = "instance.starting"
        case running = "instance.running"
        case exited = "instance.exited"
        case backoff = "instance.backoff"
        case stopping = "instance.stopping"
        case stopped = "instance.stopped"
        case fatal = "instance.fatal"
        case unhealthy = "instance.unhealthy"
        case added = "instance.added"
        case removed = "instance.removed"
        case signaled = "instance.signaled"
        case stuck = "instance.stuck"
        case taskAccepted = "task.accepted"
        case taskStarted = "task.started"
        case taskStopping = "task.stopping"
        case taskRetrying = "task.retrying"
        case taskFinished = "task.finished"
        case taskCancelled = "task.cancelled"
        case taskInterrupted = "task.interrupted"
        case taskStuck = "task.stuck"
        case queuePaused = "queue.paused"
        case queueResumed = "queue.resumed"
        case queueStalled = "queue.stalled"
        case queueRecovered = "queue.recovered"
        case queueAdded = "queue.added"
        case queueRemoved = "queue.removed"
        case groupRestarting = "group.restarting"
        case groupFailed = "group.failed"
        case planApplied = "plan.applied"
        case shutdown = "daemon.stopping"
        case internalError = "daemon.internal-error"
    }

    package var kind: Kind
    package var instance: InstanceID?
    package var run: UInt64?
    package var state: InstanceState?
    package var pid: Int32?
    package var status: ExitStatus?
    /// The queue or pool that this is about.
    package var queue: String?
    package var task: TaskID?
    package var taskState: TaskState?
    /// What happened and which rule said so, for people.
    package var message: String

    package init(
        _ kind: Kind, instance: InstanceID? = nil, run: UInt64? = nil, state: InstanceState? = nil,
        pid: Int32? = nil, status: ExitStatus? = nil, queue: String? = nil, task: TaskID? = nil,
        taskState: TaskState? = nil, message: String
    ) {
        self.kind = kind
        self.instance = instance
        self.run = run
        self.state = state
        self.pid = pid
        self.status = status
        self.queue = queue
        self.task = task
        self.taskState = taskState
        self.message = message
    }

    /// The worker, queue or pool that it is about: whose name decides who may hear it.
    package var owner: String? { queue ?? instance?.worker }
}

/// The answer to a request.
package enum Reply: Equatable, Sendable {
    /// What became of each instance that the request named, in plan order.
    case done([Outcome])
    /// The task is accepted, and stored if its queue is durable. `isNew` is false when its key was known.
    case submitted(TaskID, isNew: Bool)
    /// The tasks that were named, in that order, as they are now.
    case tasks([TaskReport])
    /// The queues that were named, in plan order, as they are now.
    case queues([QueueReport])
    /// What became of a task of a pool.
    case called(PoolAnswer)
    /// The request made no sense, and nothing was done.
    case refused(Refusal)

    package struct Outcome: Equatable, Sendable {
        package enum Result: String, Sendable, CaseIterable {
            /// The instance reached what was asked.
            case done
            /// It was so already.
            case unchanged
            /// The client did not want to wait.
            case accepted
            /// It ended elsewhere, say in `fatal`.
            case failed
            /// A later request wanted something else.
            case superseded
        }

        package var instance: InstanceID
        package var result: Result
        package var state: InstanceState
        package var message: String

        package init(instance: InstanceID, result: Result, state: InstanceState, message: String) {
            self.instance = instance
            self.result = result
            self.state = state
            self.message = message
        }
    }

    package enum Refusal: Equatable, Sendable {
        case unknownName(String, nearest: String?)
        /// The request is about workers, pools or groups, and this is a queue.
        case isQueue(String)
        case shuttingDown
        case tooManyRequests(limit: Int)
        case badCount(Int, limit: Int)
        /// Never given out, or forgotten.
        case unknownTask(TaskID)
        case queueIsFull(String, capacity: Int)
        /// Its tasks, or those that wait for room, are too large all together.
        case queueHoldsTooMuch(String, bytes: Int)
        /// It is in the plan no more.
        case queueIsLeaving(String)
        /// Pools have no commands, queues no JSON.
        case wrongWork(queue: String)
        /// The text completes "cannot submit: ".
        case badTask(String)
        case taskTooLarge(bytes: Int, limit: Int)
        case tooManyDependencies(Int, limit: Int)
        /// A dependency that failed already, so the task could never run.
        case dependencyFailed(TaskID, TaskState)
        /// The key is that of another command.
        case keyInUse(String, TaskID)
        case taskIsFinished(TaskID, TaskState)
        case taskIsNotFinished(TaskID, TaskState)
        /// The store could not make it durable, so nothing was done.
        case notStored(reason: String)
        /// It is a worker or a queue.
        case noPool(String)
        /// No process of it works, and none will by itself.
        case poolIsDown(String, reason: String)
        /// The caller waited as long as it wanted. The task goes on.
        case callTimedOut(TaskID)
    }
}
