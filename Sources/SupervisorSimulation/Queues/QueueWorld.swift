import Scheduling
package import SupervisorCore

/// A machine with queues: processes, a disk that holds tasks, clients, and a daemon that is killed at any moment.
///
/// Unlike `SimulatedWorld` it lives through several lives of the daemon: what the disk has taken is given to the next
/// one, what it has not is lost, and processes of the last life are still there. Its oracle (`+Oracle`) remembers what
/// clients were promised.
package struct QueueWorld: SimulatedLife, Sendable {
    enum What: Sendable {
        case news(Event)
        /// The main process of a run ends.
        case exit(RunID)
        /// The disk does the next write that it was asked for.
        case write
        case clientsAct
        case diskTurns
        case daemonDies
    }

    private static let faultyEvents = 200
    private static let eventLimit = 20_000

    package let seed: UInt64
    package internal(set) var supervisor: Supervisor
    package internal(set) var violation: String?
    package internal(set) var history: [String] = []
    package private(set) var digest = Digest()
    package private(set) var eventCount = 0

    let keepsHistory: Bool
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    var random: SplitMix64
    let weights: QueueWeights
    var agenda = Agenda<What>()
    private(set) var life = 0
    var title: String { "queues, life \(life)" }
    private(set) var faultsEnd = false

    /// What the operator has written down; the plan in force follows it.
    var plan: Plan
    var disk = SimulatedDisk()
    /// Live processes of this life's runs, from `spawn` to `release`.
    var processes: [RunID: Process] = [:]
    /// Processes that earlier lives have left.
    var orphans: [RunID: TaskID] = [:]
    var nextPid: Int32 = 100
    var oracle = QueueOracle()
    var openRequests: [UInt64: Request] = [:]
    var lastRequest: UInt64 = 0
    var isShuttingDown = false
    var isFinished = false

    package init(seed: UInt64, keepsHistory: Bool = false) {
        self.seed = seed
        self.keepsHistory = keepsHistory
        random = SplitMix64(seed: seed &* 0x9E37_79B9 &+ 1)
        weights = QueueWeights(using: &random)
        plan = RandomQueues.plan(using: &random)
        supervisor = Supervisor(plan: plan, seed: 0)
    }

    /// A random life of the machine: faults and commands, then calm, in which all that was promised comes true; then an
    /// orderly shutdown, and one more start that must find everything again.
    package mutating func run() {
        start()
        schedule(.clientsAct, after: draw(upTo: .seconds(2)))
        schedule(.diskTurns, after: draw(upTo: weights.diskPause))
        live(until: now + .seconds(40_000)) { $0.eventCount < Self.faultyEvents }
        calmDown()
        live(until: now + .seconds(200_000))
        checkRest()
        guard violation == nil else { return }
        shutDown()
        guard violation == nil else { return }
        start()
        calmDown()
        live(until: now + .seconds(100_000))
        checkRest()
    }

    private mutating func live(until end: Instant, while isGoingOn: (Self) -> Bool = { _ in true }) {
        while violation == nil, !isFinished, isGoingOn(self), let next = nextMoment(), next <= end { turn(at: next) }
    }

    // MARK: - Lives of the daemon

    /// The daemon starts, with what the disk holds.
    private mutating func start() {
        life += 1
        isShuttingDown = false
        isFinished = false
        let number = life
        note("the daemon starts, life \(number)")
        supervisor = Supervisor(plan: plan, seed: random.next(), tasks: disk.stored)
        oracle.daemonStarts(disk, plan)
        perform(supervisor.begin(at: now))
        checkSurvivors()
        if !faultsEnd, weights.lifetime > .zero { schedule(.daemonDies, after: draw(upTo: weights.lifetime)) }
    }

    /// kill -9: what was under way to the disk may or may not have arrived.
    private mutating func die() {
        note("the daemon is killed")
        let arriving = Int.random(in: 0...disk.writes.count, using: &random)
        for _ in 0..<arriving where disk.isHealthy {
            if let complaint = disk.write() { fail(complaint) }
        }
        disk.writes = []
        for (run, process) in processes where process.isSpawned && !process.isOver { orphans[run] = process.task }
        processes = [:]
        openRequests = [:]
        agenda.keepOnly { $0.isOfTheWorld }
        oracle.daemonDies()
        start()
    }

    /// The disk of a queue's logs fills up, or takes something again.
    private mutating func logsTurn(_ queue: String) {
        let isHeldUp = oracle.heldUp.insert(queue).inserted
        if !isHeldUp { oracle.heldUp.remove(queue) }
        deliver(.logsHeldUp(queue: queue, isHeldUp))
    }

    private mutating func calmDown() {
        guard violation == nil else { return }
        note("calm")
        faultsEnd = true
        for queue in oracle.heldUp.sorted() { logsTurn(queue) }
        disk.isHealthy = true
        for index in plan.queues.indices {
            plan.queues[index].slots = max(1, plan.queues[index].slots)
            plan.queues[index].paused = false
        }
        for name in RandomQueues.names where !plan.queues.contains(where: { $0.name == name }) {
            plan.queues.append(QueueDefinition(name: name))
        }
        for run in processes.keys.sorted(by: { ($0.instance, $0.number) < ($1.instance, $1.number) }) {
            schedule(.exit(run), after: draw(upTo: .seconds(8)))
        }
        ask(.apply(plan, wait: false))
        ask(.resumeQueues(["all"]))
    }

    private mutating func shutDown() {
        faultsEnd = false
        for _ in 0..<Int.random(in: 0...6, using: &random) { act() }
        faultsEnd = true
        isShuttingDown = true
        deliver(.shutdownRequested)
        live(until: now + draw(upTo: .seconds(20)))
        if chance(30) { deliver(.shutdownRequested) }
        live(until: now + .seconds(10_000))
        require(isFinished, "the shutdown never ended")
        if let open = openRequests.keys.min() { fail("request \(open) was not answered before the end") }
        if let run = processes.keys.first { fail("\(run) is left after the shutdown") }
        // Asked twice, it does not wait for the disk.
        for _ in 0..<Int.random(in: 0...disk.writes.count, using: &random) {
            if let complaint = disk.write() { fail(complaint) }
        }
        disk.writes = []
        agenda = Agenda()
        oracle.daemonDies()
    }

    // MARK: - Time

    private mutating func turn(at moment: Instant) {
        now = max(now, moment)
        if !faultsEnd, chance(weights.lateWake) {
            now = now + draw(upTo: .seconds(5))
        }
        if chance(50) { passTime() }
        while violation == nil, !isFinished, let what = agenda.popDue(at: now) { happen(what) }
        passTime()
        eventCount += 1
        require(eventCount < Self.eventLimit, "something goes round in circles")
        guard violation == nil, !isFinished else { return }
        checkTurn()
        if let broken = supervisor.brokenInvariant() { fail(broken) }
    }

    private mutating func passTime() {
        guard violation == nil, !isFinished, let deadline = supervisor.nextDeadline(), deadline <= now else { return }
        note("time passes")
        perform(supervisor.advance(to: now))
    }

    private mutating func happen(_ what: What) {
        switch what {
        case .news(let event): deliver(event)
        case .exit(let run): mainExits(run)
        case .write: diskWrites()
        case .clientsAct:
            guard !faultsEnd else { return }
            act()
            schedule(.clientsAct, after: draw(upTo: weights.clientPause))
        case .diskTurns:
            guard !faultsEnd else { return }
            disk.isHealthy = !chance(weights.diskFault)
            let isHealthy = disk.isHealthy
            note("the disk is \(isHealthy ? "well" : "full")")
            if chance(30) { logsTurn(pick(RandomQueues.names)) }
            schedule(.diskTurns, after: draw(upTo: weights.diskPause))
        case .daemonDies:
            guard !faultsEnd else { return }
            die()
        }
    }

    mutating func deliver(_ event: Event) {
        guard violation == nil, !isFinished else { return }
        eventCount += 1
        digest.feed(UInt64(bitPattern: now.nanoseconds))
        note("← \(event.brief)")
        if case .spawned(let run, _) = event { processes[run]?.spawnedAt = now }
        if case .swept(let queue) = event {
            for run in orphans.keys where run.instance.worker == queue { orphans[run] = nil }
        }
        oracle.hears(event)
        perform(supervisor.handle(event, at: now))
    }

    private mutating func perform(_ effects: [Effect]) {
        oracle.begins()
        for effect in effects where violation == nil {
            digest.feed(effect)
            note("  → \(effect.brief)")
            carryOut(effect)
            if let complaint = oracle.complaint { fail(complaint) }
        }
        guard violation == nil else { return }
        checkOrder()
    }
}

extension QueueWorld.What {
    /// It goes on when the daemon is gone.
    fileprivate var isOfTheWorld: Bool {
        switch self {
        case .clientsAct, .diskTurns: true
        case .news, .exit, .write, .daemonDies: false
        }
    }
}
