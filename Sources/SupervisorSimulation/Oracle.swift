import Scheduling
import SupervisorCore

/// A second, simpler idea of what must be true, kept from requests, news and effects alone.
///
/// It knows who was asked to do what last, who is up, who failed when, and who must not run beside whom. It is told
/// everything in the order in which it happens, and complains about the first thing that cannot be right.
struct Oracle: Sendable {
    struct Worker: Sendable {
        var definition: WorkerDefinition
        var isRemoved = false
        var instances: [Instance] = []
        /// Those of `requires`.
        var requirements: [Int] = []
        /// Those that it starts after and stops before: `requires`, `after`, and the member before it in a group.
        var predecessors: [Int] = []
        var successors: [Int] = []
    }

    struct Instance: Sendable {
        let id: InstanceID
        /// The last request about it.
        var isWanted: Bool
        var isLeaving = false
        /// Its group gave up.
        var isCondemned = false
        /// The run in hand must be followed by another one.
        var isToRestart = false
        var state = InstanceState.stopped
        var lastRun: UInt64 = 0
        var run: Run?
        /// Failures since the last request by hand.
        var failures: [Instant] = []

        var isPresent: Bool { isWanted && !isLeaving }
    }

    /// From the effect `spawn` to the effect `release`.
    struct Run: Sendable {
        var readiness: Readiness
        var spawnedAt: Instant?
        var spawnFailed = false
        var wasReady = false
        var hasExited = false
        var status: ExitStatus?
        var unhealthyChecks = 0
        /// Why it is being stopped, once it is.
        var stop: Stop?
        var isStuck = false
    }

    enum Stop: Sendable {
        case requested, ownExit, startTimedOut, unhealthy
    }

    struct Group: Sendable {
        let definition: GroupDefinition
        var restarts: [Instant] = []
    }

    var plan = Plan()
    /// In the order of the plan, those that are leaving it last.
    var workers: [Worker] = []
    var groups: [Group] = []
    /// Runs between their release and the announcement of their end.
    var ending: [InstanceID: Run] = [:]
    /// What groups must announce before the turn ends.
    var dueAnnouncements: [Announcement.Kind] = []
    var retiredRuns: [InstanceID: UInt64] = [:]
    var isShuttingDown = false
    var isHastened = false
    /// The first thing that cannot be right.
    private(set) var complaint: String?

    mutating func complain(_ text: String) { complaint = complaint ?? text }

    mutating func require(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { complain(text()) }
    }

    // MARK: - Looking

    func workerIndex(_ name: String) -> Int? { workers.firstIndex { $0.definition.name == name } }

    func find(_ id: InstanceID) -> (worker: Int, index: Int)? {
        guard let worker = workerIndex(id.worker), id.index < workers[worker].instances.count else { return nil }
        return (worker, id.index)
    }

    /// Something that the worker requires, directly or not, is not wanted up.
    func isHeld(_ worker: Int) -> Bool {
        workers[worker].requirements.contains { required in
            workers[required].isRemoved || !workers[required].instances.contains(where: \.isPresent) || isHeld(required)
        }
    }

    func isDesired(_ instance: Instance, held: Bool) -> Bool {
        instance.isPresent && !instance.isCondemned && !held && !isShuttingDown
    }

    /// All that are wanted are up, and there are some.
    func isUp(_ worker: Int) -> Bool {
        let held = isHeld(worker)
        let present = workers[worker].instances.filter(\.isPresent)
        return !present.isEmpty
            && present.allSatisfy { instance in
                switch instance.state {
                case .exited: true
                case .running: isDesired(instance, held: held) && !instance.isToRestart
                case .stopped, .waiting, .starting, .backoff, .stopping, .fatal: false
                }
            }
    }

    /// Nothing of it is on its way up or down.
    func isSettled(_ worker: Int) -> Bool {
        let held = isHeld(worker)
        return workers[worker].instances.allSatisfy { instance in
            switch instance.state {
            case .stopped, .waiting, .backoff: !isDesired(instance, held: held)
            case .exited, .fatal: true
            case .running: isDesired(instance, held: held) && !instance.isToRestart
            case .starting, .stopping: false
            }
        }
    }

