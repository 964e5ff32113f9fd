import Scheduling
import SupervisorCore

/// What must be true, kept apart from the supervisor: who was asked to do what last, who failed when, who is up.
struct Oracle: Sendable {
    /// The last request about each instance: up or down.
    private var wanted: [InstanceID: Bool] = [:]
    private var plan = Plan()
    /// Failures that count towards giving up, since the last request by hand.
    private var failures: [InstanceID: [Instant]] = [:]
    /// By hand or by plan, not by policy: such a spawn is no restart.
    private var isForgiven: Set<InstanceID> = []
    /// What was last announced.
    private var states: [InstanceID: InstanceState] = [:]
    private(set) var isStopping: Set<InstanceID> = []
    /// Requests, applies and the shutdown may end a run; then the order of stopping counts.
    private var stopReason: [InstanceID: String] = [:]
    var lastRun: [InstanceID: UInt64] = [:]
    var isShuttingDown = false
    var isHastened = false

    // MARK: - Being told

    mutating func adopt(_ plan: Plan) {
        for worker in plan.workers where !self.plan.workers.contains(where: { $0.name == worker.name }) {
            for index in 0..<16 { wanted[InstanceID(worker: worker.name, index: index)] = nil }
        }
        self.plan = plan
    }

    mutating func asked(_ request: Request, of supervisor: Supervisor, at now: Instant) {
        switch request {
        case .start(let names, _), .restart(let names, _):
            for id in supervisor.ids(names) {
                wanted[id] = true
                forgive(id)
            }
        case .stop(let names, _):
            for id in supervisor.ids(names) { wanted[id] = false }
        case .signal: break
        case .scale(let worker, _, _):
            for index in 0..<16 { wanted[InstanceID(worker: worker, index: index)] = nil }
        case .apply(let next, _):
            for id in supervisor.reports(at: now).map(\.instance) {
                let old = supervisor.plan.workers.first { $0.name == id.worker }
                let new = next.workers.first { $0.name == id.worker }
                if old != new { forgive(id) }
                if old?.instances != new?.instances { wanted[id] = nil }
            }
        }
        if case .start(let names, _) = request {
            // What they require may be started too.
            for id in supervisor.ids(names) { forgetRequirements(of: id.worker, depth: 0) }
        }
    }

    private mutating func forgetRequirements(of worker: String, depth: Int) {
        guard depth < 16, let definition = plan.workers.first(where: { $0.name == worker }) else { return }
        for required in definition.requires {
            for index in 0..<16 {
                wanted[InstanceID(worker: required, index: index)] = nil
                forgive(InstanceID(worker: required, index: index))
            }
            forgetRequirements(of: required, depth: depth + 1)
        }
    }

    private mutating func forgive(_ id: InstanceID) {
        failures[id] = []
        isForgiven.insert(id)
    }

    mutating func heard(_ announcement: Announcement, at now: Instant) {
        guard let id = announcement.instance else { return }
        if let state = announcement.state {
            states[id] = state
            if state == .stopping { isStopping.insert(id) } else { isStopping.remove(id) }
        }
        if announcement.kind == .added || announcement.kind == .removed {
            wanted[id] = nil
            failures[id] = nil
            states[id] = announcement.state
        }
        if announcement.kind == .stopping { stopReason[id] = announcement.message }
        // A failure is a run that ended by itself and is retried; the one that is too many ends in fatal instead.
        if announcement.kind == .exited, let state = announcement.state, state == .backoff || state == .waiting,
            isFailure(announcement, of: id)
        {
            failures[id, default: []].append(now)
            isForgiven.remove(id)
        }
    }

    private func isFailure(_ announcement: Announcement, of id: InstanceID) -> Bool {
        if announcement.message.contains("was not ready within") || announcement.message.contains("was unhealthy") {
            return true
        }
        guard let status = announcement.status else { return true }
        guard case .exited(let code) = status, let worker = plan.workers.first(where: { $0.name == id.worker }) else {
            return true
        }
        return !worker.restart.successCodes.contains(code)
    }

    // MARK: - Being asked

    /// Restarts within a window never exceed the limit, and what an instance requires is up before it starts.
    func spawnProblem(
        _ run: RunID, in plan: Plan, processes: [RunID: SimulatedWorld.Process], at now: Instant
    ) -> String? {
        if isShuttingDown { return "\(run) is spawned during the shutdown" }
        guard let worker = plan.workers.first(where: { $0.name == run.instance.worker }) else {
            return "\(run) is spawned, but its worker is not in the plan"
        }
        if wanted[run.instance] == false { return "\(run) is spawned, but the last request was to stop it" }
        if let giveUp = worker.restart.giveUp, !isForgiven.contains(run.instance),
            let moments = failures[run.instance], let last = moments.last
        {
            let recent = moments.count { last - $0 <= giveUp.within }
            if recent >= giveUp.failures { return "\(run) is a restart after \(recent) failures within \(giveUp.within)" }
        }
        for required in worker.requires {
            let instances = states.filter { $0.key.worker == required && wanted[$0.key] != false }
            if !instances.values.contains(where: { $0 == .running || $0 == .exited }) {
                return "\(run) is spawned, but nothing of \(required), which it requires, is up"
            }
        }
        return nil
    }

    /// Dependants stop before what they depend on.
    func stopProblem(
        _ run: RunID, in supervisor: Supervisor, processes: [RunID: SimulatedWorld.Process]
    ) -> String? {
        guard !isHastened, let reason = stopReason[run.instance] else { return nil }
        let wholeWorkerGoes = isShuttingDown && reason == "roostd is stopping"
        guard wholeWorkerGoes else { return nil }
        for worker in supervisor.plan.workers
        where worker.requires.contains(run.instance.worker) || worker.after.contains(run.instance.worker) {
            let alive = processes.values.first { $0.run.instance.worker == worker.name }
            if let alive { return "\(run) is stopped before \(alive.run), which depends on it" }
        }
        return nil
    }

    /// With no more faults, each instance is where the last request put it.
    func restProblem(_ report: InstanceReport, in supervisor: Supervisor) -> String? {
        let id = report.instance
        switch (wanted[id], report.state) {
        case (false, .stopped), (true, .running), (true, .exited), (true, .fatal), (nil, _):
            return report.state == .stopping || report.state == .starting ? "\(id) is still \(report.state)" : nil
        case (true, .waiting):
            return report.waitingFor.isEmpty ? "\(id) waits for nothing" : nil
        case (true, .stopped):
            return supervisor.isHeld(id) ? nil : "\(id) is stopped, but the last request was to start it"
        case (false, let state): return "\(id) is \(state), but the last request was to stop it"
        case (true, let state): return "\(id) is \(state) long after the last fault"
        }
    }
}

extension Supervisor {
    fileprivate func ids(_ names: [String]) -> [InstanceID] {
        switch instances(named: names) {
        case .success(let ids): ids
        case .failure: []
        }
    }
}
