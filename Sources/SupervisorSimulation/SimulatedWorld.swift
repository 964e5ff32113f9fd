import Scheduling
package import SupervisorCore

/// A machine that exists only in memory: virtual processes, a virtual clock, and every fault that a seed can draw.
///
/// It carries out the supervisor's effects, sends back news (soon, late, or twice), and holds an own, independent
/// record of what must be true. The first broken invariant ends the run with `violation` set.
package struct SimulatedWorld: Sendable {
    /// One thing that will happen.
    struct Happening: Sendable {
        let at: Instant
        let order: UInt64
        let what: What
    }

    enum What: Sendable {
        /// News that the machine itself would report.
        case news(Event)
        /// The main process of a run ends.
        case exit(RunID, ExitStatus)
        /// A process that outlived its run's main process ends.
        case straggler(RunID)
        case operatorActs
        /// Nothing but the passing of time: the loop wakes up for the supervisor's own deadline.
        case wake
    }

    /// A process as the simulated kernel knows it.
    struct Process: Sendable {
        let run: RunID
        let definition: WorkerDefinition
        var isSpawned = false
        /// The main process has ended and the supervisor has been told.
        var hasExited = false
        /// Processes of its tree beside the main one.
        var stragglers = 0
        var ignoresSignals = false
        var ignoresSignalsInTree = false
        /// When its stop sequence began.
        var stopBegan: Instant?
        var latenessBefore = Duration.zero
        var stopPolicy = StopPolicy()
        var isEnding = false
    }

    package let seed: UInt64
    package private(set) var supervisor: Supervisor
    package private(set) var violation: String?
    /// Everything that happened, a line each; kept only when asked for.
    package private(set) var history: [String] = []
    /// A digest of the history, for comparing two runs of one seed.
    package private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    package private(set) var eventCount = 0

    private let keepsHistory: Bool
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    private var random: SplitMix64
    private var weights: Weights
    private var agenda: [Happening] = []
    private var order: UInt64 = 0
    private var nextPid: Int32 = 100
    private var nextRequest: UInt64 = 1
    private var faultsEnd = false
    /// How much the loop has overslept in sum.
    private var lateness = Duration.zero

    /// Live processes: from the effect `spawn` to the effect `release`.
    private var processes: [RunID: Process] = [:]
    private var oracle: Oracle
    private var openRequests: Set<UInt64> = []
    private var pastRuns: [RunID] = []
    private var isFinished = false

    package init(seed: UInt64, keepsHistory: Bool = false) {
        self.seed = seed
        self.keepsHistory = keepsHistory
        random = SplitMix64(seed: seed)
        weights = Weights(using: &random)
        let plan = RandomPlan.make(using: &random)
        supervisor = Supervisor(plan: plan, seed: random.next())
        oracle = Oracle()
    }

    /// Lives through a random life: faults and commands, then calm, then a check that everything is as last asked for,
    /// then a shutdown and a check that nothing is left.
    package mutating func run() {
        perform(supervisor.begin(at: now))
        oracle.adopt(supervisor.plan)
        schedule(.operatorActs, after: draw(upTo: .seconds(5)))
        live(until: now + .seconds(Int64.random(in: 10...900, using: &random)))
        calmDown()
        checkRest()
        shutDown()
    }

    private mutating func live(until end: Instant) {
        while violation == nil, let next = nextMoment(), next <= end {
            turn(at: next)
        }
        if violation == nil { now = max(now, end) }
    }

    // MARK: - Time

    private mutating func nextMoment() -> Instant? {
        let deadline = supervisor.nextDeadline()
        guard let first = agenda.last?.at else { return deadline }
        return min(first, deadline ?? first)
    }

    /// One turn of the loop: time passes, what is due happens, effects are carried out.
    private mutating func turn(at moment: Instant) {
        now = max(now, moment)
        // Now and then the machine was asleep or busy, and everything is late.
        if !faultsEnd, chance(weights.lateWake) { oversleep() }
        let deadline = supervisor.nextDeadline()
        if let deadline, deadline <= now, chance(50) {
            note("time passes")
            perform(supervisor.advance(to: now))
        }
        while violation == nil, let next = agenda.last, next.at <= now {
            agenda.removeLast()
            happen(next.what)
        }
        note("time passes")
        perform(supervisor.advance(to: now))
        checkTurn()
    }

    private mutating func oversleep() {
        let late = draw(upTo: .seconds(40))
        now = now + late
        lateness += late
    }

    private mutating func schedule(_ what: What, after delay: Duration) {
        order += 1
        let happening = Happening(at: now + delay, order: order, what: what)
        // Sorted with the next one last; equal times keep the order in which they were scheduled.
        var low = 0
        var high = agenda.count
        while low < high {
            let middle = (low + high) / 2
            if agenda[middle].at <= happening.at { high = middle } else { low = middle + 1 }
        }
        agenda.insert(happening, at: low)
    }

    // MARK: - What happens

    private mutating func happen(_ what: What) {
        switch what {
        case .news(let event): deliver(event)
        case .exit(let run, let status): mainExits(run, status)
        case .straggler(let run): stragglerExits(run)
        case .operatorActs:
            guard !faultsEnd else { return }
            act()
            schedule(.operatorActs, after: draw(upTo: weights.commandPause))
        case .wake: break
        }
    }

    private mutating func deliver(_ event: Event) {
        eventCount += 1
        note("← \(event.brief)")
        perform(supervisor.handle(event, at: now))
    }

    private mutating func mainExits(_ run: RunID, _ status: ExitStatus) {
        guard var process = processes[run], process.isSpawned, !process.hasExited else { return }
        process.hasExited = true
        if !process.isEnding, chance(weights.stragglers) {
            process.stragglers = Int.random(in: 1...3, using: &random)
            process.ignoresSignalsInTree = chance(30)
            for _ in 0..<process.stragglers where chance(30) {
                schedule(.straggler(run), after: draw(upTo: .seconds(20)))
            }
        }
        processes[run] = process
        deliver(.exited(run, status, treeIsEmpty: process.stragglers == 0))
    }

    private mutating func stragglerExits(_ run: RunID) {
        guard var process = processes[run], process.hasExited, process.stragglers > 0 else { return }
        process.stragglers -= 1
        processes[run] = process
        if process.stragglers == 0 { deliver(.treeEmptied(run)) }
    }

    // MARK: - Carrying out effects

    private mutating func perform(_ effects: [Effect]) {
        for effect in effects where violation == nil {
            note("  → \(effect.brief)")
            switch effect {
            case .spawn(let run, let definition): spawn(run, definition)
            case .probeReadiness(let run): probe(run)
            case .checkHealth(let run, let health): checkHealth(run, health)
            case .endProbes(let run): require(processes[run] != nil, "probes of \(run) end, but it is over")
            case .signal(let run, let signal, let wholeTree): send(signal, to: run, wholeTree: wholeTree)
            case .abandon(let run): abandon(run)
            case .release(let run): release(run)
            case .announce(let announcement):
                if announcement.kind == .internalError { fail("internal error: \(announcement.message)") }
                oracle.heard(announcement, at: now)
            case .reply(let id, _):
                require(openRequests.remove(id.number) != nil, "\(id) was answered twice or never asked")
            case .finish: isFinished = true
            }
        }
    }

    private mutating func spawn(_ run: RunID, _ definition: WorkerDefinition) {
        let other = processes.values.first { $0.run.instance == run.instance }
        require(other == nil, "\(run) is spawned while \(other?.run.description ?? "") is alive")
        require(run.number > (oracle.lastRun[run.instance] ?? 0), "\(run): its number is not new")
        if let problem = oracle.spawnProblem(run, in: supervisor.plan, processes: processes, at: now) { fail(problem) }
        oracle.lastRun[run.instance] = run.number
        processes[run] = Process(run: run, definition: definition)
        pastRuns.append(run)
        let starting = supervisor.reports(at: now).count { $0.state == .starting }
        require(starting <= supervisor.plan.daemon.parallelStarts, "\(starting) instances start at once")

        let delay = chance(weights.slowSpawn) ? draw(upTo: .seconds(2)) : .zero
        if !faultsEnd, chance(weights.spawnFailure) {
            schedule(
                .news(.spawnFailed(run, SpawnFailure(errno: 2, message: "cannot execute /nowhere"))), after: delay)
            return
        }
        processes[run]?.isSpawned = true
        let isStubborn = chance(weights.stubborn)
        processes[run]?.ignoresSignals = isStubborn
        nextPid += 1
        schedule(.news(.spawned(run, pid: nextPid)), after: delay)
        if !faultsEnd, chance(weights.crash) {
            // Never before the news of its spawn, as a pidfd cannot speak before it exists.
            let life = chance(50) ? draw(upTo: .milliseconds(200)) : draw(upTo: .seconds(60))
            schedule(.exit(run, drawStatus()), after: delay + life)
        }
    }

    private mutating func probe(_ run: RunID) {
        require(processes[run]?.hasExited == false, "\(run) is probed, but it is gone")
        if !faultsEnd, chance(weights.hang) { return }
        let timeout = processes[run]?.definition.ready.timeout ?? .seconds(1)
        schedule(.news(.ready(run)), after: draw(upTo: timeout * (faultsEnd ? 0.5 : 1.2)))
    }

    private mutating func checkHealth(_ run: RunID, _ health: HealthCheck) {
        require(processes[run]?.hasExited == false, "the health of \(run) is checked, but it is gone")
        guard !faultsEnd, chance(weights.unhealthy) else { return }
        for check in 1...4 {
            let problem = chance(70) ? "no answer" : nil
            schedule(.news(.healthChecked(run, problem: problem)), after: health.every * check)
        }
    }

    private mutating func send(_ signal: Signal, to run: RunID, wholeTree: Bool) {
        guard var process = processes[run] else { return fail("\(run) is signalled after its end") }
        let now = now
        if process.stopBegan == nil, oracle.isStopping.contains(run.instance) {
            process.stopBegan = now
            process.latenessBefore = lateness
            process.stopPolicy = supervisor.definition(of: run.instance.worker)?.stop ?? process.definition.stop
            processes[run] = process
            if let problem = oracle.stopProblem(run, in: supervisor, processes: processes) { return fail(problem) }
        }
        let lag = draw(upTo: .milliseconds(300))
        if !process.hasExited, signal == .kill || (!process.ignoresSignals && signal == .terminate) {
            if signal != .kill, chance(30) { process.isEnding = true }
            let status: ExitStatus = chance(50) ? .signaled(signal, coreDumped: false) : .exited(code: 0)
            let slow = signal == .kill ? lag : (chance(20) ? draw(upTo: .seconds(12)) : lag)
            schedule(.exit(run, status), after: slow)
        }
        if wholeTree || process.hasExited, signal == .kill || !process.ignoresSignalsInTree {
            for _ in 0..<process.stragglers { schedule(.straggler(run), after: lag) }
        }
        processes[run] = process
    }

    private mutating func abandon(_ run: RunID) {
        guard let process = processes[run] else { return fail("\(run) is abandoned after its end") }
        require(process.hasExited, "\(run) is abandoned although its main process is alive")
    }

    private mutating func release(_ run: RunID) {
        guard let process = processes.removeValue(forKey: run) else { return fail("\(run) is released twice") }
        if process.isSpawned { require(process.hasExited, "\(run) is released although it is alive") }
        guard let began = process.stopBegan else { return }
        // Each step's grace is counted from the step before it, so only oversleeping may add to their sum.
        let graces = process.stopPolicy.sum
        let took = now - began - (lateness - process.latenessBefore)
        require(took <= graces + .milliseconds(1), "\(run) took \(took) to stop; allowed are \(graces)")
    }

    // MARK: - The operator

    private mutating func act() {
        let workers = supervisor.plan.workers.map(\.name)
        guard let worker = workers.randomElement(using: &random) else { return }
        let count = supervisor.definition(of: worker)?.instances ?? 1
        let index = count > 0 ? Int.random(in: 0..<count, using: &random) : 0
        let group = supervisor.plan.groups.randomElement(using: &random).map { "@\($0.name)" } ?? worker
        let names = [[worker], ["\(worker):\(index)"], ["all"], [group], ["no-such-worker"]][
            weighted([40, 40, 10, 10, 2])]
        let wait = chance(60)
        let request: Request
        switch weighted(weights.commands) {
        case 0: request = .start(names: names, wait: wait)
        case 1: request = .stop(names: names, wait: wait)
        case 2: request = .restart(names: names, wait: wait)
        case 3: request = .signal(names: names, [Signal.hangUp, .terminate, .kill][weighted([5, 3, 2])])
        case 4: request = .scale(worker: worker, instances: Int.random(in: 0...4, using: &random), wait: wait)
        case 5: request = .apply(RandomPlan.mutate(supervisor.plan, using: &random), wait: wait)
        default:
            replayOldNews()
            return
        }
        ask(request)
        if chance(5), let open = openRequests.min() {
            openRequests.remove(open)
            deliver(.requestAbandoned(RequestID(open)))
        }
    }

    private mutating func ask(_ request: Request) {
        let id = nextRequest
        nextRequest += 1
        openRequests.insert(id)
        oracle.asked(request, of: supervisor, at: now)
        deliver(.request(RequestID(id), request))
        oracle.adopt(supervisor.plan)
    }

    /// News about runs that are long over, as a slow probe or a late timer would bring them.
    private mutating func replayOldNews() {
        guard let run = pastRuns.randomElement(using: &random), processes[run] == nil else { return }
        let news: [Event] = [
            .ready(run), .healthChecked(run, problem: "late"), .exited(run, .exited(code: 9), treeIsEmpty: true),
            .treeEmptied(run), .spawned(run, pid: 1), .exited(run, .unknown, treeIsEmpty: false),
        ]
        if let stale = news.randomElement(using: &random) { deliver(stale) }
    }

    // MARK: - Calm, and the end

    /// No more faults and commands; everything that was asked for has time to come true.
    private mutating func calmDown() {
        guard violation == nil else { return }
        faultsEnd = true
        note("calm")
        live(until: now + .seconds(4000))
    }

    private mutating func checkRest() {
        guard violation == nil else { return }
        for report in supervisor.reports(at: now) {
            if let problem = oracle.restProblem(report, in: supervisor) { return fail(problem) }
        }
        let isBusy = supervisor.reports(at: now).contains {
            $0.state == .backoff || $0.state == .stopping || $0.state == .starting
        }
        if !isBusy { require(supervisor.nextDeadline() == nil, "a timer outlived everything that it could be for") }
    }

    private mutating func shutDown() {
        guard violation == nil else { return }
        faultsEnd = false
        oracle.isShuttingDown = true
        deliver(.shutdownRequested)
        live(until: now + draw(upTo: .seconds(10)))
        if violation == nil, chance(30), !isFinished {
            oracle.isHastened = true
            deliver(.shutdownRequested)
        }
        faultsEnd = true
        live(until: now + .seconds(3000))
        guard violation == nil else { return }
        require(isFinished, "the shutdown never ended")
        require(processes.isEmpty, "processes are left after the shutdown")
        if !openRequests.isEmpty { print(supervisor.debugPending()) }
        let unanswered = openRequests.count
        require(unanswered == 0, "\(unanswered) requests were never answered")
        require(supervisor.nextDeadline() == nil, "a timer outlived the shutdown")
    }

    private mutating func checkTurn() {
        if let problem = supervisor.brokenInvariant() { fail(problem) }
    }

    // MARK: - Drawing lots, and telling

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func draw(upTo limit: Duration) -> Duration {
        .nanoseconds(Int64.random(in: 0...max(1, limit.saturatingNanoseconds), using: &random))
    }

    private mutating func weighted(_ weights: [Int]) -> Int {
        var ticket = Int.random(in: 0..<max(1, weights.reduce(0, +)), using: &random)
        for (index, weight) in weights.enumerated() {
            if ticket < weight { return index }
            ticket -= weight
        }
        return 0
    }

    private mutating func drawStatus() -> ExitStatus {
        switch weighted([4, 4, 2, 1]) {
        case 0: .exited(code: 0)
        case 1: .exited(code: Int32.random(in: 1...3, using: &random))
        case 2: .signaled([Signal.kill, Signal(number: 11), .terminate][weighted([1, 1, 1])], coreDumped: false)
        default: .unknown
        }
    }

    private mutating func require(_ condition: Bool, _ complaint: @autoclosure () -> String) {
        if !condition { fail(complaint()) }
    }

    private mutating func fail(_ complaint: String) {
        guard violation == nil else { return }
        violation = "seed \(seed), at \(now): \(complaint)"
        note("✘ \(complaint)")
    }

    private mutating func note(_ line: String) {
        let text = "\(now.nanoseconds) \(line)"
        for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        if keepsHistory { history.append(text) }
    }
}

