import Scheduling

/// The life of one instance, as a pure state machine.
///
///     stopped ──wait──▶ waiting ──start──▶ spawning ──spawned──▶ starting ──ready──▶ running
///                          ▲                   │                    │                   │
///                          │                 failed          exit, timeout      exit, unhealthy, stop
///                          │                   ▼                    ▼                   ▼
///                          └──deadline── backoff, exited, fatal ◀──policy── stopping (until its tree is gone)
///
/// It decides what one instance does about its own runs: readiness, the stop sequence, restarts, giving up. Whether
/// it is wanted, and when it may start or must stop because of others, is the supervisor's part.
///
/// The deadline is part of the state, so a timer cannot outlive the run it belongs to.
struct InstanceMachine: Sendable {
    /// Each case carries exactly the data that exists in that state.
    enum State: Equatable, Sendable {
        case stopped
        case waiting
        /// The spawn was asked for and its outcome is not known yet. A change of plan does not touch how it gets ready.
        case spawning(Readiness)
        case starting(ActiveRun, deadline: Instant)
        case running(ActiveRun)
        case backoff(until: Instant)
        case stopping(Stopping)
        case exited
        case fatal
    }

    /// A process that exists.
    struct ActiveRun: Equatable, Sendable {
        let pid: Int32
        let spawnedAt: Instant
        let readiness: Readiness
        var readyAt: Instant?
        /// Failed health checks in a row.
        var healthFailures = 0
    }

    struct Stopping: Equatable, Sendable {
        var active: ActiveRun
        let cause: Cause
        /// As it was when the stop began; a change of plan does not touch a stop under way.
        let policy: StopPolicy
        /// The step of the stop policy that was taken last.
        var step: Int
        /// When the next step is due; nil once all were taken.
        var deadline: Instant?
        /// Known once the main process is gone; then only its tree is left.
        var mainStatus: ExitStatus?
    }

    /// Why a run is being ended.
    enum Cause: Equatable, Sendable {
        /// The supervisor said so; the text says why.
        case requested(String)
        /// The main process ended by itself.
        case ownExit
        case startTimedOut
        case unhealthy(String)
    }

    /// What the supervisor must know of a transition beyond the state itself.
    enum Aftermath: Equatable, Sendable {
        case nothing
        /// The instance will be restarted by its own policy; its group may have an opinion.
        case restarts
    }

    let id: InstanceID
    var definition: WorkerDefinition
    var state = State.stopped
    /// The number of the run in hand, or of the last one; 0 before the first.
    private(set) var run: UInt64
    /// No run of it gets a number up to this one: they are those of something else that had its name.
    var runFloor: UInt64 = 0
    private(set) var since: Instant
    /// Why it is in this state, for people.
    var reason = "not started yet"
    private(set) var restarts = 0
    private(set) var lastExit: InstanceReport.LastExit?
    /// Failed or short runs in a row, for the backoff.
    private var streak = 0
    private(set) var failures: RestartWindow?
    /// Why an end of the run in hand is not its own failure.
    var excuse: String?

    /// - Parameter lastRun: the highest number that a run of this instance ever had.
    init(id: InstanceID, definition: WorkerDefinition, lastRun: UInt64, at now: Instant) {
        self.id = id
        self.definition = definition
        self.run = lastRun
        self.since = now
        self.failures = Self.window(definition.restart)
    }
}

// MARK: - What the supervisor tells it to do

extension InstanceMachine {
    /// From any state without a process: wants to start, must wait for its turn.
    mutating func wait(reason: String, at now: Instant, effects: inout [Effect]) {
        precondition(!isActive, "\(id) cannot wait for its start: it has a process")
        enter(.waiting, reason, at: now)
        announce(.waiting, effects: &effects)
    }

    /// From `waiting`: its turn has come.
    mutating func start(at now: Instant, effects: inout [Effect]) {
        precondition(state == .waiting, "\(id) can only start after waiting")
        run = max(run, runFloor) + 1
        excuse = nil
        enter(.spawning(definition.ready), "being spawned", at: now)
        effects.append(.spawn(currentRun, definition))
    }

    /// From any state without a process: not wanted any more.
    mutating func rest(reason: String, at now: Instant, effects: inout [Effect]) {
        precondition(!isActive, "\(id) cannot rest: it has a process")
        guard state != .stopped else { return }
        enter(.stopped, reason, at: now)
        announce(.stopped, effects: &effects)
    }

    /// From any state without a process: given up because of others.
    mutating func fail(reason: String, at now: Instant, effects: inout [Effect]) {
        precondition(!isActive, "\(id) cannot give up: it has a process")
        enter(.fatal, reason, at: now)
        announce(.fatal, effects: &effects)
    }

