import Scheduling
import SupervisorCore

/// What one event costs with many instances: a worker dies and is spawned again.
enum Benchmark {
    static func run(instances: Int) {
        measure("one pool of \(instances)", workers: 1, instances: instances)
        measure("\(instances) workers", workers: instances, instances: 1)
    }

    private static func measure(_ title: String, workers: Int, instances: Int) {
        var supervisor = Supervisor(plan: plan(workers: workers, instances: instances), seed: 1)
        var now = Instant(nanoseconds: 1)
        let clock = ContinuousClock()
        var runs: [RunID] = []
        let start = clock.measure {
            runs = supervisor.begin(at: now).compactMap(\.spawnedRun)
            for run in runs { _ = supervisor.handle(.spawned(run, pid: 1), at: now) }
        }
        var events = 0
        let elapsed = clock.measure {
            for round in 0..<20_000 {
                now = now + .seconds(60)
                let position = (round * 7919) % runs.count
                let effects = supervisor.handle(
                    .exited(runs[position], .exited(code: 1), treeIsEmpty: true), at: now)
                guard let next = spawn(in: effects) else { preconditionFailure("no respawn") }
                _ = supervisor.handle(.spawned(next, pid: 2), at: now)
                runs[position] = next
                events += 2
            }
        }
        print("\(title): start \(start.text), \((elapsed / events).text) an event")
    }

    private static func spawn(in effects: [Effect]) -> RunID? { effects.lazy.compactMap(\.spawnedRun).first }

    private static func plan(workers: Int, instances: Int) -> Plan {
        var plan = Plan()
        plan.daemon.parallelStarts = Supervisor.instanceLimit
        plan.workers = (0..<workers).map { index in
            var worker = WorkerDefinition(
                name: "worker-\(index)", launch: LaunchSpecification(arguments: ["/bin/sleep", "1"]))
            worker.instances = instances
            return worker
        }
        return plan
    }
}

extension Effect {
    fileprivate var spawnedRun: RunID? {
        if case .spawn(let run, _) = self { run } else { nil }
    }
}
