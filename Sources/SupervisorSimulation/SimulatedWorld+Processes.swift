import Scheduling
import SupervisorCore

/// The machine: effects are carried out, processes live and die.
extension SimulatedWorld {
    /// A process as the simulated kernel knows it.
    struct Process: Sendable {
        let definition: WorkerDefinition
        /// It exists; false for one that could not be spawned.
        var isSpawned = false
        /// The main process has ended and the supervisor has been told.
        var hasExited = false
        /// Processes of its tree beside the main one.
        var stragglers = 0
        var ignoresSignals = false
        var ignoresSignalsInTree = false
        var isUnkillable = false
        var isProbed = false
        var stop: StopRecord?
    }

    /// One stop sequence, and whether it keeps its word.
    struct StopRecord: Sendable {
        let began: Instant
        /// How late the loop had been before.
        let latenessBefore: Duration
        let policy: StopPolicy
        var stepsTaken = 0
    }

    mutating func carryOut(_ effect: Effect) {
        switch effect {
        case .spawn(let run, let definition): spawn(run, definition)
        case .probeReadiness(let run): probe(run)
        case .checkHealth(let run, let health): checkHealth(run, health)
        case .endProbes(let run): require(processes[run] != nil, "probes of \(run) end, but it is over")
        case .signal(let run, let signal, let wholeTree): send(signal, to: run, wholeTree: wholeTree)
        case .abandon(let run): abandon(run)
        case .release(let run):
            release(run)
            oracle.releases(run)
        case .announce(let announcement): oracle.heard(announcement, at: heard)
        case .reply(let id, let reply): answered(id, reply)
        case .store, .sweep, .forgetTasks, .sendTask, .endTasks: fail("there are no tasks here, but \(effect.brief)")
        case .finish:
            require(oracle.isShuttingDown && !isFinished, "the end came unasked, or twice")
            isFinished = true
        }
    }

    private mutating func spawn(_ run: RunID, _ definition: WorkerDefinition) {
        oracle.spawns(run, definition)
        processes[run] = Process(definition: definition)
        pastRuns.append(run)
        let delay = chance(weights.slowSpawn) ? draw(upTo: .seconds(2)) : .zero
        if !faultsEnd, chance(weights.spawnFailure) {
            let failure = SpawnFailure(errno: 2, message: "cannot execute /nowhere")
            return schedule(.news(.spawnFailed(run, failure)), after: delay)
        }
        processes[run]?.isSpawned = true
        let isStubborn = chance(weights.stubborn)
        let isUnkillable = chance(weights.unkillable)
        processes[run]?.ignoresSignals = isStubborn
        processes[run]?.isUnkillable = isUnkillable
        nextPid += 1
        schedule(.news(.spawned(run, pid: nextPid)), after: delay)
        if !faultsEnd, chance(weights.crash) {
            // Never before the news of its spawn, as a pidfd cannot speak before it exists.
            let life = chance(50) ? draw(upTo: .milliseconds(200)) : draw(upTo: .seconds(60))
            schedule(.exit(run, drawStatus()), after: delay + life)
        }
    }

    private mutating func probe(_ run: RunID) {
        guard let process = processes[run], !process.hasExited else { return fail("\(run) is probed, but it is gone") }
        require(!process.isProbed, "\(run) is probed twice")
        processes[run]?.isProbed = true
        if !faultsEnd, chance(weights.hang) { return }
        schedule(.news(.ready(run)), after: draw(upTo: process.definition.ready.timeout * (faultsEnd ? 0.5 : 1.2)))
    }

    private mutating func checkHealth(_ run: RunID, _ health: HealthCheck) {
        require(processes[run]?.hasExited == false, "the health of \(run) is checked, but it is gone")
        guard !faultsEnd, chance(weights.unhealthy) else { return }
        for check in 1...4 {
            let problem = chance(70) ? "no answer" : nil
            schedule(.news(.healthChecked(run, problem: problem)), after: health.every * check)
        }
    }

    // MARK: - The end of processes