extension StopPolicy {
    fileprivate var sum: Duration { steps.reduce(.zero) { $0 + $1.grace } }
}

/// How likely each fault is in one life, in percent: drawn per seed, so that some lives are all crashes and others
/// all commands.
struct Weights: Sendable {
    var lateWake: Int
    var spawnFailure: Int
    var slowSpawn: Int
    var crash: Int
    var hang: Int
    var unhealthy: Int
    var stragglers: Int
    var stubborn: Int
    var commandPause: Duration
    /// start, stop, restart, signal, scale, apply, old news
    var commands: [Int]

    init(using random: inout SplitMix64) {
        func percent(_ choices: [Int]) -> Int { choices.randomElement(using: &random) ?? 0 }
        lateWake = percent([0, 0, 0, 1, 5])
        spawnFailure = percent([0, 5, 30, 90])
        slowSpawn = percent([0, 20, 100])
        crash = percent([5, 30, 60, 95])
        hang = percent([0, 5, 40])
        unhealthy = percent([0, 10, 60])
        stragglers = percent([0, 10, 50])
        stubborn = percent([0, 10, 50])
        commandPause = .milliseconds([20, 1000, 30_000, 300_000].randomElement(using: &random) ?? 1000)
        commands = (0..<7).map { _ in Int.random(in: 0...10, using: &random) }
    }
}
