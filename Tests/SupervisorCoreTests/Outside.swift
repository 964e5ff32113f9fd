import Scheduling
import SupervisorCore

/// The world outside of a supervisor, driven by hand: it keeps the time, counts pids, and remembers what was asked.
struct Outside {
    var supervisor: Supervisor
    private(set) var now = Instant(nanoseconds: 0)
    /// What was asked of the world since the last look, a word each: "spawn web:0#1", "TERM web:0#1 tree".
    private(set) var asked: [String] = []
    private(set) var replies: [UInt64: Reply] = [:]
    private(set) var announcements: [Announcement] = []
    /// Runs that were to be spawned and have not been.
    private(set) var unspawned: [RunID] = []
    /// Every task that was sent to a process of a pool.
    private(set) var sent: [(run: RunID, task: TaskID, line: String)] = []
    private(set) var isFinished = false
    private(set) var definitions: [RunID: WorkerDefinition] = [:]
    /// What the store was asked for and has not answered.
    var stores: [(ticket: StoreTicket, changes: [StoreChange])] = []
    private(set) var requests: UInt64 = 0

    init(_ plan: Plan, seed: UInt64 = 1, tasks: StoredTasks = StoredTasks()) {
        supervisor = Supervisor(plan: plan, seed: seed, tasks: tasks)
        take(supervisor.begin(at: now))
    }

    init(_ workers: WorkerDefinition..., groups: [GroupDefinition] = []) {
        self.init(Plan(workers: workers, groups: groups))
    }

    /// The number of the latest request.
    var lastRequest: UInt64 { requests }

    // MARK: - Telling

    mutating func hear(_ event: Event) { take(supervisor.handle(event, at: now)) }

    /// Spawns whatever is to be spawned, until nothing is.
    mutating func spawnAll() {
        while let run = unspawned.first {
            unspawned.removeFirst()
            hear(.spawned(run, pid: Int32(100 + run.number)))
        }
    }

    mutating func failSpawn() {
        let run = unspawned.removeFirst()
        hear(.spawnFailed(run, SpawnFailure(errno: 2, message: "cannot execute /nowhere: no such file")))
    }

    mutating func ready(_ name: String) { hear(.ready(run(name))) }

    mutating func exit(
        _ name: String, _ status: SupervisorCore.ExitStatus = .exited(code: 1), leaving leftovers: Bool = false
    ) {
        hear(.exited(run(name), status, treeIsEmpty: !leftovers))
    }

    /// Lets time pass, stopping at each deadline on the way.
    mutating func pass(_ duration: Duration) {
        let end = now + duration
        while let deadline = supervisor.nextDeadline(), deadline <= end {
            now = max(now, deadline)
            take(supervisor.advance(to: now))
        }
        now = end
    }

    /// Moves the clock without a word to the supervisor.
    mutating func setClock(back duration: Duration) { now = now + (.zero - duration) }

    /// The reply, if it came at once; else look into `replies` later.
    @discardableResult
    mutating func request(_ request: Request) -> Reply? {
        requests += 1
        hear(.request(RequestID(requests), request))
        return replies[requests]
    }

    @discardableResult
    mutating func start(_ names: String..., wait: Bool = true) -> Reply? { request(.start(names: names, wait: wait)) }
    @discardableResult
    mutating func stop(_ names: String..., wait: Bool = true) -> Reply? { request(.stop(names: names, wait: wait)) }
    @discardableResult
    mutating func restart(_ names: String..., wait: Bool = true) -> Reply? {
        request(.restart(names: names, wait: wait))
    }
    @discardableResult
    mutating func scale(_ worker: String, to count: Int) -> Reply? {
        request(.scale(worker: worker, instances: count, wait: true))
    }
    @discardableResult
    mutating func apply(_ plan: Plan) -> Reply? { request(.apply(plan, wait: true)) }

    // MARK: - Looking

    /// What was asked since the last look.
    mutating func look() -> [String] {
        defer { asked = [] }
        return asked
    }

    func report(_ name: String) -> InstanceReport {
        guard case .success(let ids) = supervisor.instances(named: [name]), let id = ids.first,
            let report = supervisor.report(id, at: now)
        else { preconditionFailure("there is no \(name)") }
        return report
    }

    func state(_ name: String) -> InstanceState { report(name).state }

    /// The run in hand of an instance.
    func run(_ name: String) -> RunID {
        let report = report(name)
        return RunID(instance: report.instance, number: report.run ?? 0)
    }

    /// The results of a reply, by instance.
    func results(of request: UInt64) -> [String] {
        guard case .done(let outcomes)? = replies[request] else { return [] }
        return outcomes.map { "\($0.instance) \($0.result.rawValue)" }
    }

    private mutating func take(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .spawn(let run, let definition):
                definitions[run] = definition
                unspawned.append(run)
                asked.append("spawn \(run)")
            case .probeReadiness(let run): asked.append("probe \(run)")
            case .checkHealth(let run, _): asked.append("check \(run)")
            case .endProbes: break
            case .signal(let run, let signal, let wholeTree):
                asked.append("\(signal.name) \(run)\(wholeTree ? " tree" : "")")
            case .abandon(let run): asked.append("abandon \(run)")
            case .release(let run): asked.append("release \(run)")
            case .store(let ticket, let changes): stores.append((ticket, changes))
            case .sweep(let queue, let runs): asked.append("sweep \(queue) \(runs.map(\.description))")
            case .forgetTasks(_, let tasks): asked.append("forget \(tasks.map(\.description))")
            case .sendTask(let run, let task, let line):
                sent.append((run, task, String(decoding: line, as: UTF8.self)))
                asked.append("task \(task) to \(run)")
            case .endTasks(let run): asked.append("end \(run)")
            case .announce(let announcement): announcements.append(announcement)
            case .reply(let id, let reply): replies[id.number] = reply
            case .finish: isFinished = true
            }
        }
    }
}

/// A worker named `name`, changed as the test needs it.
func worker(_ name: String, _ change: (inout WorkerDefinition) -> Void = { _ in }) -> WorkerDefinition {
    var worker = WorkerDefinition(name: name, launch: LaunchSpecification(arguments: ["/bin/\(name)"]))
    worker.restart.jitter = 0
    worker.stop.steps = [
        StopPolicy.Step(signal: .terminate, grace: .seconds(10)), StopPolicy.Step(signal: .kill, grace: .seconds(5)),
    ]
    change(&worker)
    return worker
}
