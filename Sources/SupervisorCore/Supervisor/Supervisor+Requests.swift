import Scheduling

/// Requests: from names to instances, from wishes to what is wanted, and from outcomes to one reply.
extension Supervisor {
    struct PendingRequest: Sendable {
        var outcomes: [Reply.Outcome]
        var remaining: Int
    }

    /// One request's interest in one instance.
    struct Waiter: Sendable {
        let request: RequestID
        /// Where its outcome goes in the reply.
        let index: Int
        let goal: Goal
    }

    enum Goal: Equatable, Sendable {
        /// Up, by a run of at least this number.
        case up(fromRun: UInt64)
        case down
        case gone
    }

    mutating func accept(_ request: Request, id: RequestID, at now: Instant, effects: inout [Effect]) {
        if isShuttingDown, request.needsTheFuture {
            effects.append(.reply(id, .refused(.shuttingDown)))
            return
        }
        // Counted apart, so that those who wait for tasks lock nobody out who operates workers, or cancels.
        let waiting = request.waitsForTasks ? tasks.requests.count : pending.count
        if waiting >= Self.requestLimit {
            effects.append(.reply(id, .refused(.tooManyRequests(limit: Self.requestLimit))))
            return
        }
        do throws(RefusedRequest) {
            switch request {
            case .start(let names, let wait):
                let places = try resolve(names)
                let goals = start(places, at: now, effects: &effects)
                track(id, goals, wait: wait, effects: &effects)
            case .stop(let names, let wait):
                let goals = stop(try resolve(names), at: now, effects: &effects)
                track(id, goals, wait: wait, effects: &effects)
            case .restart(let names, let wait):
                let goals = restart(try resolve(names), at: now, effects: &effects)
                track(id, goals, wait: wait, effects: &effects)
            case .signal(let names, let signal):
                let outcomes = send(signal, to: try resolve(names), effects: &effects)
                effects.append(.reply(id, .done(outcomes)))
            case .scale(let worker, let instances, let wait):
                let goals = try scale(worker, to: instances, at: now, effects: &effects)
                track(id, goals, wait: wait, effects: &effects)
            case .apply(let plan, let wait):
                let goals = adopt(plan, at: now, effects: &effects)
                announce(.planApplied, "\(goals.count) instances are affected", effects: &effects)
                track(id, goals, wait: wait, effects: &effects)
            case .call(let pool):
                call(pool, id: id, at: now, effects: &effects)
            case .submit, .waitTasks, .cancelTasks, .retryTasks, .pauseQueues, .resumeQueues:
                try acceptForTasks(request, id: id, at: now, effects: &effects)
            }
        } catch {
            effects.append(.reply(id, .refused(error.refusal)))
        }
    }

    /// Forgets a request whose client is gone. What it asked for goes on.
    mutating func abandon(_ id: RequestID) {
        guard let request = pending.removeValue(forKey: id) else { return tasks.abandon(id) }
        for place in request.outcomes.compactMap({ place(of: $0.instance) }) {
            self[place].waiters.removeAll { $0.request == id }
        }
    }

    // MARK: - Wishes

    /// Also wants up whatever the named instances require, if nobody wanted that yet or it gave up.
    private mutating func start(
        _ places: [Place], at now: Instant, effects: inout [Effect]
    ) -> [(Place, Goal)] {
        var chosen = places
        var seen = Set(places.map(\.entry))
        var next = Array(seen).sorted()
        while let entry = next.popLast() {
            for required in graph.requirements[entry] where seen.insert(required).inserted {
                next.append(required)
                let isUnwanted = entries[required].tally.wanted == 0
                chosen += entries[required].slots.indices.map { Place(entry: required, slot: $0) }
                    .filter { isUnwanted || self[$0].machine.state == .fatal }
            }
        }
        var goals: [(Place, Goal)] = []
        for place in chosen {
            wantUp(place, "start requested", at: now, effects: &effects)
            goals.append((place, goalUp(place)))
        }
        updateHolds(at: now, effects: &effects)
        return Array(goals.prefix(places.count))
    }

    private mutating func stop(_ places: [Place], at now: Instant, effects: inout [Effect]) -> [(Place, Goal)] {
        for place in places {
            self[place].isWanted = false
            supersede(place, effects: &effects) { $0 != .down && $0 != .gone }
            refresh(place, at: now, effects: &effects)
        }
        updateHolds(at: now, effects: &effects)
        return places.map { ($0, .down) }
    }