    /// From `starting` or `running`: begins the stop sequence.
    ///
    /// - Parameter drain: how long a run that takes tasks may go on with the one in hand, once its input has ended.
    mutating func beginStop(_ cause: Cause, drain: Duration? = nil, at now: Instant, effects: inout [Effect]) {
        switch state {
        case .running(let active):
            if let drain, drain > .zero { return beginDrain(active, cause, drain, at: now, effects: &effects) }
            beginStop(active, cause, mainStatus: nil, at: now, effects: &effects)
        case .starting(let active, _):
            beginStop(active, cause, mainStatus: nil, at: now, effects: &effects)
        case .stopped, .waiting, .spawning, .backoff, .stopping, .exited, .fatal:
            preconditionFailure("\(id) cannot be stopped while \(publicState)")
        }
    }

    /// Kills at once whatever is left of the run in hand. Returns false when that was done before.
    mutating func hasten(at now: Instant, effects: inout [Effect]) -> Bool {
        guard case .stopping(var stopping) = state, stopping.step < stopping.policy.steps.count - 1 else {
            return false
        }
        takeStep(stopping.policy.steps.count - 1, of: &stopping, at: now, effects: &effects)
        state = .stopping(stopping)
        return true
    }

    /// A request by hand wipes out the failures of the past.
    mutating func forgive() {
        streak = 0
        restarts = 0
        failures?.reset()
    }

    /// Takes over a definition of which everything may differ. A run in hand goes on as it
    /// is, but for its health checks.
    mutating func update(_ definition: WorkerDefinition, effects: inout [Effect]) {
        if definition.restart.giveUp != self.definition.restart.giveUp { failures = Self.window(definition.restart) }
        let healthChanged = definition.health != self.definition.health
        self.definition = definition
        guard healthChanged, case .running = state else { return }
        effects.append(.endProbes(currentRun))
        if let health = definition.health { effects.append(.checkHealth(currentRun, health)) }
    }
}

// MARK: - News about the run in hand

extension InstanceMachine {
    /// News about a run, without the run: the supervisor has checked that it is the one in hand.
    enum News: Equatable, Sendable {
        case spawned(pid: Int32)
        case spawnFailed(SpawnFailure)
        case ready
        case healthChecked(problem: String?)
        case exited(ExitStatus, treeIsEmpty: Bool)
        case treeEmptied
        case deadlinePassed
    }

    /// Applies one piece of news. Every state × news pair is named.
    mutating func handle(
        _ news: News, at now: Instant, random: inout SplitMix64, effects: inout [Effect]
    ) -> Aftermath {
        switch (state, news) {
        case (.spawning(let readiness), .spawned(let pid)):
            becomeStarting(ActiveRun(pid: pid, spawnedAt: now, readiness: readiness), at: now, effects: &effects)
        case (.spawning, .spawnFailed(let failure)):
            return spawnFailed(failure, at: now, random: &random, effects: &effects)

        case (.starting(let active, _), .ready):
            becomeRunning(active, "ready", at: now, effects: &effects)
        case (.starting(let active, _), .deadlinePassed):
            if case .after(let delay) = active.readiness.probe {
                becomeRunning(active, "alive for \(delay.text)", at: now, effects: &effects)
            } else {
                beginStop(active, .startTimedOut, mainStatus: nil, at: now, effects: &effects)
            }
        case (.starting(let active, _), .exited(let status, let treeIsEmpty)),
            (.running(let active), .exited(let status, let treeIsEmpty)):
            return mainExited(active, status, treeIsEmpty: treeIsEmpty, at: now, random: &random, effects: &effects)

        case (.running(var active), .healthChecked(let problem)):
            noteHealth(of: &active, problem: problem, at: now, effects: &effects)

        case (.backoff, .deadlinePassed):
            wait(reason: "its delay is over", at: now, effects: &effects)

        case (.stopping(var stopping), .exited(let status, let treeIsEmpty)) where stopping.mainStatus == nil:
            stopping.mainStatus = status
            noteExit(status, at: now)
            if treeIsEmpty || stopping.policy.scope == .process {
                return conclude(stopping, treeIsEmpty: treeIsEmpty, at: now, random: &random, effects: &effects)
            }
            linger(&stopping, at: now, effects: &effects)
        case (.stopping(let stopping), .treeEmptied) where stopping.mainStatus != nil:
            return conclude(stopping, treeIsEmpty: true, at: now, random: &random, effects: &effects)
        case (.stopping(let stopping), .deadlinePassed):
            return nextStep(stopping, at: now, random: &random, effects: &effects)

        // A probe's news may cross the order to end it, and a deadline may cross the state that it belonged to.
        case (.running, .ready), (.stopping, .ready), (.stopping, .healthChecked), (.starting, .healthChecked):
            break

        case (.stopped, _), (.waiting, _), (.exited, _), (.fatal, _),
            (.spawning, .ready), (.spawning, .healthChecked), (.spawning, .exited), (.spawning, .treeEmptied),
            (.spawning, .deadlinePassed), (.starting, .spawned), (.starting, .spawnFailed), (.starting, .treeEmptied),
            (.running, .spawned), (.running, .spawnFailed), (.running, .treeEmptied), (.running, .deadlinePassed),
            (.backoff, .spawned), (.backoff, .spawnFailed), (.backoff, .ready), (.backoff, .healthChecked),
            (.backoff, .exited), (.backoff, .treeEmptied),
            (.stopping, .spawned), (.stopping, .spawnFailed), (.stopping, .exited), (.stopping, .treeEmptied):
            impossible(news, at: now, effects: &effects)
        }
        return .nothing
    }

