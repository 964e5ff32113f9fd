import Scheduling

/// How a run ends, and what comes after it: the stop sequence and the restart policy.
extension InstanceMachine {
    // MARK: - The stop sequence

    /// Takes the first step. With `mainStatus`, only what the main process left behind is still to be stopped.
    mutating func beginStop(
        _ active: ActiveRun, _ cause: Cause, mainStatus: ExitStatus?, at now: Instant, effects: inout [Effect]
    ) {
        effects.append(.endProbes(currentRun))
        var stopping = Stopping(
            active: active, cause: cause, policy: definition.stop, step: 0, deadline: nil, mainStatus: mainStatus)
        enter(.stopping(stopping), Self.text(cause), at: now)
        announce(.stopping, effects: &effects)
        takeStep(0, of: &stopping, at: now, effects: &effects)
        state = .stopping(stopping)
    }

    /// Ends the input of a run that takes tasks, and lets it end by itself before the first step.
    mutating func beginDrain(
        _ active: ActiveRun, _ cause: Cause, _ drain: Duration, at now: Instant, effects: inout [Effect]
    ) {
        effects.append(.endProbes(currentRun))
        let stopping = Stopping(
            active: active, cause: cause, policy: definition.stop, step: -1, deadline: now + drain, mainStatus: nil)
        enter(.stopping(stopping), "\(Self.text(cause)); its task may end within \(drain.text)", at: now)
        announce(.stopping, effects: &effects)
        effects.append(.endTasks(currentRun))
    }

    /// From `starting` or `running`: takes the last step of the stop sequence, which is KILL, at once.
    mutating func kill(_ cause: Cause, at now: Instant, effects: inout [Effect]) {
        switch state {
        case .starting(let active, _), .running(let active):
            effects.append(.endProbes(currentRun))
            let last = definition.stop.steps.count - 1
            var stopping = Stopping(
                active: active, cause: cause, policy: definition.stop, step: last, deadline: nil, mainStatus: nil)
            enter(.stopping(stopping), Self.text(cause), at: now)
            announce(.stopping, effects: &effects)
            takeStep(last, of: &stopping, at: now, effects: &effects)
            state = .stopping(stopping)
        case .stopped, .waiting, .spawning, .backoff, .stopping, .exited, .fatal:
            preconditionFailure("\(id) cannot be killed while \(publicState)")
        }
    }

    /// Sends the signal of one step and sets the time of the next.
    func takeStep(_ index: Int, of stopping: inout Stopping, at now: Instant, effects: inout [Effect]) {
        let step = stopping.policy.steps[index]
        let wholeTree =
            switch stopping.policy.scope {
            case .tree: true
            case .mixed: step.signal == .kill || stopping.mainStatus != nil
            case .process: false
            }
        stopping.step = index
        stopping.deadline = now + step.grace
        effects.append(.signal(currentRun, step.signal, wholeTree: wholeTree))
    }

    /// The grace of the last step is over and the run is still there.
    mutating func nextStep(
        _ stopping: Stopping, at now: Instant, random: inout SplitMix64, effects: inout [Effect]
    ) -> Aftermath {
        var stopping = stopping
        let next = stopping.step + 1
        if next < stopping.policy.steps.count {
            takeStep(next, of: &stopping, at: now, effects: &effects)
            state = .stopping(stopping)
            return .nothing
        }
        stopping.deadline = nil
        state = .stopping(stopping)
        guard stopping.mainStatus == nil else {
            return conclude(stopping, treeIsEmpty: false, at: now, random: &random, effects: &effects)
        }
        // Only the kernel can hold a process after SIGKILL, and no second one may be started beside it.
        reason =
            "process \(stopping.active.pid) did not go away after SIGKILL; it may hang in the kernel (a dead disk?)"
        announce(.stuck, effects: &effects)
        return .nothing
    }

    // MARK: - The end of a run

    /// The main process ended by itself.
    mutating func mainExited(
        _ active: ActiveRun, _ status: ExitStatus, treeIsEmpty: Bool, at now: Instant, random: inout SplitMix64,
        effects: inout [Effect]
    ) -> Aftermath {
        noteExit(status, at: now)
        let cause = excuse.map { Cause.requested($0) } ?? .ownExit
        if treeIsEmpty || definition.stop.scope == .process {
            effects.append(.endProbes(currentRun))
            let ended = Stopping(
                active: active, cause: cause, policy: definition.stop, step: 0, deadline: nil, mainStatus: status)
            return conclude(ended, treeIsEmpty: treeIsEmpty, at: now, random: &random, effects: &effects)
        }
        beginStop(active, cause, mainStatus: status, at: now, effects: &effects)
        return .nothing
    }