    /// Restarting all instances of a worker restarts whatever requires it, in order: that stops first and starts last.
    private mutating func restart(_ places: [Place], at now: Instant, effects: inout [Effect]) -> [(Place, Goal)] {
        let goals = places.map { ($0, Goal.up(fromRun: self[$0].machine.run + 1)) }
        for place in places {
            if self[place].machine.isActive { self[place].restartReason = "restart requested" }
            wantUp(place, "restart requested", at: now, effects: &effects)
        }
        updateHolds(at: now, effects: &effects)
        propagateRestart(from: Set(places.map(\.entry)), at: now, effects: &effects)
        return goals
    }

    private mutating func propagateRestart(from origins: Set<Int>, at now: Instant, effects: inout [Effect]) {
        var affected: Set<Int> = []
        for entry in graph.startOrder {
            let causes = graph.requirements[entry].filter { affected.contains($0) || origins.contains($0) }
            let wholly = causes.filter {
                entries[$0].slots.allSatisfy { $0.restartReason != nil || !$0.machine.isActive }
            }
            guard let cause = wholly.first else { continue }
            affected.insert(entry)
            let reason = "\(entries[cause].definition.name), which it requires, is restarted"
            for slot in entries[entry].slots.indices {
                askRestart(Place(entry: entry, slot: slot), reason, at: now, effects: &effects)
            }
        }
    }

    /// Asks for another run of an instance that is up and should be.
    mutating func askRestart(_ place: Place, _ reason: String, at now: Instant, effects: inout [Effect]) {
        guard self[place].machine.isActive, isDesired(place), self[place].restartReason == nil else { return }
        self[place].restartReason = reason
        refresh(place, at: now, effects: &effects)
    }

    private mutating func wantUp(_ place: Place, _ reason: String, at now: Instant, effects: inout [Effect]) {
        self[place].isWanted = true
        self[place].verdict = nil
        self[place].machine.forgive()
        forgiveGroups(of: place)
        startAfterEnd(place, reason)
        if self[place].machine.isSettledWithoutProcess {
            self[place].machine.wait(reason: reason, at: now, effects: &effects)
        }
        supersede(place, effects: &effects) { $0 == .down }
        refresh(place, at: now, effects: &effects)
    }

    /// A run that is ending by itself will be followed by another one, whatever the restart policy would say.
    mutating func startAfterEnd(_ place: Place, _ reason: String) {
        guard self[place].machine.isStopping, self[place].restartReason == nil else { return }
        self[place].restartReason = reason
    }

    /// The run that is up or on its way, unless it is ending: then the next one.
    func goalUp(_ place: Place) -> Goal {
        let continues = self[place].machine.isActive && self[place].restartReason == nil
        return .up(fromRun: self[place].machine.run + (continues ? 0 : 1))
    }

    private func send(_ signal: Signal, to places: [Place], effects: inout [Effect]) -> [Reply.Outcome] {
        places.map { place in
            let machine = self[place].machine
            guard machine.pid != nil else {
                return outcome(machine, .failed, "not sent: it has no process")
            }
            effects.append(.signal(machine.currentRun, signal, wholeTree: false))
            machine.announce(.signaled, message: "\(signal) sent by request", effects: &effects)
            return outcome(machine, .done, "\(signal) sent")
        }
    }

    private mutating func scale(
        _ worker: String, to count: Int, at now: Instant, effects: inout [Effect]
    ) throws(RefusedRequest) -> [(Place, Goal)] {
        guard let entry = entryIndex[worker], !entries[entry].isRemoved else { throw unknown(worker) }
        let others = entries.reduce(0) { $0 + $1.slots.count } - entries[entry].slots.count
        let limit = Self.instanceLimit - others
        guard (0...limit).contains(count) else { throw RefusedRequest(refusal: .badCount(count, limit: limit)) }
        let goals = resize(entry, to: count, at: now, effects: &effects)
        updateHolds(at: now, effects: &effects)
        return goals
    }

    // MARK: - Outcomes

    private mutating func track(_ id: RequestID, _ goals: [(Place, Goal)], wait: Bool, effects: inout [Effect]) {
        let ordered = goals.sorted { ($0.0.entry, $0.0.slot) < ($1.0.entry, $1.0.slot) }
        let outcomes = ordered.map { place, goal in
            let machine = self[place].machine
            return isReached(goal, place)
                ? outcome(machine, .unchanged, "already \(machine.publicState)")
                : outcome(machine, .accepted, "accepted")
        }
        let open = outcomes.indices.filter { outcomes[$0].result == .accepted }
        guard wait, !open.isEmpty else {
            effects.append(.reply(id, .done(outcomes)))
            return
        }
        pending[id] = PendingRequest(outcomes: outcomes, remaining: open.count)
        for index in open {
            let (place, goal) = ordered[index]
            self[place].waiters.append(Waiter(request: id, index: index, goal: goal))
            resolveWaiters(of: place, effects: &effects)
        }
    }

