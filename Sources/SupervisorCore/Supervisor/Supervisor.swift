import DequeModule
package import Scheduling

/// The brain: all instances, what they wait for, and who asked for what. A value without clock, descriptor or thread.
///
///     event ──▶ handle(_:at:) ──▶ effects;   nextDeadline ──▶ advance(to:) ──▶ effects
///
/// An event first changes what is wanted or what is known. Then instances settle: each one that could be affected is
/// looked at, and moves one step if what it is differs from what it should be, until nothing moves. So the order in
/// which requests and news arrive cannot matter, only their sum: the last request wins.
///
/// The same plan, seed, events and times give the same effects, byte for byte.
package struct Supervisor: Sendable {
    static let requestLimit = 1024
    package static let instanceLimit = 10_000
    /// Far more steps than any event can set off.
    static let settlingLimit = 100 * instanceLimit

    /// The plan in force.
    package internal(set) var plan: Plan
    var entries: [Entry] = []
    var entryIndex: [String: Int] = [:]
    var graph = DependencyGraph(workers: [], groups: [])
    /// Groups in plan order, each with the restarts that count towards its intensity.
    var groups: [Group] = []
    var pending: [RequestID: PendingRequest] = [:]
    /// The highest run number of instances that are gone, so that numbers never repeat.
    var retiredRuns: [InstanceID: UInt64] = [:]
    /// The places of pools in `entries`.
    var poolEntries: [Int] = []
    package private(set) var isShuttingDown = false
    var isHastening = false
    private var isFinished = false
    private var firstPlan: Plan?
    private var firstTasks: StoredTasks
    /// Queues and their tasks.
    var tasks: TaskBoard

    var wheel = TimerWheel<InstanceID>()
    var random: SplitMix64
    var dirty: Deque<Place> = []
    /// Instances that could start but for the limit on parallel starts.
    var startQueue: Deque<InstanceID> = []
    var startingCount = 0
    /// Instances with a process that a shutdown waits for.
    var activeCount = 0
    /// Something is leaving the plan or is beyond its count.
    var hasLeavers = false
    /// The latest moment that was heard of. A clock that steps back does not take the supervisor with it.
    private var latest = Instant(nanoseconds: .min)

    /// Takes a plan; `begin(at:)` starts it.
    ///
    /// - Parameter seed: decides all jitter.
    /// - Parameter tasks: what the store holds.
    package init(plan: Plan, seed: UInt64, tasks: StoredTasks = StoredTasks()) {
        self.plan = Plan(daemon: plan.daemon)
        self.firstPlan = plan
        self.firstTasks = tasks
        self.random = SplitMix64(seed: seed)
        // Of its own, so that queues do not change what workers draw.
        self.tasks = TaskBoard(seed: seed ^ 0x7461_736b)
    }

    /// Starts what the plan wants started. Say it once, first.
    package mutating func begin(at now: Instant) -> [Effect] {
        guard let first = firstPlan else { return [] }
        let now = moment(now)
        firstPlan = nil
        var effects: [Effect] = []
        tasks.load(firstTasks, plan: first.queues, at: now, effects: &effects)
        firstTasks = StoredTasks()
        _ = adopt(first, at: now, effects: &effects)
        settle(at: now, effects: &effects)
        settlePools(at: now, effects: &effects)
        tellPoolEnds(effects: &effects)
        tasks.settle(at: now, effects: &effects)
        return effects
    }
}

// MARK: - Events and time

extension Supervisor {
    /// Applies one event at one moment and says what must be done about it, in order.
    package mutating func handle(_ event: Event, at now: Instant) -> [Effect] {
        let now = moment(now)
        var effects: [Effect] = []
        switch event {
        case .request(let id, let request):
            accept(request, id: id, at: now, effects: &effects)
        case .requestAbandoned(let id):
            abandon(id)
            abandonCall(id, at: now, effects: &effects)
        case .spawned(let run, let pid):
            deliver(.spawned(pid: pid), about: run, at: now, effects: &effects)
        case .spawnFailed(let run, let failure):
            deliver(.spawnFailed(failure), about: run, at: now, effects: &effects)
        case .ready(let run):
            deliver(.ready, about: run, at: now, effects: &effects)
        case .healthChecked(let run, let problem):
            deliver(.healthChecked(problem: problem), about: run, at: now, effects: &effects)
        case .exited(let run, let status, let treeIsEmpty):
            deliver(.exited(status, treeIsEmpty: treeIsEmpty), about: run, at: now, effects: &effects)
        case .treeEmptied(let run):
            deliver(.treeEmptied, about: run, at: now, effects: &effects)
        case .stored(let ticket):
            tasks.stored(ticket, at: now, effects: &effects)
        case .storeFailed(let ticket, let reason):
            tasks.storeFailed(ticket, reason: reason, at: now, effects: &effects)
        case .swept(let queue):
            tasks.swept(queue)
        case .logsHeldUp(let queue, let isHeldUp):
            tasks.logsHeldUp(queue, isHeldUp, effects: &effects)
        case .taskAnswered(let run, let line, let extra):
            taskAnswered(run, line, extra: extra, at: now, effects: &effects)
        case .taskChannelBroken(let run, let fault):
            taskChannelBroken(run, fault, at: now, effects: &effects)
        case .shutdownRequested:
            shutDown(at: now, effects: &effects)
        }
        settle(at: now, effects: &effects)
        settlePools(at: now, effects: &effects)
        tellPoolEnds(effects: &effects)
        tasks.settle(at: now, effects: &effects)
        finishIfDone(effects: &effects)
        return effects
    }

