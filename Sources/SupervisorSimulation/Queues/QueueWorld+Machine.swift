import Scheduling
import SupervisorCore

/// The machine: processes, the disk, and what becomes of effects.
extension QueueWorld {
    struct Process: Sendable {
        let task: TaskID
        let definition: WorkerDefinition
        let timeout: Duration?
        var isSpawned = false
        var spawnedAt: Instant?
        /// The main process is gone.
        var hasExited = false
        var hasLeftovers = false
        var isStubborn = false
        var status = SupervisorCore.ExitStatus.exited(code: 0)
        var failedToSpawn = false
        var firstSignal: Instant?

        var isOver: Bool { failedToSpawn || hasExited && !hasLeftovers }
    }

    mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .spawn(let run, let definition): spawn(run, definition)
        case .signal(let run, let signal, let wholeTree): send(signal, to: run, wholeTree: wholeTree)
        case .abandon(let run): processes[run]?.hasLeftovers = false
        case .release(let run):
            require(processes[run]?.isOver == true, "\(run) is released although it is alive")
            processes[run] = nil
        case .store(let ticket, let changes):
            disk.writes.append((ticket, changes))
            oracle.stores(changes, ticket, capacity: { self.supervisor.queueDefinition($0)?.capacity })
            schedule(.write, after: faultsEnd ? .milliseconds(1) : draw(upTo: weights.diskDelay))
        case .sweep(let queue, let runs): sweep(queue, runs)
        case .forgetTasks(let queue, let tasks): oracle.forgets(tasks, of: queue)
        case .announce(let told): heard(told)
        case .reply(let id, let reply): answered(id, reply)
        case .finish:
            require(isShuttingDown && !isFinished, "the end came unasked, or twice")
            isFinished = true
        case .endProbes: break
        case .probeReadiness, .checkHealth: fail("a task is probed: \(effect.brief)")
        case .sendTask, .endTasks: fail("a queue has no pool: \(effect.brief)")
        }
    }

    private mutating func spawn(_ run: RunID, _ definition: WorkerDefinition) {
        guard let task = definition.task, let known = oracle.tasks[task] else { return fail("\(run) is of no task") }
        guard let queue = supervisor.queueDefinition(run.instance.worker) else { return fail("\(run) has no queue") }
        require(processes[run] == nil && orphans[run] == nil, "the number of \(run) is not new")
        let alive = processes.filter { $0.key.instance.worker == run.instance.worker }
        require(alive.count < queue.slots, "\(run) is one more than \(queue.name) has slots")
        require(!alive.keys.contains { $0.instance == run.instance }, "\(run) runs beside another in its slot")
        require(!processes.values.contains { $0.task == task }, "task \(task) runs twice at once")
        let isLeft = !oracle.numbersMayRepeat && orphans.values.contains(task)
        require(!isLeft, "task \(task) runs beside what an earlier life left of it")
        require(!orphans.keys.contains { $0.instance.worker == queue.name }, "\(queue.name) starts before it is swept")
        require(!isShuttingDown, "\(run) is spawned during a shutdown")
        if known.isDurable {
            let progress = disk.records[task]?.progress
            require(progress?.state == .running && progress?.run == run, "\(run) is spawned, but that is not stored")
        }
        oracle.spawns(task, run, queue)
        let timeout = known.submission.timeout ?? queue.timeout
        var process = Process(task: task, definition: definition, timeout: timeout)
        let delay = chance(weights.slowSpawn) ? draw(upTo: .seconds(2)) : .zero
        if !faultsEnd, chance(weights.spawnFailure) {
            process.failedToSpawn = true
            processes[run] = process
            let failure = SpawnFailure(errno: 2, message: "cannot execute /nowhere")
            oracle.ends(task, run, nil, successCodes: [])
            return schedule(.news(.spawnFailed(run, failure)), after: delay)
        }
        process.isSpawned = true
        process.isStubborn = chance(weights.stubborn)
        process.hasLeftovers = !faultsEnd && chance(weights.leftovers)
        process.status = .exited(code: !faultsEnd && chance(weights.failure) ? pick([1, 2, 3]) : 0)
        processes[run] = process
        nextPid += 1
        schedule(.news(.spawned(run, pid: nextPid)), after: delay)
        if !faultsEnd, chance(weights.hang) { return }
        schedule(.exit(run), after: delay + (chance(50) ? draw(upTo: .milliseconds(300)) : draw(upTo: .seconds(8))))
    }

    mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    mutating func mainExits(_ run: RunID) {
        guard let process = processes[run], !process.hasExited else { return }
        // It cannot speak before the news of its spawn.
        guard process.spawnedAt != nil else { return schedule(.exit(run), after: .seconds(3)) }
        processes[run]?.hasExited = true
        let codes = process.definition.restart.successCodes
        oracle.ends(process.task, run, process.firstSignal == nil ? process.status : nil, successCodes: codes)
        deliver(.exited(run, process.status, treeIsEmpty: !process.hasLeftovers))
    }

    private mutating func send(_ signal: Signal, to run: RunID, wholeTree: Bool) {
        guard let process = processes[run], process.isSpawned else {
            return fail("\(run) is signalled, but it is not there")
        }
        if process.firstSignal == nil, !process.hasExited {
            processes[run]?.firstSignal = now
            let isTooSlow = process.timeout.map { now >= (process.spawnedAt ?? now) + $0 } ?? false
            let isAsked = oracle.tasks[process.task]?.cancelAsked == true || isShuttingDown
            require(isTooSlow || isAsked, "\(run) is signalled, but it is neither too slow nor cancelled")
        }
        guard signal == .kill || !process.isStubborn else { return }
        let isNew = !process.hasExited
        if process.hasExited, wholeTree, process.hasLeftovers {
            processes[run]?.hasLeftovers = false
            schedule(.news(.treeEmptied(run)), after: draw(upTo: .milliseconds(50)))
        } else if isNew {
            if wholeTree { processes[run]?.hasLeftovers = false }
            processes[run]?.status = .signaled(signal, coreDumped: false)
            schedule(.exit(run), after: draw(upTo: .milliseconds(50)))
        }
    }

    private mutating func sweep(_ queue: String, _ runs: [RunID]) {
        for (run, task) in orphans where run.instance.worker == queue && oracle.tasks[task]?.isDurable == true {
            if oracle.numbersMayRepeat { continue }
            require(runs.contains(run), "\(run) is left of an earlier life, and is not swept")
        }
        schedule(.news(.swept(queue: queue)), after: faultsEnd ? .zero : draw(upTo: .seconds(3)))
    }

    // MARK: - The disk

    mutating func diskWrites() {
        guard let first = disk.writes.first else { return }
        // The answer may be on its way when the daemon is killed.
        let delay = faultsEnd ? Duration.zero : draw(upTo: weights.diskDelay)
        guard disk.isHealthy else {
            disk.writes.removeFirst()
            oracle.writeFailed(first.changes)
            return answer(.storeFailed(first.ticket, reason: "no space left on device"), after: delay)
        }
        if let complaint = disk.write() { fail(complaint) }
        answer(.stored(first.ticket), after: delay)
    }

    /// Answers come in the order of the tickets.
    private mutating func answer(_ event: Event, after delay: Duration) {
        let at = max(now + delay, oracle.lastAnswer)
        oracle.lastAnswer = at
        schedule(.news(event), after: at - now)
    }
}
