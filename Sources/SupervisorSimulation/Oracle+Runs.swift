import Scheduling
import SupervisorCore

/// What may happen to runs.
extension Oracle {
    /// One run at a time, only when asked for, in order, and within every limit.
    mutating func spawns(_ run: RunID, _ definition: WorkerDefinition) {
        guard let (worker, index) = find(run.instance) else {
            return complain("\(run) is spawned, but is not in the plan")
        }
        let instance = workers[worker].instances[index]
        require(instance.run == nil, "\(run) is spawned while another run of it is alive")
        require(run.number > instance.lastRun, "\(run): its number is not new")
        require(instance.state == .waiting, "\(run) is spawned out of \(instance.state)")
        require(isDesired(instance, held: isHeld(worker)), "\(run) is spawned, but the last request was to stop it")
        require(startingCount < plan.daemon.parallelStarts, "\(run) is one start too many at once")
        if let obstacle = obstacle(to: worker) { complain("\(run) is spawned, but \(obstacle)") }
        workers[worker].instances[index].lastRun = run.number
        workers[worker].instances[index].run = Run(readiness: definition.ready)
        workers[worker].instances[index].state = .starting
        workers[worker].instances[index].isToRestart = false
    }

    /// Tells what the supervisor is about to hear. News of a run that is over changes nothing.
    mutating func hears(_ event: Event, at now: Instant) {
        switch event {
        case .spawned(let run, _): changeRun(run) { _, live in live.spawnedAt = now }
        case .spawnFailed(let run, _): changeRun(run) { _, live in live.spawnFailed = true }
        case .ready(let run):
            changeRun(run) { instance, live in
                if instance.state == .starting { live.wasReady = true }
            }
        case .healthChecked(let run, let problem):
            guard let health = workerIndex(run.instance.worker).map({ workers[$0].definition.health }), health != nil
            else { return }
            changeRun(run) { instance, live in
                if instance.state == .running { live.unhealthyChecks = problem == nil ? 0 : live.unhealthyChecks + 1 }
            }
        case .exited(let run, let status, _):
            changeRun(run) { _, live in
                live.hasExited = true
                live.isStuck = false
                live.status = status
            }
        case .treeEmptied, .request, .requestAbandoned, .stored, .storeFailed, .swept, .logsHeldUp,
            .taskAnswered, .taskChannelBroken:
            break
        case .shutdownRequested:
            isHastened = isShuttingDown
            isShuttingDown = true
        }
    }

    private mutating func changeRun(_ run: RunID, _ body: (Instance, inout Run) -> Void) {
        guard let (worker, index) = find(run.instance), workers[worker].instances[index].lastRun == run.number else {
            return
        }
        let instance = workers[worker].instances[index]
        guard var live = instance.run else { return }
        body(instance, &live)
        workers[worker].instances[index].run = live
    }

    mutating func releases(_ run: RunID) {
        guard let (worker, index) = find(run.instance), workers[worker].instances[index].lastRun == run.number,
            let live = workers[worker].instances[index].run
        else { return complain("\(run) is released, but is not alive") }
        require(live.hasExited || live.spawnFailed, "\(run) is released although it is alive")
        ending[run.instance] = live
        workers[worker].instances[index].run = nil
    }

    // MARK: - Announcements

    mutating func heard(_ told: Announcement, at now: Instant) {
        switch told.kind {
        case .internalError: complain("internal error: \(told.message)")
        case .groupFailed, .groupRestarting:
            require(dueAnnouncements.first == told.kind, "no group should say \(told.message)")
            if !dueAnnouncements.isEmpty { dueAnnouncements.removeFirst() }
        case .added:
            require(told.instance.flatMap(find) != nil, "something was added that is not in the plan")
        case .removed: removed(told)
        case .exited: exited(told, at: now)
        case .stopping: stops(told, at: now)
        case .stuck: stuck(told)
        case .waiting, .starting, .running, .backoff, .stopped, .fatal: enters(told, at: now)
        case .unhealthy, .signaled, .planApplied, .shutdown: break
        case .taskAccepted, .taskStarted, .taskStopping, .taskRetrying, .taskFinished, .taskCancelled,
            .taskInterrupted, .taskStuck, .queuePaused, .queueResumed, .queueStalled, .queueRecovered, .queueAdded,
            .queueRemoved:
            break
        }
    }

    private mutating func enters(_ told: Announcement, at now: Instant) {
        guard let id = told.instance, let state = told.state, let (worker, index) = find(id) else {
            return complain("\(told.kind) is told of nobody in the plan")
        }
        workers[worker].instances[index].state = state
        let run = workers[worker].instances[index].run
        switch state {
        case .running:
            guard let run, let spawnedAt = run.spawnedAt else { return complain("\(id) runs without a process") }
            switch run.readiness.probe {
            case .spawned: break
            case .after(let delay): require(now >= spawnedAt + delay, "\(id) is called ready too early")
            case .notify, .tcp, .exec, .line, .descriptor: require(run.wasReady, "\(id) was never ready")
            }
            workers[worker].instances[index].run?.wasReady = true
        case .stopped, .waiting, .backoff, .exited, .fatal:
            require(run == nil, "\(id) is \(state), but its run was not released")
            if state != .backoff { workers[worker].instances[index].isToRestart = false }
        case .starting, .stopping: break
        }
    }

