import Scheduling
package import SupervisorCore

/// The life of one pool in a machine that exists only in memory: callers that come, wait and go, processes that answer,
/// lie, hang and die, and an operator who stops, scales and changes it.
///
/// A `PoolOracle` knows what each process really did with each task. The first thing that cannot be right ends the
/// life.
package struct SimulatedPool: SimulatedLife, Sendable {
    enum What: Sendable {
        case news(Event)
        case exit(RunID, ExitStatus)
        case deed(RunID, TaskID, Deed)
        case operatorActs
    }

    /// What a process does with a task in the end.
    enum Deed: Sendable {
        case answer, error, garbage, crash, answerAndDie, babble, unfinished, closeOutput
    }

    private static let faultyEvents = 400
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
    let weights: PoolWeights
    var agenda = Agenda<What>()
    let title = "pool"
    private(set) var faultsEnd = false
    private var nextPid: Int32 = 100

    var processes: [RunID: Process] = [:]
    var pastRuns: [RunID] = []
    var oracle = PoolOracle()
    var lastRequest: UInt64 = 0
    private var isFinished = false

    struct Process: Sendable {
        let definition: WorkerDefinition
        var isSpawned = false
        var hasExited = false
        var inputHasEnded = false
        var task: TaskID?
        /// SIGKILL is on its way: what it still says may be ignored.
        var isKilled = false
        var ignoresTerm = false
        var ignoresEnd = false
        /// Answered, as the process knows it.
        var tasksTaken = 0
    }

    package init(seed: UInt64, keepsHistory: Bool = false) {
        self.seed = seed
        self.keepsHistory = keepsHistory
        random = SplitMix64(seed: seed ^ 0x706f_6f6c)
        weights = PoolWeights(using: &random)
        var plan = Plan()
        plan.workers = [Self.pool(using: &random)]
        supervisor = Supervisor(plan: plan, seed: random.next())
    }

    /// Faults and calls, then calm, in which everything must come to an end, then a shutdown.
    package mutating func run() {
        perform(supervisor.begin(at: now))
        schedule(.operatorActs, after: draw(upTo: .seconds(1)))
        live(until: now + .seconds(600)) { $0.eventCount < Self.faultyEvents }
        faultsEnd = true
        note("calm")
        // Whoever was stopped or gave up is started, so that whatever waits gets its turn.
        ask(.start(names: ["all"], wait: false))
        live(until: now + .seconds(4000))
        checkRest()
        shutDown()
    }

    private mutating func live(until end: Instant, while isGoingOn: (Self) -> Bool = { _ in true }) {
        while violation == nil, !isFinished, isGoingOn(self), let next = nextMoment(), next <= end {
            now = max(now, next)
            while violation == nil, let what = agenda.popDue(at: now) { happen(what) }
            if let deadline = supervisor.nextDeadline(), deadline <= now {
                note("time passes")
                perform(supervisor.advance(to: now))
            }
            check()
            eventCount += 1
            require(eventCount < Self.eventLimit, "something goes round in circles")
        }
        if violation == nil, isGoingOn(self) { now = max(now, end) }
    }

    private mutating func happen(_ what: What) {
        switch what {
        case .news(let event): deliver(event)
        case .exit(let run, let status): exits(run, status)
        case .deed(let run, let task, let deed): does(deed, task, run)
        case .operatorActs:
            guard !faultsEnd else { return }
            act()
            schedule(.operatorActs, after: draw(upTo: weights.pause))
        }
    }

    mutating func deliver(_ event: Event) {
        guard violation == nil, !isFinished else { return }
        eventCount += 1
        digest.feed(UInt64(bitPattern: now.nanoseconds))
        note("← \(event.brief)")
        perform(supervisor.handle(event, at: now))
    }

    private mutating func perform(_ effects: [Effect]) {
        for effect in effects where violation == nil {
            digest.feed(effect)
            note("  → \(effect.brief)")
            carryOut(effect)
            if let complaint = oracle.complaint { fail(complaint) }
        }
    }

    private mutating func check() {
        guard violation == nil else { return }
        if let complaint = supervisor.brokenInvariant() ?? oracle.overdue(at: now) { fail(complaint) }
    }

    // MARK: - Effects

    private mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .spawn(let run, let definition): spawn(run, definition)
        case .probeReadiness(let run): schedule(.news(.ready(run)), after: draw(upTo: .seconds(2)))
        case .checkHealth, .endProbes: break
        case .signal(let run, let signal, _): send(signal, to: run)
        case .abandon(let run): fail("\(run) is abandoned")
        case .release(let run):
            require(processes[run].map { !$0.isSpawned || $0.hasExited } == true, "\(run) is released alive, or twice")
            processes[run] = nil
        case .sendTask(let run, let task, let line): take(task, line, run)
        case .endTasks(let run): endInput(of: run)
        case .announce: break
        case .reply(let id, let reply): oracle.answered(id, reply, at: now)
        case .store(let ticket, _):
            // Only numbers are reserved, and nobody waits for that.
            let isStored = faultsEnd || chance(80)
            let news = isStored ? Event.stored(ticket) : .storeFailed(ticket, reason: "the disk is full")
            schedule(.news(news), after: draw(upTo: .seconds(1)))
        case .sweep, .forgetTasks: fail("a pool has no queue, but \(effect.brief)")
        case .finish: isFinished = true
        }
    }

    private mutating func spawn(_ run: RunID, _ definition: WorkerDefinition) {
        require(!processes.keys.contains { $0.instance == run.instance }, "\(run) begins beside another run")
        processes[run] = Process(definition: definition)
        pastRuns.append(run)
        let delay = draw(upTo: .milliseconds(100))
        if !faultsEnd, chance(weights.spawnFailure) {
            let failure = SpawnFailure(errno: 2, message: "cannot execute /nowhere")
            return schedule(.news(.spawnFailed(run, failure)), after: delay)
        }
        processes[run]?.isSpawned = true
        let (ignoresTerm, ignoresEnd) = (chance(weights.stubborn), chance(weights.stubborn))
        processes[run]?.ignoresTerm = ignoresTerm
        processes[run]?.ignoresEnd = ignoresEnd
        nextPid += 1
        schedule(.news(.spawned(run, pid: nextPid)), after: delay)
        if !faultsEnd, chance(weights.idleCrash) {
            schedule(.exit(run, .exited(code: 1)), after: delay + draw(upTo: .seconds(20)))
        }
    }

    private mutating func take(_ task: TaskID, _ line: [UInt8], _ run: RunID) {
        guard let process = processes[run], process.isSpawned else {
            return fail("\(run) gets a task, but is not there")
        }
        require(!process.hasExited, "\(run) gets a task after its end was told")
        require(process.task == nil, "\(run) gets task \(task), but has one")
        require(!process.inputHasEnded, "\(run) gets a task after its input was ended")
        let limit = process.definition.tasks?.tasksPerProcess ?? .max
        require(process.tasksTaken < limit, "\(run) gets more than \(limit) tasks")
        oracle.begins(task, line, run, at: now)
        if !faultsEnd, chance(weights.deaf) {
            // It dies, and the pipe tells first.
            deedIsLost(task)
            schedule(.news(.taskChannelBroken(run, .inputClosed(taken: false))), after: .zero)
            return schedule(.exit(run, .exited(code: 3)), after: draw(upTo: .milliseconds(100)))
        }
        if !faultsEnd, chance(weights.babbles) {
            deedIsLost(task)
            return schedule(.news(.taskChannelBroken(run, .unasked(Array("hello".utf8)))), after: .zero)
        }
        processes[run]?.task = task
        processes[run]?.tasksTaken += 1
        let deed = faultsEnd ? .answer : drawDeed()
        let isHanging = !faultsEnd && chance(weights.hang)
        schedule(.deed(run, task, deed), after: isHanging ? .seconds(3000) : draw(upTo: weights.taskTime))
    }

    private mutating func deedIsLost(_ task: TaskID) { oracle.notTaken(task) }

    private mutating func send(_ signal: Signal, to run: RunID) {
        guard let process = processes[run], process.isSpawned else {
            return fail("\(run) is signalled, but is not there")
        }
        if signal == .kill { processes[run]?.isKilled = true }
        guard signal == .kill || !process.ignoresTerm else { return }
        schedule(.exit(run, .signaled(signal, coreDumped: false)), after: draw(upTo: .milliseconds(50)))
    }

    private mutating func endInput(of run: RunID) {
        guard let process = processes[run], process.isSpawned else { return fail("\(run) is ended, but is not there") }
        processes[run]?.inputHasEnded = true
        guard !process.ignoresEnd, process.task == nil else { return }
        schedule(.exit(run, .exited(code: 0)), after: draw(upTo: .milliseconds(50)))
    }

    // MARK: - Calm, and the end

    private mutating func checkRest() {
        guard violation == nil else { return }
        let isUp = supervisor.reports(at: now).contains { $0.state == .running }
        if isUp, let open = oracle.open.keys.min() { fail("request \(open) is still not answered") }
        require(supervisor.nextDeadline() == nil, "a timer outlived everything that it could be for")
    }

    private mutating func shutDown() {
        guard violation == nil else { return }
        faultsEnd = false
        let lastActs = Int.random(in: 0...6, using: &random)
        for _ in 0..<lastActs { act() }
        faultsEnd = true
        deliver(.shutdownRequested)
        if chance(30) { deliver(.shutdownRequested) }
        live(until: now + .seconds(3000))
        require(isFinished, "the shutdown never ended")
        if let open = oracle.open.keys.min() { fail("request \(open) was never answered") }
        require(supervisor.nextDeadline() == nil, "a timer outlived the shutdown")
    }
}
