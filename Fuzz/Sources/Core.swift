import Glibc
import Scheduling
import SupervisorCore

let start = Instant(nanoseconds: 1_000_000_000)

/// Any news at any time, true or not, leaves the supervisor whole, and it ends when it is asked to.
///
/// Unlike the simulation, which invents a machine that could exist, this lies: runs are spawned twice, exit before they
/// were spawned, or become ready when they are gone. An instance may then be given up, but nothing else may happen.
func fuzzCore(_ bytes: [UInt8]) -> Int32 {
    var choices = Choices(bytes)
    var outside = Outside(plan: plan(from: &choices))
    outside.take(outside.supervisor.begin(at: start))
    while !choices.isEmpty, outside.eventCount < 2000 { outside.step(&choices) }
    outside.shutDown()
    return 0
}

/// With ROOST_FUZZ_TRACE set, everything that is said is printed: for replaying a finding.
private let isTraced = getenv("ROOST_FUZZ_TRACE") != nil

/// The world that the supervisor is told about.
private struct Outside {
    var supervisor: Supervisor
    var now = start
    var eventCount = 0
    /// Runs that were to be spawned and not released, in that order.
    var live: [RunID] = []
    /// Runs that were said to have survived KILL.
    var stuck: Set<RunID> = []
    var open: Set<RequestID> = []
    /// Tickets that the store has not answered, in order, and queues that are being swept.
    var tickets: [StoreTicket] = []
    var sweeping: [String] = []
    var lastRun = RunID(instance: InstanceID(worker: "w0", index: 0), number: 1)
    var isFinished = false
    private var nextRequest: UInt64 = 1

    init(plan: Plan) { supervisor = Supervisor(plan: plan, seed: 1) }

    mutating func step(_ choices: inout Choices) {
        eventCount += 1
        now = now + choices.duration()
        take(supervisor.advance(to: now))
        if choices.below(4) == 0 {
            nextRequest += 1
            let id = RequestID(nextRequest)
            open.insert(id)
            tell(.request(id, request(&choices)))
            return
        }
        if choices.below(64) == 0 {
            tell(choices.flag() ? .shutdownRequested : .requestAbandoned(RequestID(nextRequest)))
            return
        }
        if choices.below(3) == 0 { return tell(storeNews(&choices)) }
        let run = live.isEmpty || choices.below(8) == 0 ? lastRun : live[choices.below(min(live.count, 256))]
        tell(news(about: run, &choices))
    }

    /// The store answers in order, if perhaps what was not asked for; sweeps end.
    private mutating func storeNews(_ choices: inout Choices) -> Event {
        if choices.below(16) == 0 { return .logsHeldUp(queue: "q\(choices.below(3))", choices.flag()) }
        if !sweeping.isEmpty, choices.flag() { return .swept(queue: sweeping.removeFirst()) }
        guard !tickets.isEmpty else { return .swept(queue: "q\(choices.below(3))") }
        let ticket = choices.below(16) == 0 ? tickets[0] : tickets.removeFirst()
        return choices.below(4) == 0 ? .storeFailed(ticket, reason: "it is full") : .stored(ticket)
    }

    /// Everything that lives is killed, again and again; that must be enough.
    mutating func shutDown() {
        tell(.shutdownRequested)
        tell(.shutdownRequested)
        var rounds = 0
        while !isFinished {
            rounds += 1
            if rounds > 1000 { finding("the shutdown does not end; live are \(live), \(supervisor.reports(at: now))") }
            for run in live { tell(.exited(run, .signaled(.kill, coreDumped: false), treeIsEmpty: true)) }
            while !tickets.isEmpty { tell(.stored(tickets.removeFirst())) }
            for run in live { tell(.spawnFailed(run, SpawnFailure(errno: 11, message: "cannot spawn"))) }
            now = now + .seconds(3600)
            take(supervisor.advance(to: now))
        }
        // What KILL could not end must not hold up the end of roostd.
        let left = live.filter { !stuck.contains($0) }
        if !left.isEmpty { finding("finished, but \(left) were not released") }
    }

    mutating func tell(_ event: Event) {
        if isTraced { print("\(now) ← \(event)") }
        if case .requestAbandoned(let id) = event { open.remove(id) }
        take(supervisor.handle(event, at: now))
    }

