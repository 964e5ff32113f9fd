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
    /// What happened and which rule said so, for people.
    package var message: String

    package init(
        _ kind: Kind, instance: InstanceID? = nil, run: UInt64? = nil, state: InstanceState? = nil,
        pid: Int32? = nil, status: ExitStatus? = nil, message: String
    ) {
        self.kind = kind
        self.instance = instance
        self.run = run
        self.state = state
        self.pid = pid
        self.status = status
        self.message = message
    }
}

/// The answer to a request.
package enum Reply: Equatable, Sendable {
    /// What became of each instance that the request named, in plan order.
    case done([Outcome])
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
        case shuttingDown
        case tooManyRequests(limit: Int)
        case badCount(Int, limit: Int)
    }
}
