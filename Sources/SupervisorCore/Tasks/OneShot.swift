import Scheduling

/// A slot that runs one thing once, then the next: what queues and jobs are made of.
///
/// It is an `InstanceMachine` that gets a new definition for each run and never restarts, with a limit to a run's
/// time. So a spawn, a stop, a tree that outlives its main process and a process that even KILL does not end are here
/// what they are for a worker. What runs in it, and what comes after it, is its owner's part.
struct OneShot: Sendable {
    /// Why a run is ended before it ends by itself.
    enum Stop: Equatable, Sendable {
        case tooSlow(Duration)
        case cancelled
        case shutdown
    }

    /// How a run ended.
    struct Ending: Equatable, Sendable {
        /// Nil when it could not be spawned.
        var status: ExitStatus?
        var isSuccess: Bool
        /// Who ended it; nil when it ended by itself, or could not be spawned.
        var stop: Stop?
        /// What happened, for people.
        var text: String
    }

    /// What its owner must know of a piece of news.
    enum Outcome: Equatable, Sendable {
        case goesOn
        case isBeingStopped
        /// Even KILL did not end it: the slot stays taken.
        case isStuck(String)
        case ended(Ending)
    }

    private(set) var machine: InstanceMachine
    private var timeout: Duration?
    /// When the run in hand is too slow.
    private(set) var limit: Instant?
    /// Asked for, and perhaps still to be begun.
    private(set) var stop: Stop?
    private var failure: SpawnFailure?
    private var spawnedAt: Instant?

    init(id: InstanceID, lastRun: UInt64, at now: Instant) {
        let nothing = WorkerDefinition(name: id.worker, launch: LaunchSpecification(arguments: []))
        machine = InstanceMachine(id: id, definition: nothing, lastRun: lastRun, at: now)
    }

    var isActive: Bool { machine.isActive }
    var run: RunID { machine.currentRun }
    var isStuck: Bool { machine.isStuck }

    /// Keeps its later runs apart from those of something else that had its name.
    mutating func avoidRuns(upTo number: UInt64) { machine.runFloor = max(machine.runFloor, number) }

    /// When it wants `.deadlinePassed`.
    var deadline: Instant? {
        guard let limit else { return machine.deadline }
        return min(limit, machine.deadline ?? limit)
    }

    /// The number that the next run will have.
    var nextRun: RunID { RunID(instance: machine.id, number: max(machine.run, machine.runFloor) + 1) }

    /// Spawns a run. Its time begins when it is spawned.
    mutating func begin(
        _ definition: WorkerDefinition, timeout: Duration?, at now: Instant, effects: inout [Effect]
    ) {
        var definition = definition
        definition.restart.when = .never
        definition.restart.giveUp = nil
        definition.ready = Readiness()
        definition.health = nil
        self.timeout = timeout
        limit = nil
        stop = nil
        failure = nil
        spawnedAt = nil
        withoutAnnouncements(&effects) { machine, effects in
            machine.update(definition, effects: &effects)
            machine.wait(reason: "its turn has come", at: now, effects: &effects)
            machine.start(at: now, effects: &effects)
        }
    }

    /// Begins the stop sequence, at once or as soon as there is a process. One that is ending already goes on ending.
    mutating func end(_ why: Stop, at now: Instant, effects: inout [Effect]) -> Outcome {
        let isEndingByItself = machine.publicState == .stopping && stop == nil
        guard isActive, !isEndingByItself, stop.map({ $0.rank < why.rank }) ?? true else { return .goesOn }
        stop = why
        return beginStopIfPossible(at: now, effects: &effects)
    }

    /// Kills at once whatever is left of a run that is being stopped.
    mutating func hasten(at now: Instant, effects: inout [Effect]) {
        withoutAnnouncements(&effects) { machine, effects in _ = machine.hasten(at: now, effects: &effects) }
    }

    mutating func handle(
        _ news: InstanceMachine.News, at now: Instant, random: inout SplitMix64, effects: inout [Effect]
    ) -> Outcome {
        if case .spawnFailed(let failure) = news { self.failure = failure }
        if case .spawned = news { becomeTimed(at: now) }
        if case .exited = news { limit = nil }
        if news == .deadlinePassed, let limit, limit <= now {
            self.limit = nil
            if let timeout { return end(.tooSlow(timeout), at: now, effects: &effects) }
        }
        if news == .deadlinePassed, machine.deadline.map({ $0 > now }) ?? true { return .goesOn }
        let wasStuck = isStuck
        withoutAnnouncements(&effects) { machine, effects in
            _ = machine.handle(news, at: now, random: &random, effects: &effects)
        }
        if isStuck, !wasStuck { return .isStuck(machine.reason) }
        if !isActive { return .ended(ending(at: now)) }
        return beginStopIfPossible(at: now, effects: &effects)
    }

    private mutating func becomeTimed(at now: Instant) {
        spawnedAt = now
        limit = timeout.map { now + $0 }
    }

    /// A stop that was asked for while the spawn was under way begins once there is a process.
    private mutating func beginStopIfPossible(at now: Instant, effects: inout [Effect]) -> Outcome {
        guard let stop, machine.publicState == .running else { return .goesOn }
        limit = nil
        withoutAnnouncements(&effects) { machine, effects in
            machine.beginStop(.requested(stop.text), at: now, effects: &effects)
        }
        return .isBeingStopped
    }

    private mutating func ending(at now: Instant) -> Ending {
        limit = nil
        if let failure { return Ending(status: nil, isSuccess: false, stop: nil, text: failure.message) }
        let status = machine.lastExit?.status ?? .unknown
        let lived = spawnedAt.map { " after \((now - $0).text)" } ?? ""
        // The machine is stopped if it was asked to end, and anything else if it ended by itself.
        guard machine.state == .stopped, let stop else {
            let isInternal = machine.reason.hasPrefix("internal error")
            let text = isInternal ? machine.reason : "\(status)\(lived)"
            return Ending(status: status, isSuccess: machine.state == .exited, stop: nil, text: text)
        }
        return Ending(status: status, isSuccess: false, stop: stop, text: "\(stop.text); it \(status)\(lived)")
    }

    /// What the machine announces is about an instance; its owner tells the same of what runs in it.
    private mutating func withoutAnnouncements(
        _ effects: inout [Effect], _ body: (inout InstanceMachine, inout [Effect]) -> Void
    ) {
        var own: [Effect] = []
        body(&machine, &own)
        for effect in own {
            guard case .announce(let told) = effect else {
                effects.append(effect)
                continue
            }
            if told.kind == .internalError { effects.append(effect) }
        }
    }
}

extension OneShot.Stop {
    /// Of two reasons the higher one says what comes afterwards.
    fileprivate var rank: Int {
        switch self {
        case .tooSlow: 0
        case .shutdown: 1
        case .cancelled: 2
        }
    }

    var text: String {
        switch self {
        case .tooSlow(let timeout): "ran longer than \(timeout.text) (timeout)"
        case .cancelled: "cancelled by request"
        case .shutdown: "roostd is stopping"
        }
    }
}
