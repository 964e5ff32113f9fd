import Scheduling
import SupervisorCore

/// The operator: commands at random, and a look at every answer.
extension SimulatedWorld {
    struct OpenRequest: Sendable {
        let request: Request
        /// The run that each named instance had when it was asked.
        let runs: [InstanceID: UInt64]
    }

    mutating func act() {
        let workers = supervisor.plan.workers.map(\.name)
        guard let worker = workers.randomElement(using: &random) else { return }
        let count = supervisor.definition(of: worker)?.instances ?? 1
        let index = count > 0 ? Int.random(in: 0..<count, using: &random) : 0
        let group = supervisor.plan.groups.randomElement(using: &random).map { "@\($0.name)" } ?? worker
        let names = [[worker], ["\(worker):\(index)"], ["all"], [group], ["no-such-worker"]][
            weighted([40, 40, 10, 10, 2])]
        let wait = chance(60)
        switch weighted(weights.commands) {
        case 0: ask(.start(names: names, wait: wait), names)
        case 1: ask(.stop(names: names, wait: wait), names)
        case 2: ask(.restart(names: names, wait: wait), names)
        case 3: ask(.signal(names: names, [Signal.hangUp, .terminate, .kill][weighted([5, 3, 2])]), names)
        case 4: ask(.scale(worker: worker, instances: Int.random(in: -1...4, using: &random), wait: wait), [])
        case 5: ask(.apply(RandomPlan.mutate(supervisor.plan, using: &random), wait: wait), [])
        default: replayOldNews()
        }
        if chance(5), let open = openRequests.keys.min() {
            openRequests[open] = nil
            deliver(.requestAbandoned(RequestID(open)))
        }
    }

    private mutating func ask(_ request: Request, _ names: [String]) {
        lastRequest += 1
        let id = lastRequest
        var ids: [InstanceID] = []
        if case .success(let named) = supervisor.instances(named: names) { ids = named }
        var runs: [InstanceID: UInt64] = [:]
        for id in ids { runs[id] = supervisor.report(id, at: now)?.run ?? 0 }
        openRequests[id] = OpenRequest(request: request, runs: runs)
        oracle.asked(request, naming: ids)
        if case .signal = request { isSignalling = true }
        deliver(.request(RequestID(id), request))
        isSignalling = false
        if !request.waits { require(openRequests[id] == nil, "request \(id) does not wait, but was not answered") }
    }

    /// Exactly one answer each, and a true one.
    mutating func answered(_ id: RequestID, _ reply: Reply) {
        guard let open = openRequests.removeValue(forKey: id.number) else {
            return fail("\(id) was answered twice, or never asked")
        }
        guard case .done(let outcomes) = reply else { return }
        for outcome in outcomes {
            if open.request.waits { require(outcome.result != .accepted, "\(id) waited, but is told to wait") }
            guard outcome.result == .done || outcome.result == .unchanged else { continue }
            guard let (worker, index) = oracle.find(outcome.instance) else { continue }
            let instance = oracle.workers[worker].instances[index]
            switch open.request {
            case .start, .restart:
                let isUp = outcome.state == .running || outcome.state == .exited
                require(isUp, "\(id): \(outcome.instance) was to be up, is \(outcome.state), and is called done")
                guard case .restart = open.request else { break }
                let isNew = instance.lastRun > open.runs[instance.id] ?? 0
                require(isNew, "\(id): \(instance.id) was to be restarted, is the same run, and is called done")
            case .stop:
                require(outcome.state == .stopped, "\(id): \(instance.id) was to be stopped, is \(outcome.state)")
            case .signal, .scale, .apply, .submit, .waitTasks, .cancelTasks, .retryTasks, .pauseQueues, .resumeQueues,
                .call:
                break
            }
        }
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
}

extension Request {
    fileprivate var waits: Bool {
        switch self {
        case .start(_, let wait), .stop(_, let wait), .restart(_, let wait), .scale(_, _, let wait),
            .apply(_, let wait):
            wait
        case .signal, .submit, .waitTasks, .cancelTasks, .retryTasks, .pauseQueues, .resumeQueues, .call: false
        }
    }
}