    /// A live run of this worker that is ending, or must end, for a reason other than its own failure.
    func runGoingDown(of worker: Int) -> InstanceID? {
        let held = isHeld(worker)
        return workers[worker].instances.first { instance in
            guard let run = instance.run, !run.isStuck else { return false }
            if case .requested? = run.stop { return true }
            return !isDesired(instance, held: held) || instance.isToRestart
        }?.id
    }

    /// What must be gone before anything of this worker may start or be stopped.
    func dependantGoingDown(of worker: Int) -> InstanceID? {
        for successor in workers[worker].successors {
            if let id = runGoingDown(of: successor) { return id }
            // Whatever depends on one that has no process depends on what that depends on.
            let isIdle = workers[successor].instances.allSatisfy { $0.run.map(\.isStuck) ?? true }
            if isIdle, !workers[successor].isRemoved, let id = dependantGoingDown(of: successor) { return id }
        }
        return nil
    }

    /// Why no instance of this worker may start now.
    func obstacle(to worker: Int) -> String? {
        if let required = workers[worker].requirements.first(where: { !isUp($0) }) {
            return "\(workers[required].definition.name), which it requires, is not up"
        }
        if let earlier = workers[worker].predecessors.first(where: { !isUp($0) && !isSettled($0) }) {
            return "\(workers[earlier].definition.name), which it starts after, is on its way"
        }
        return dependantGoingDown(of: worker).map { "\($0), which depends on it, is still to stop" }
    }

    var startingCount: Int {
        workers.reduce(0) { $0 + $1.instances.count { $0.state == .starting } }
    }

    /// Runs that even SIGKILL did not end, and of which that was told.
    var stuckCount: Int {
        workers.reduce(0) { $0 + $1.instances.count { $0.run?.isStuck == true } }
    }

    // MARK: - After each turn

    /// Whatever can be done must have been done: nothing is lost, and nothing waits for no reason.
    mutating func checkTurn(at now: Instant) {
        if let due = dueAnnouncements.first { complain("a group should have said \(due)") }
        let hasFreeSlot = startingCount < plan.daemon.parallelStarts
        for worker in workers.indices where complaint == nil {
            let held = isHeld(worker)
            let obstacle = obstacle(to: worker)
            let blocker = dependantGoingDown(of: worker)
            for instance in workers[worker].instances {
                let isDesired = isDesired(instance, held: held)
                checkIdle(instance, isDesired: isDesired, mayStart: obstacle == nil && hasFreeSlot)
                checkRun(of: instance, isDesired: isDesired, mayStop: blocker == nil || isHastened, at: now)
            }
            if let last = workers[worker].instances.last, last.isLeaving, last.run == nil {
                complain("\(last.id) has left the plan and has no run, but is kept")
            }
        }
    }

    private mutating func checkIdle(_ instance: Instance, isDesired: Bool, mayStart: Bool) {
        let id = instance.id
        switch instance.state {
        case .stopped: require(!isDesired, "\(id) is stopped, but it was asked to be up")
        case .waiting:
            require(isDesired, "\(id) still waits to start, but it was asked not to be up")
            require(!mayStart, "\(id) is not started, though nothing stands in its way")
        case .backoff: require(isDesired, "\(id) will be tried again, but it was asked not to be up")
        case .exited, .fatal: require(instance.isWanted, "\(id) is \(instance.state), but it was asked to be stopped")
        case .starting, .running, .stopping: break
        }
    }

    private mutating func checkRun(of instance: Instance, isDesired: Bool, mayStop: Bool, at now: Instant) {
        guard let run = instance.run, let spawnedAt = run.spawnedAt, run.stop == nil, !run.hasExited else { return }
        let id = instance.id
        require(isDesired && !instance.isToRestart || !mayStop, "\(id) is not stopped, though it should be")
        if run.wasReady { return require(instance.state == .running, "\(id) is ready, but \(instance.state)") }
        switch run.readiness.probe {
        case .spawned: complain("\(id) is ready as soon as it is spawned, but \(instance.state)")
        case .after(let delay): require(now < spawnedAt + delay, "\(id) should be running by now")
        case .notify, .tcp, .exec, .line, .descriptor:
            require(now < spawnedAt + run.readiness.timeout, "\(id) was not ready in time, and is left alone")
        }
    }
}