    private mutating func removed(_ told: Announcement) {
        guard let id = told.instance, let (worker, index) = find(id) else {
            return complain("an unknown one was removed")
        }
        let instance = workers[worker].instances[index]
        require(instance.isLeaving, "\(id) was removed, but it is in the plan")
        require(instance.run == nil, "\(id) was removed, but it has a run")
        require(index == workers[worker].instances.count - 1, "\(id) was removed, but it is not the last")
        retiredRuns[id] = instance.lastRun
        workers[worker].instances.removeLast()
        if workers[worker].isRemoved, workers[worker].instances.isEmpty {
            workers.remove(at: worker)
            connect()
        }
    }

    /// Dependants stop before what they depend on, and nothing is stopped without a reason.
    private mutating func stops(_ told: Announcement, at now: Instant) {
        guard let id = told.instance, let (worker, index) = find(id), var run = workers[worker].instances[index].run,
            let spawnedAt = run.spawnedAt
        else { return complain("something is stopped that is not alive") }
        let instance = workers[worker].instances[index]
        if run.hasExited {
            run.stop = .ownExit
        } else if told.message.hasPrefix("it was not ready in time") {
            run.stop = .startTimedOut
            let isLate = now >= spawnedAt + run.readiness.timeout
            require(!run.wasReady && isLate, "\(id) is stopped for a start that was not too slow")
        } else if told.message.hasPrefix("it is unhealthy") {
            run.stop = .unhealthy
            let allowed = workers[worker].definition.health?.failures ?? .max
            require(
                run.unhealthyChecks >= allowed, "\(id) is stopped after \(run.unhealthyChecks) failed health checks")
        } else {
            let mustEnd = !isDesired(instance, held: isHeld(worker)) || instance.isToRestart
            require(mustEnd, "\(id) is stopped, but nobody asked for that")
            if !isHastened, let other = dependantGoingDown(of: worker) {
                complain("\(id) is stopped before \(other), which depends on it")
            }
            run.stop = .requested
        }
        workers[worker].instances[index].run = run
        workers[worker].instances[index].state = .stopping
    }

    private mutating func stuck(_ told: Announcement) {
        guard let id = told.instance, let (worker, index) = find(id) else { return }
        workers[worker].instances[index].run?.isStuck = true
    }

    // MARK: - The restart policy

    /// A run is over: the policy decides what comes next, and the limits hold exactly.
    private mutating func exited(_ told: Announcement, at now: Instant) {
        guard let id = told.instance, let state = told.state, let (worker, index) = find(id),
            let run = ending.removeValue(forKey: id)
        else { return complain("an exit is told of a run that was not released") }
        workers[worker].instances[index].state = state
        let policy = workers[worker].definition.restart
        if case .requested? = run.stop {
            return require(state == .stopped, "\(id) was stopped by request, but is \(state)")
        }
        let expected: InstanceState
        if isFailure(run, policy), isTooMany(worker, index, policy, at: now) {
            expected = .fatal
        } else {
            expected =
                switch (policy.when, isFailure(run, policy)) {
                case (.never, true): .fatal
                case (.never, false), (.onFailure, false): .exited
                case (.always, _), (.onFailure, true): .backoff
                }
        }
        // The first restart in a row has no delay.
        let isAsExpected = state == expected || (expected == .backoff && state == .waiting)
        require(isAsExpected, "\(id) is \(state) after \(told.message), but should be \(expected)")
        if expected == .backoff { memberRestarts(id, worker, index, at: now) }
    }

    private func isFailure(_ run: Run, _ policy: RestartPolicy) -> Bool {
        if run.spawnFailed { return true }
        switch run.stop {
        case .startTimedOut, .unhealthy: return true
        case .requested, .ownExit, nil: break
        }
        guard case .exited(let code)? = run.status else { return true }
        return !policy.successCodes.contains(code)
    }

    private mutating func isTooMany(_ worker: Int, _ index: Int, _ policy: RestartPolicy, at now: Instant) -> Bool {
        workers[worker].instances[index].failures.append(now)
        guard let giveUp = policy.giveUp else { return false }
        let recent = workers[worker].instances[index].failures.count { now - $0 <= giveUp.within }
        return recent >= giveUp.failures
    }

    // MARK: - Groups

    private mutating func memberRestarts(_ id: InstanceID, _ worker: Int, _ index: Int, at now: Instant) {
        guard isDesired(workers[worker].instances[index], held: isHeld(worker)) else { return }
        for group in groups.indices {
            let definition = groups[group].definition
            guard let position = definition.members.firstIndex(of: id.worker) else { continue }
            groups[group].restarts.append(now)
            if let intensity = definition.intensity,
                groups[group].restarts.count(where: { now - $0 <= intensity.within }) > intensity.restarts
            {
                dueAnnouncements.append(.groupFailed)
                condemn(definition.members)
                continue
            }
            switch definition.strategy {
            case .oneForOne: break
            case .oneForAll: restartMembers(definition.members[...], but: id)
            case .restForOne: restartMembers(definition.members[(position + 1)...], but: id)
            }
        }
    }

    private mutating func condemn(_ members: [String]) {
        for worker in members.compactMap(workerIndex) {
            for index in workers[worker].instances.indices where workers[worker].instances[index].isWanted {
                workers[worker].instances[index].isCondemned = true
            }
        }
    }

    private mutating func restartMembers(_ members: ArraySlice<String>, but id: InstanceID) {
        dueAnnouncements.append(.groupRestarting)
        for worker in members.compactMap(workerIndex) {
            for index in workers[worker].instances.indices where workers[worker].instances[index].id != id {
                askRestart(worker, index)
            }
        }
    }
}