    private func isReached(_ goal: Goal, _ place: Place) -> Bool {
        switch (goal, self[place].machine.state) {
        case (.up(let fromRun), .running), (.up(let fromRun), .exited): self[place].machine.run >= fromRun
        case (.down, .stopped): true
        case (.up, _), (.down, _), (.gone, _): false
        }
    }

    /// Answers those waiters of a slot whose question is settled.
    mutating func resolveWaiters(of place: Place, effects: inout [Effect]) {
        guard !self[place].waiters.isEmpty else { return }
        for waiter in self[place].waiters {
            guard let (result, message) = answer(to: waiter.goal, place) else { continue }
            self[place].waiters.removeAll { $0.request == waiter.request && $0.index == waiter.index }
            settleWaiter(waiter, self[place].machine, result, message, effects: &effects)
        }
    }

    /// Nil while it is still open whether the goal will be reached.
    private func answer(to goal: Goal, _ place: Place) -> (Reply.Outcome.Result, String)? {
        let state = self[place].machine.publicState
        let reason = self[place].machine.reason
        if isReached(goal, place) { return (.done, self[place].machine.summary) }
        if self[place].machine.isStuck { return (.failed, reason) }
        guard case .up = goal, self[place].restartReason == nil else { return nil }
        switch state {
        case .fatal, .exited: return (isDesired(place) ? .failed : .superseded, reason)
        case .stopped: return isDesired(place) ? nil : (.superseded, reasonToStop(place) ?? reason)
        case .waiting, .starting, .running, .backoff, .stopping: return nil
        }
    }

    /// A later request wants something else of this instance.
    mutating func supersede(_ place: Place, effects: inout [Effect], where isMoot: (Goal) -> Bool) {
        let machine = self[place].machine
        let moot = self[place].waiters.filter { isMoot($0.goal) }
        self[place].waiters.removeAll { isMoot($0.goal) }
        for waiter in moot {
            settleWaiter(waiter, machine, .superseded, "a later request wants something else", effects: &effects)
        }
    }

    mutating func settleWaiter(
        _ waiter: Waiter, _ machine: InstanceMachine, _ result: Reply.Outcome.Result, _ message: String,
        effects: inout [Effect]
    ) {
        guard var request = pending[waiter.request] else { return }
        request.outcomes[waiter.index] = outcome(machine, result, message)
        request.remaining -= 1
        pending[waiter.request] = request.remaining == 0 ? nil : request
        if request.remaining == 0 { effects.append(.reply(waiter.request, .done(request.outcomes))) }
    }

    private func outcome(
        _ machine: InstanceMachine, _ result: Reply.Outcome.Result, _ message: String
    ) -> Reply.Outcome {
        Reply.Outcome(instance: machine.id, result: result, state: machine.publicState, message: message)
    }
}

extension Request {
    /// Whether it may have to wait for a task or for the store.
    var waitsForTasks: Bool {
        switch self {
        case .submit, .waitTasks, .retryTasks: true
        case .cancelTasks(_, let wait): wait
        case .start, .stop, .restart, .signal, .scale, .apply, .call, .pauseQueues, .resumeQueues: false
        }
    }

    /// Whether it asks for something that a daemon on its way out will not do.
    var needsTheFuture: Bool {
        switch self {
        case .start, .restart, .scale, .apply, .submit, .retryTasks, .call: true
        case .stop, .signal, .waitTasks, .cancelTasks, .pauseQueues, .resumeQueues: false
        }
    }
}

extension InstanceMachine {
    var isStopping: Bool { publicState == .stopping }

    /// In a state that only a request or a delay ends.
    var isSettledWithoutProcess: Bool {
        switch state {
        case .backoff, .exited, .fatal: true
        case .stopped, .waiting, .spawning, .starting, .running, .stopping: false
        }
    }

    /// What became of a request, for people.
    var summary: String {
        switch state {
        case .running(let active): "running (pid \(active.pid))"
        case .stopped, .waiting, .spawning, .starting, .backoff, .stopping, .exited, .fatal: reason
        }
    }
}
