import Scheduling
package import SupervisorCore

/// A machine that exists only in memory: virtual processes, a virtual clock, and every fault that a seed can draw.
///
/// It carries out the supervisor's effects and sends back news: soon, late, out of order, or about runs long over.
/// An `Oracle` listens to all of it. The first thing that cannot be right ends the life with `violation` set.
package struct SimulatedWorld: SimulatedLife, Sendable {
    enum What: Sendable {
        /// News that the machine itself would report.
        case news(Event)
        /// The main process of a run ends.
        case exit(RunID, ExitStatus)
        /// A process that outlived its run's main process ends.
        case straggler(RunID)
        case operatorActs
    }

    /// Faults go on for this many events, then comes calm. A life is a few milliseconds of work.
    private static let faultyEvents = 800
    /// Far more than any life has: a life that reaches it goes round in circles.
    private static let eventLimit = 40_000

    package let seed: UInt64
    package internal(set) var supervisor: Supervisor
    package internal(set) var violation: String?
    /// Everything that happened, a line each; kept only when asked for.
    package internal(set) var history: [String] = []
    package private(set) var digest = Digest()
    package private(set) var eventCount = 0

    let keepsHistory: Bool
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    /// The latest time that the supervisor was told, which its clock never goes behind.
    private(set) var heard = Instant.origin
    var random: SplitMix64
    let weights: Weights
    var agenda = Agenda<What>()
    let title = ""
    var nextPid: Int32 = 100
    private(set) var faultsEnd = false
    /// How much the loop has overslept in sum.
    private(set) var lateness = Duration.zero

    /// Live processes: from the effect `spawn` to the effect `release`.
    var processes: [RunID: Process] = [:]
    var pastRuns: [RunID] = []
    var oracle = Oracle()
    var openRequests: [UInt64: OpenRequest] = [:]
    var lastRequest: UInt64 = 0
    /// A signal sent now is one that an operator asked for, and no part of a stop.
    var isSignalling = false
    var isFinished = false

    package init(seed: UInt64, keepsHistory: Bool = false) {
        self.seed = seed
        self.keepsHistory = keepsHistory
        random = SplitMix64(seed: seed)
        weights = Weights(using: &random)
        let plan = RandomPlan.make(using: &random)
        supervisor = Supervisor(plan: plan, seed: random.next())
        oracle.adopt(plan)
    }

    /// Lives through a random life: faults and commands, then calm, then a check that everything is as last asked for,
    /// then a shutdown and a check that nothing is left.
    package mutating func run() {
        heard = now
        perform(supervisor.begin(at: now))
        schedule(.operatorActs, after: draw(upTo: .seconds(5)))
        live(until: now + .seconds(Int64.random(in: 10...900, using: &random))) { $0.eventCount < Self.faultyEvents }
        faultsEnd = true
        note("calm")
        live(until: now + .seconds(4000))
        checkRest()
        shutDown()
    }

    private mutating func live(until end: Instant, while isGoingOn: (Self) -> Bool = { _ in true }) {
        while violation == nil, !isFinished, isGoingOn(self), let next = nextMoment(), next <= end {
            turn(at: next)
        }
        if violation == nil, isGoingOn(self) { now = max(now, end) }
    }

    // MARK: - Time

    /// One turn of the loop: time passes, what is due happens, effects are carried out.
    private mutating func turn(at moment: Instant) {
        now = max(now, moment)
        // Now and then the machine was asleep or busy, and everything is late.
        if !faultsEnd, chance(weights.lateWake) { oversleep() }
        if chance(50) { passTime() }
        while violation == nil, let what = agenda.popDue(at: now) { happen(what) }
        passTime()
        guard violation == nil, !isFinished else { return }
        oracle.checkTurn(at: now)
        if let complaint = oracle.complaint ?? supervisor.brokenInvariant() { fail(complaint) }
        eventCount += 1
        require(eventCount < Self.eventLimit, "something goes round in circles")
    }

    private mutating func passTime() {
        guard violation == nil, let deadline = supervisor.nextDeadline(), deadline <= now else { return }
        note("time passes")
        heard = now
        perform(supervisor.advance(to: now))
    }

    private mutating func oversleep() {
        let late = draw(upTo: .seconds(40))
        now = now + late
        lateness += late
    }

    // MARK: - What happens

    private mutating func happen(_ what: What) {
        switch what {
        case .news(let event): deliver(event)
        case .exit(let run, let status): mainExits(run, status)
        case .straggler(let run): stragglerExits(run)
        case .operatorActs:
            guard !faultsEnd, !oracle.isShuttingDown else { return }
            act()
            schedule(.operatorActs, after: draw(upTo: weights.commandPause))
        }
    }

    mutating func deliver(_ event: Event) {
        guard violation == nil, !isFinished else { return }
        eventCount += 1
        digest.feed(UInt64(bitPattern: now.nanoseconds))
        note("← \(event.brief)")
        let clock = !faultsEnd && chance(weights.clockBack) ? now + (.zero - draw(upTo: .seconds(20))) : now
        heard = max(heard, clock)
        oracle.hears(event, at: heard)
        perform(supervisor.handle(event, at: clock))
    }

    private mutating func perform(_ effects: [Effect]) {
        for effect in effects where violation == nil {
            digest.feed(effect)
            note("  → \(effect.brief)")
            carryOut(effect)
            if let complaint = oracle.complaint { fail(complaint) }
        }
    }

    // MARK: - Calm, and the end

    /// With no more faults and commands, everything that was asked for has come true, or cannot.
    private mutating func checkRest() {
        guard violation == nil else { return }
        for report in supervisor.reports(at: now) {
            switch report.state {
            case .stopped, .running, .exited, .fatal: break
            case .waiting: require(!report.waitingFor.isEmpty, "\(report.instance) waits for nothing")
            case .starting, .stopping, .backoff: fail("\(report.instance) is still \(report.state)")
            }
        }
        require(supervisor.nextDeadline() == nil, "a timer outlived everything that it could be for")
    }

    private mutating func shutDown() {
        guard violation == nil else { return }
        faultsEnd = false
        deliver(.shutdownRequested)
        live(until: now + draw(upTo: .seconds(10)))
        if violation == nil, chance(30) { deliver(.shutdownRequested) }
        faultsEnd = true
        live(until: now + .seconds(3000))
        require(isFinished, "the shutdown never ended")
        let left = processes.count
        require(left == oracle.stuckCount, "\(left) processes are left after the shutdown, without a word")
        if let open = openRequests.keys.min() { fail("request \(open) was never answered") }
        require(supervisor.nextDeadline() == nil, "a timer outlived the shutdown")
    }
}