    mutating func take(_ effects: [Effect]) {
        for effect in effects {
            if isTraced { print("    → \(effect)") }
            switch effect {
            case .spawn(let run, _):
                if live.contains(where: { $0.instance == run.instance }) { finding("\(run) is spawned beside another") }
                live.append(run)
                lastRun = run
            case .release(let run):
                guard let index = live.firstIndex(of: run) else { finding("\(run) is released twice") }
                live.remove(at: index)
            case .reply(let id, _):
                if open.remove(id) == nil { finding("\(id) is answered twice") }
            case .finish: isFinished = true
            case .announce(let told):
                guard told.kind == .stuck || told.kind == .taskStuck, let instance = told.instance, let run = told.run
                else { break }
                stuck.insert(RunID(instance: instance, number: run))
            case .store(let ticket, _): tickets.append(ticket)
            case .sweep(let queue, _): sweeping.append(queue)
            case .probeReadiness, .checkHealth, .endProbes, .signal, .abandon, .forgetTasks, .sendTask, .endTasks: break
            }
        }
        // Asked twice for its end, it does not wait for the store.
        if !isFinished, let broken = supervisor.brokenInvariant() { finding(broken) }
        if let deadline = supervisor.nextDeadline(), deadline < start { finding("a deadline before the beginning") }
    }
}

private func news(about run: RunID, _ choices: inout Choices) -> Event {
    switch choices.below(9) {
    case 0: .spawned(run, pid: Int32(choices.byte()) + 1)
    case 1: .spawnFailed(run, SpawnFailure(errno: 2, message: "cannot find it"))
    case 2: .ready(run)
    case 3: .healthChecked(run, problem: choices.flag() ? "it is ill" : nil)
    case 4: .exited(run, .exited(code: Int32(choices.below(3))), treeIsEmpty: choices.flag())
    case 5: .exited(run, .unknown, treeIsEmpty: choices.flag())
    case 6: .treeEmptied(run)
    default: poolNews(about: run, &choices)
    }
}

private func request(_ choices: inout Choices) -> Request {
    if choices.flag() { return taskRequest(&choices) }
    let kind = choices.below(6)
    let worker = "w\(choices.below(5))"
    let names = [[worker], ["\(worker):\(choices.below(4))"], ["\(worker):*"], ["@g"], ["all"], ["", ":", "@"]][
        choices.below(6)]
    let wait = choices.flag()
    return switch kind {
    case 0: .start(names: names, wait: wait)
    case 1: .stop(names: names, wait: wait)
    case 2: .restart(names: names, wait: wait)
    case 3: .signal(names: names, Signal(number: Int32(choices.below(64)) + 1))
    case 4: .scale(worker: worker, instances: choices.below(5), wait: wait)
    default: .apply(plan(from: &choices), wait: wait)
    }
}

/// A valid plan: workers name only earlier ones, as decoding would insist.
private func plan(from choices: inout Choices) -> Plan {
    var plan = Plan()
    plan.daemon.parallelStarts = choices.below(4) + 1
    for index in 0...choices.below(4) {
        var worker = WorkerDefinition(
            name: "w\(index)", launch: LaunchSpecification(arguments: ["\(choices.below(3))"]))
        worker.instances = choices.below(4)
        worker.autostart = !choices.flag()
        for earlier in plan.workers.map(\.name) {
            switch choices.below(4) {
            case 0: worker.requires.append(earlier)
            case 1: worker.after.append(earlier)
            default: break
            }
        }
        worker.restart.when = RestartPolicy.Condition.allCases[choices.below(3)]
        worker.restart.delay = choices.duration()
        worker.restart.maxDelay = worker.restart.delay + choices.duration()
        worker.restart.resetAfter = choices.duration()
        worker.restart.giveUp =
            choices.flag() ? .init(failures: choices.below(4) + 1, within: choices.duration() + .milliseconds(1)) : nil
        worker.ready.probe = [.spawned, .notify, .after(.seconds(1)), .line("up")][choices.below(4)]
        worker.ready.timeout = choices.duration() + .seconds(2)
        worker.health = choices.flag() ? HealthCheck(probe: .exec(["true"])) : nil
        worker.stop.scope = StopPolicy.Scope.allCases[choices.below(3)]
        if choices.below(4) == 0 { worker.tasks = pool(from: &choices) }
        plan.workers.append(worker)
    }
    plan.queues = queues(from: &choices)
    guard choices.flag() else { return plan }
    let intensity = GroupDefinition.Intensity(restarts: choices.below(4), within: .seconds(10))
    plan.groups = [
        GroupDefinition(
            name: "g", members: plan.workers.map(\.name), strategy: GroupDefinition.Strategy.allCases[choices.below(3)],
            intensity: choices.flag() ? intensity : nil)
    ]
    return plan
}