    /// The earliest moment at which `advance(to:)` has something to do; nil when nothing is timed. O(1).
    package mutating func nextDeadline() -> Instant? {
        var next = wheel.nextDeadline() ?? .distantFuture
        next = min(next, tasks.wheel.nextDeadline() ?? next)
        next = min(next, nextPoolDeadline() ?? next)
        return next == .distantFuture ? nil : next
    }

    /// Applies the passing of time: everything that was due at `now` or before happens now.
    package mutating func advance(to now: Instant) -> [Effect] {
        let now = moment(now)
        var effects: [Effect] = []
        while let due = wheel.popDue(at: now) {
            guard let place = place(of: due.payload) else { continue }
            self[place].timer = nil
            guard let deadline = self[place].machine.deadline, deadline <= now else { continue }
            deliver(.deadlinePassed, to: place, at: now, effects: &effects)
            settle(at: now, effects: &effects)
        }
        advancePools(to: now, effects: &effects)
        settle(at: now, effects: &effects)
        settlePools(at: now, effects: &effects)
        tellPoolEnds(effects: &effects)
        tasks.advance(to: now, effects: &effects)
        finishIfDone(effects: &effects)
        return effects
    }

    private mutating func moment(_ now: Instant) -> Instant {
        latest = max(latest, now)
        return latest
    }

    /// The one door for news about runs. News of an earlier run is late, not wrong; dropping it here is what lets
    /// every transition assume that it is about the run in hand.
    private mutating func deliver(
        _ news: InstanceMachine.News, about run: RunID, at now: Instant, effects: inout [Effect]
    ) {
        if tasks.holds(run) { return tasks.deliver(news, about: run, at: now, effects: &effects) }
        guard let place = place(of: run.instance) else { return }
        guard self[place].machine.run == run.number, self[place].machine.isActive else { return }
        deliver(news, to: place, at: now, effects: &effects)
    }

    private mutating func deliver(
        _ news: InstanceMachine.News, to place: Place, at now: Instant, effects: inout [Effect]
    ) {
        if case .exited = news, entries[place.entry].pool != nil { excuseExit(of: place) }
        // Spelled out, because `random` lies beside `entries` and both are changed at once.
        let aftermath = entries[place.entry].slots[place.slot].machine
            .handle(news, at: now, random: &random, effects: &effects)
        refresh(place, at: now, effects: &effects)
        switch aftermath {
        case .nothing: break
        case .restarts: memberRestarts(place, at: now, effects: &effects)
        }
    }

    private mutating func shutDown(at now: Instant, effects: inout [Effect]) {
        if isShuttingDown {
            isHastening = true
            announce(.shutdown, "asked again: killing what is left", effects: &effects)
        } else {
            isShuttingDown = true
            announce(.shutdown, "stopping everything", effects: &effects)
            closePools("roostd is stopping", at: now, effects: &effects)
        }
        refreshAll(at: now, effects: &effects)
        tasks.shutDown(at: now, effects: &effects)
    }

    private mutating func finishIfDone(effects: inout [Effect]) {
        guard isShuttingDown, !isFinished, activeCount == 0, tasks.isQuiet else { return }
        isFinished = true
        tasks.tellLost(effects: &effects)
        tasks.dismissRequests(effects: &effects)
        effects.append(.finish)
    }

    func announce(_ kind: Announcement.Kind, _ message: String, effects: inout [Effect]) {
        effects.append(.announce(Announcement(kind, message: message)))
    }
}

// MARK: - Looking

extension Supervisor {
    func place(of id: InstanceID) -> Place? {
        guard let entry = entryIndex[id.worker], id.index < entries[entry].slots.count, id.index >= 0 else {
            return nil
        }
        return Place(entry: entry, slot: id.index)
    }

    /// The slot at a place, read and changed where it is: copying one costs dozens of reference counts.
    subscript(place: Place) -> Slot {
        get { entries[place.entry].slots[place.slot] }
        _modify { yield &entries[place.entry].slots[place.slot] }
    }

    /// Every instance in plan order, as it is at this moment.
    package func reports(at now: Instant) -> [InstanceReport] {
        entries.indices.flatMap { entry in
            entries[entry].slots.indices.map { report(Place(entry: entry, slot: $0), at: now) }
        }
    }

    package func report(_ id: InstanceID, at now: Instant) -> InstanceReport? {
        place(of: id).map { report($0, at: now) }
    }

    private func report(_ place: Place, at now: Instant) -> InstanceReport {
        let machine = self[place].machine
        var nextAttempt: Instant?
        if case .backoff(let until) = machine.state { nextAttempt = until }
        return InstanceReport(
            instance: machine.id, state: machine.publicState, pid: machine.pid,
            run: machine.run == 0 ? nil : machine.run, since: machine.since, restarts: machine.restarts,
            recentFailures: machine.recentFailures(at: now), nextAttempt: nextAttempt,
            waitingFor: expectations(of: place), lastExit: machine.lastExit, reason: machine.reason)
    }

    /// What would have to happen for an instance that is wanted and has no process.
    private func expectations(of place: Place) -> [String] {
        switch self[place].machine.state {
        case .waiting:
            return obstacles(to: place)
        case .stopped:
            guard self[place].isWanted, let holder = holder(of: place.entry) else { return [] }
            return ["\(entries[holder].definition.name) to be started"]
        case .spawning, .starting, .running, .backoff, .stopping, .exited, .fatal:
            return []
        }
    }

    /// The definition that the next run of this instance will have.
    package func definition(of worker: String) -> WorkerDefinition? {
        entryIndex[worker].map { entries[$0].definition }
    }
}
