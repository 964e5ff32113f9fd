import Scheduling
import SupervisorCore

/// Plans drawn from a seed, valid by construction: no cycles, no unknown names.
enum RandomPlan {
    static func make(using random: inout SplitMix64) -> Plan {
        var plan = Plan()
        plan.daemon.parallelStarts = Int.random(in: 1...4, using: &random)
        for index in 0..<Int.random(in: 1...6, using: &random) {
            plan.workers.append(worker(index, after: plan.workers.map(\.name), using: &random))
        }
        plan.groups = groups(of: plan, using: &random)
        return plan
    }

    /// What an operator might apply next: workers come, go, and change in ways that do and do not touch a process.
    static func mutate(_ plan: Plan, using random: inout SplitMix64) -> Plan {
        var plan = plan
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where plan.workers.count > 1:
                let gone = plan.workers.remove(at: Int.random(in: 0..<plan.workers.count, using: &random)).name
                for index in plan.workers.indices {
                    plan.workers[index].requires.removeAll { $0 == gone }
                    plan.workers[index].after.removeAll { $0 == gone }
                }
            case 1 where plan.workers.count < 8:
                let free = (0..<9).first { number in !plan.workers.contains { $0.name == "w\(number)" } } ?? 9
                plan.workers.append(worker(free, after: plan.workers.map(\.name), using: &random))
            default:
                guard let index = plan.workers.indices.randomElement(using: &random) else { break }
                change(&plan.workers[index], earlier: plan.workers[..<index].map(\.name), using: &random)
            }
        }
        if Bool.random(using: &random) { plan.daemon.parallelStarts = Int.random(in: 1...4, using: &random) }
        plan.groups = Bool.random(using: &random) ? groups(of: plan, using: &random) : still(valid: plan)
        return plan
    }

    private static func change(_ worker: inout WorkerDefinition, earlier: [String], using random: inout SplitMix64) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0: worker.launch.arguments = ["w", "\(Int.random(in: 0...99, using: &random))"]
        case 1: worker.instances = Int.random(in: 0...3, using: &random)
        case 2: worker.restart = restart(using: &random)
        case 3: worker.stop = stop(using: &random)
        default: worker.requires = earlier.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        }
    }

    private static func worker(
        _ index: Int, after earlier: [String], using random: inout SplitMix64
    ) -> WorkerDefinition {
        var worker = WorkerDefinition(name: "w\(index)", launch: LaunchSpecification(arguments: ["w"]))
        worker.instances = [1, 1, 2, 3].randomElement(using: &random) ?? 1
        worker.autostart = Int.random(in: 0..<5, using: &random) > 0
        worker.requires = earlier.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
        worker.after = earlier.filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
        worker.restart = restart(using: &random)
        worker.stop = stop(using: &random)
        worker.ready.probe =
            [.spawned, .notify, .after(.seconds(1)), .spawned].randomElement(using: &random) ?? .spawned
        worker.ready.timeout = .seconds(Int64.random(in: 1...20, using: &random))
        if Int.random(in: 0..<3, using: &random) == 0 {
            var health = HealthCheck(probe: .http("http://127.0.0.1/"))
            health.every = .seconds(2)
            health.failures = Int.random(in: 1...3, using: &random)
            worker.health = health
        }
        return worker
    }

    private static func restart(using random: inout SplitMix64) -> RestartPolicy {
        var policy = RestartPolicy()
        policy.when = RestartPolicy.Condition.allCases.randomElement(using: &random) ?? .always
        policy.delay = [.zero, .milliseconds(100), .seconds(2)].randomElement(using: &random) ?? .zero
        policy.maxDelay = .seconds(Int64.random(in: 1...30, using: &random))
        policy.successCodes = Bool.random(using: &random) ? [0] : [0, 2]
        policy.giveUp =
            Int.random(in: 0..<4, using: &random) == 0
            ? nil
            : RestartPolicy.GiveUp(
                failures: Int.random(in: 1...5, using: &random),
                within: .seconds(Int64.random(in: 1...120, using: &random)))
        return policy
    }

    private static func stop(using random: inout SplitMix64) -> StopPolicy {
        var policy = StopPolicy()
        policy.scope = StopPolicy.Scope.allCases.randomElement(using: &random) ?? .tree
        if Bool.random(using: &random) {
            policy.steps.insert(StopPolicy.Step(signal: .interrupt, grace: .seconds(2)), at: 0)
        }
        return policy
    }

    /// Members in plan order, so that group order and `requires` cannot disagree.
    private static func groups(of plan: Plan, using random: inout SplitMix64) -> [GroupDefinition] {
        guard plan.workers.count > 1, Bool.random(using: &random) else { return [] }
        let members = plan.workers.map(\.name).filter { _ in Bool.random(using: &random) }
        guard !members.isEmpty else { return [] }
        let strategy = GroupDefinition.Strategy.allCases.randomElement(using: &random) ?? .oneForOne
        let intensity = GroupDefinition.Intensity(
            restarts: Int.random(in: 0...5, using: &random), within: .seconds(Int64.random(in: 1...60, using: &random)))
        return [
            GroupDefinition(
                name: "g", members: members, strategy: strategy,
                intensity: Bool.random(using: &random) ? intensity : nil)
        ]
    }

    private static func still(valid plan: Plan) -> [GroupDefinition] {
        plan.groups.compactMap { group in
            var group = group
            group.members = plan.workers.map(\.name).filter(group.members.contains)
            return group.members.isEmpty ? nil : group
        }
    }
}