    private mutating func becomeStarting(_ active: ActiveRun, at now: Instant, effects: inout [Effect]) {
        switch active.readiness.probe {
        case .spawned:
            becomeRunning(active, "spawned", at: now, effects: &effects)
        case .after(let delay):
            enter(.starting(active, deadline: now + delay), "must stay alive for \(delay.text)", at: now)
            announce(.starting, effects: &effects)
        case .notify, .tcp, .exec, .line, .descriptor:
            let timeout = active.readiness.timeout
            let text = "waiting for readiness (\(active.readiness.probe.name)), at most \(timeout.text)"
            enter(.starting(active, deadline: now + timeout), text, at: now)
            announce(.starting, effects: &effects)
            effects.append(.probeReadiness(currentRun))
        }
    }

    private mutating func becomeRunning(
        _ active: ActiveRun, _ reason: String, at now: Instant, effects: inout [Effect]
    ) {
        var active = active
        active.readyAt = now
        enter(.running(active), reason, at: now)
        announce(.running, effects: &effects)
        if let health = definition.health { effects.append(.checkHealth(currentRun, health)) }
    }

    private mutating func noteHealth(
        of active: inout ActiveRun, problem: String?, at now: Instant, effects: inout [Effect]
    ) {
        guard let health = definition.health else { return }
        guard let problem else {
            active.healthFailures = 0
            state = .running(active)
            return
        }
        active.healthFailures += 1
        state = .running(active)
        let text = "health check failed (\(active.healthFailures) of \(health.failures)): \(problem)"
        announce(.unhealthy, message: text, effects: &effects)
        if active.healthFailures >= health.failures {
            beginStop(active, .unhealthy(problem), mainStatus: nil, at: now, effects: &effects)
        }
    }

    /// The main process is gone, what it left behind is not: the stop sequence goes on for that.
    private mutating func linger(_ stopping: inout Stopping, at now: Instant, effects: inout [Effect]) {
        if stopping.deadline == nil {
            takeStep(stopping.policy.steps.count - 1, of: &stopping, at: now, effects: &effects)
        }
        state = .stopping(stopping)
        reason = "its main process is gone, waiting for the rest of its tree"
    }

    /// A transition that cannot be. In debug builds and simulations it is a bug to be found; in release this one
    /// instance gives up, loudly, and the daemon lives.
    private mutating func impossible(_ news: News, at now: Instant, effects: inout [Effect]) {
        let text = "\(currentRun): \(news) cannot happen while \(publicState)"
        #if DEBUG
            preconditionFailure(text)
        #else
            if isActive {
                effects += [.endProbes(currentRun), .signal(currentRun, .kill, wholeTree: true)]
                effects += [.abandon(currentRun), .release(currentRun)]
            }
            enter(.fatal, "internal error: \(text)", at: now)
            announce(.internalError, effects: &effects)
        #endif
    }
}

// MARK: - Moving

extension InstanceMachine {
    mutating func enter(_ next: State, _ reason: String, at now: Instant) {
        state = next
        since = now
        self.reason = reason
    }

    func announce(
        _ kind: Announcement.Kind, status: ExitStatus? = nil, message: String? = nil, effects: inout [Effect]
    ) {
        let number = run == 0 ? nil : run
        effects.append(
            .announce(
                Announcement(
                    kind, instance: id, run: number, state: publicState, pid: pid, status: status,
                    message: message ?? reason)))
    }

    mutating func noteExit(_ status: ExitStatus?, at now: Instant) {
        lastExit = InstanceReport.LastExit(run: run, status: status, at: now)
    }

    /// Counts one automatic restart, and says how long to wait before it.
    ///
    /// A program that ends at once costs itself time; a spawn that fails costs nobody but the daemon. So with
    /// `delay = "0s"` only the latter is slowed down.
    mutating func countRestart(stable: Bool, wasSpawned: Bool, random: inout SplitMix64) -> Duration {
        streak = stable ? 1 : streak + 1
        restarts += 1
        guard streak > 1 else { return .zero }
        let delay = definition.restart.backoff.delay(attempt: streak - 1, using: &random)
        return wasSpawned ? delay : max(delay, RestartPolicy.leastDelayAfterFailedSpawn)
    }

    /// Counts one failure. Returns false when it is the one that makes the instance give up.
    mutating func countFailure(at now: Instant) -> Bool { failures?.record(at: now) ?? true }

    private static func window(_ policy: RestartPolicy) -> RestartWindow? {
        policy.giveUp.map { RestartWindow(intensity: $0.failures - 1, period: $0.within) }
    }
}