    /// The run is over: nothing of it is left, or nothing that could be reached.
    mutating func conclude(
        _ ended: Stopping, treeIsEmpty: Bool, at now: Instant, random: inout SplitMix64, effects: inout [Effect]
    ) -> Aftermath {
        let status = ended.mainStatus ?? .unknown
        if !treeIsEmpty { effects.append(.abandon(currentRun)) }
        effects.append(.release(currentRun))
        let stable = ended.active.readyAt.map { now - $0 >= definition.restart.resetAfter } ?? false
        let lived = "after \((now - ended.active.spawnedAt).text)"
        switch ended.cause {
        case .requested(let why):
            enter(.stopped, why, at: now)
            announce(.exited, status: status, message: "\(status) \(lived), as asked: \(why)", effects: &effects)
            announce(.stopped, effects: &effects)
            return .nothing
        case .ownExit:
            let what = ended.active.readyAt == nil ? "\(status) before it was ready, \(lived)" : "\(status) \(lived)"
            let isSuccess = definition.restart.isSuccess(status)
            return decide(what, status, isFailure: !isSuccess, stable: stable, at: now, &random, &effects)
        case .startTimedOut:
            let readiness = ended.active.readiness
            let what = "was not ready within \(readiness.timeout.text) (\(readiness.probe.name)); \(status)"
            return decide(what, status, isFailure: true, stable: false, at: now, &random, &effects)
        case .unhealthy(let problem):
            let what = "was unhealthy (\(problem)); \(status) \(lived)"
            return decide(what, status, isFailure: true, stable: stable, at: now, &random, &effects)
        }
    }

    mutating func spawnFailed(
        _ failure: SpawnFailure, at now: Instant, random: inout SplitMix64, effects: inout [Effect]
    ) -> Aftermath {
        effects.append(.release(currentRun))
        noteExit(nil, at: now)
        return decide(failure.message, nil, isFailure: true, stable: false, at: now, &random, &effects)
    }

    // MARK: - The restart policy

    /// What comes after a run that nobody asked to end. `what` completes "the run …".
    private mutating func decide(
        _ what: String, _ status: ExitStatus?, isFailure: Bool, stable: Bool, at now: Instant,
        _ random: inout SplitMix64, _ effects: inout [Effect]
    ) -> Aftermath {
        let policy = definition.restart
        if isFailure, !countFailure(at: now), let giveUp = policy.giveUp {
            let rule = "gave up: \(giveUp.failures) failures within \(giveUp.within.text) (restart.give_up)"
            return end(.fatal, .fatal, what, rule, status, at: now, &effects)
        }
        switch (policy.when, isFailure) {
        case (.never, true):
            return end(.fatal, .fatal, what, "not restarted (restart.when = never)", status, at: now, &effects)
        case (.never, false), (.onFailure, false):
            let rule = "done (restart.when = \(policy.when.rawValue))"
            enter(.exited, "\(what); \(rule)", at: now)
            announce(.exited, status: status, effects: &effects)
            return .nothing
        case (.always, _), (.onFailure, true):
            let delay = countRestart(stable: stable, wasSpawned: status != nil, random: &random)
            if delay > .zero {
                let rule = "retry \(restarts) in \(delay.text)"
                return end(.backoff(until: now + delay), .backoff, what, rule, status, at: now, &effects)
            }
            return end(.waiting, .waiting, what, "restarted at once", status, at: now, &effects)
        }
    }

    /// Tells what happened and then, as news of its own, what the rules make of it.
    private mutating func end(
        _ next: State, _ kind: Announcement.Kind, _ what: String, _ rule: String, _ status: ExitStatus?,
        at now: Instant, _ effects: inout [Effect]
    ) -> Aftermath {
        enter(next, "\(what); \(rule)", at: now)
        announce(.exited, status: status, message: what, effects: &effects)
        announce(kind, message: rule, effects: &effects)
        return next == .fatal ? .nothing : .restarts
    }

    private static func text(_ cause: Cause) -> String {
        switch cause {
        case .requested(let why): why
        case .ownExit: "its main process is gone, stopping what it left behind"
        case .startTimedOut: "it was not ready in time"
        case .unhealthy(let problem): "it is unhealthy: \(problem)"
        }
    }
}

extension RestartPolicy {
    func isSuccess(_ status: ExitStatus) -> Bool {
        switch status {
        case .exited(let code): successCodes.contains(code)
        case .signaled, .unknown: false
        }
    }
}