    private mutating func send(_ signal: Signal, to run: RunID, wholeTree: Bool) {
        guard var process = processes[run] else { return fail("\(run) is signalled after its end") }
        if !isSignalling { takeStep(signal, of: &process, run, wholeTree: wholeTree) }
        let lag = draw(upTo: .milliseconds(300))
        let isHeeded = signal == .kill || (signal == .terminate && !process.ignoresSignals)
        if !process.hasExited, isHeeded, !(signal == .kill && process.isUnkillable) {
            let status: ExitStatus = chance(50) ? .signaled(signal, coreDumped: false) : .exited(code: 0)
            let slow = signal != .kill && chance(20) ? draw(upTo: .seconds(12)) : lag
            schedule(.exit(run, status), after: slow)
        } else if !process.hasExited, signal == .kill {
            schedule(.exit(run, .signaled(.kill, coreDumped: false)), after: draw(upTo: .seconds(200)))
        }
        if wholeTree || process.hasExited, signal == .kill || !process.ignoresSignalsInTree {
            for _ in 0..<process.stragglers { schedule(.straggler(run), after: lag) }
        }
        processes[run] = process
    }

    /// The steps of a stop come in order, to the right processes, and KILL is the last of them.
    private mutating func takeStep(_ signal: Signal, of process: inout Process, _ run: RunID, wholeTree: Bool) {
        let policy = supervisor.definition(of: run.instance.worker)?.stop ?? process.definition.stop
        var stop = process.stop ?? StopRecord(began: now, latenessBefore: lateness, policy: policy)
        let position = stop.policy.steps.dropFirst(stop.stepsTaken).firstIndex { $0.signal == signal }
        let isHastened = oracle.isHastened || process.hasExited
        if let position {
            require(position == stop.stepsTaken || isHastened, "\(run) is sent \(signal), but that is not its turn")
            stop.stepsTaken = position + 1
        } else {
            require(signal == .kill && isHastened, "\(run) is sent \(signal), which is no step of its stop")
        }
        let expected =
            switch stop.policy.scope {
            case .tree: true
            case .mixed: signal == .kill || process.hasExited
            case .process: false
            }
        require(wholeTree == expected, "\(run): \(signal) \(wholeTree ? "reaches" : "does not reach") its whole tree")
        process.stop = stop
    }

    private mutating func abandon(_ run: RunID) {
        guard let process = processes[run] else { return fail("\(run) is abandoned after its end") }
        require(process.hasExited, "\(run) is abandoned although its main process is alive")
        guard process.definition.stop.scope != .process, let stop = process.stop, stop.policy.scope != .process else {
            return
        }
        require(stop.stepsTaken == stop.policy.steps.count, "\(run) is abandoned, but was never sent SIGKILL")
    }

    private mutating func release(_ run: RunID) {
        guard let process = processes.removeValue(forKey: run) else { return fail("\(run) is released twice") }
        require(!process.isSpawned || process.hasExited, "\(run) is released although it is alive")
        guard let stop = process.stop, !process.isUnkillable else { return }
        // Each step's grace is counted from the step before it, so only oversleeping may add to their sum.
        let graces = stop.policy.steps.reduce(Duration.zero) { $0 + $1.grace }
        let took = now - stop.began - (lateness - stop.latenessBefore)
        require(took <= graces + .milliseconds(301), "\(run) took \(took.text) to stop; allowed are \(graces.text)")
    }

    mutating func mainExits(_ run: RunID, _ status: ExitStatus) {
        guard var process = processes[run], process.isSpawned, !process.hasExited else { return }
        process.hasExited = true
        if chance(weights.stragglers) {
            process.stragglers = Int.random(in: 1...3, using: &random)
            process.ignoresSignalsInTree = chance(30)
            for _ in 0..<process.stragglers where chance(30) {
                schedule(.straggler(run), after: draw(upTo: .seconds(20)))
            }
        }
        processes[run] = process
        deliver(.exited(run, status, treeIsEmpty: process.stragglers == 0))
    }

    mutating func stragglerExits(_ run: RunID) {
        guard var process = processes[run], process.hasExited, process.stragglers > 0 else { return }
        process.stragglers -= 1
        processes[run] = process
        if process.stragglers == 0 { deliver(.treeEmptied(run)) }
    }

    private mutating func drawStatus() -> ExitStatus {
        switch weighted([4, 4, 2, 1]) {
        case 0: .exited(code: 0)
        case 1: .exited(code: Int32.random(in: 1...3, using: &random))
        case 2: .signaled([Signal.kill, Signal(number: 11), .terminate][weighted([1, 1, 1])], coreDumped: false)
        default: .unknown
        }
    }
}
