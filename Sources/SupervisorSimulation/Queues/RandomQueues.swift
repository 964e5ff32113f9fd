import Scheduling
import SupervisorCore

/// How likely each fault is in the life of a machine with queues.
struct QueueWeights: Sendable {
    var lateWake: Int
    var spawnFailure: Int
    var slowSpawn: Int
    var failure: Int
    var hang: Int
    var stubborn: Int
    var leftovers: Int
    /// Of the disk's turns, how many make it full.
    var diskFault: Int
    var diskPause: Duration
    var diskDelay: Duration
    /// At most this long until the daemon is killed; zero spares it.
    var lifetime: Duration
    var clientPause: Duration
    /// submit, wait, cancel, retry, pause, resume, apply, abandon
    var commands: [Int]

    init(using random: inout SplitMix64) {
        func percent(_ choices: [Int]) -> Int { choices.randomElement(using: &random) ?? 0 }
        lateWake = percent([0, 0, 5])
        spawnFailure = percent([0, 0, 5, 30])
        slowSpawn = percent([0, 20, 100])
        failure = percent([5, 30, 60])
        hang = percent([0, 5, 30])
        stubborn = percent([0, 10, 50])
        leftovers = percent([0, 10, 50])
        diskFault = percent([0, 0, 20, 60])
        diskPause = .milliseconds([100, 5000, 60_000].randomElement(using: &random) ?? 5000)
        diskDelay = .milliseconds([0, 5, 500, 20_000].randomElement(using: &random) ?? 5)
        lifetime = .seconds([0, 0, 5, 60, 600].randomElement(using: &random) ?? 0)
        clientPause = .milliseconds([10, 200, 5000, 60_000].randomElement(using: &random) ?? 200)
        commands = [10] + (0..<7).map { _ in Int.random(in: 0...4, using: &random) }
    }
}

/// Plans with one to three queues.
enum RandomQueues {
    static let names = ["mail", "video", "report"]

    static func plan(using random: inout SplitMix64) -> Plan {
        let count = Int.random(in: 1...names.count, using: &random)
        return Plan(queues: names.prefix(count).map { queue($0, using: &random) })
    }

    static func queue(_ name: String, using random: inout SplitMix64) -> QueueDefinition {
        func pick<Choice>(_ choices: [Choice]) -> Choice {
            choices[Int.random(in: 0..<choices.count, using: &random)]
        }
        var queue = QueueDefinition(name: name)
        queue.slots = pick([1, 1, 2, 3])
        queue.order = pick(QueueDefinition.Order.allCases)
        queue.capacity = pick([2, 5, 12])
        queue.keep = pick([0, 2, 5, 20])
        queue.timeout = pick([nil, nil, .seconds(3), .seconds(60)])
        queue.retry.attempts = pick([1, 1, 2, 4])
        queue.retry.delay = pick([.zero, .milliseconds(50), .seconds(20)])
        queue.priority = pick([0, 0, 5])
        queue.onInterrupt = pick(QueueDefinition.Interruption.allCases)
        queue.durable = pick([true, true, true, false])
        queue.paused = pick([false, false, false, true])
        queue.successCodes = pick([[0], [0], [0, 2]])
        queue.stop.scope = pick(StopPolicy.Scope.allCases)
        return queue
    }

    /// Another configuration: queues come, go and change.
    static func mutate(_ plan: Plan, using random: inout SplitMix64) -> Plan {
        var plan = plan
        switch Int.random(in: 0..<3, using: &random) {
        case 0 where !plan.queues.isEmpty:
            plan.queues.remove(at: Int.random(in: 0..<plan.queues.count, using: &random))
        case 1:
            for name in names where !plan.queues.contains(where: { $0.name == name }) {
                plan.queues.insert(queue(name, using: &random), at: 0)
                break
            }
        default:
            guard !plan.queues.isEmpty else { break }
            let index = Int.random(in: 0..<plan.queues.count, using: &random)
            plan.queues[index] = queue(plan.queues[index].name, using: &random)
        }
        return plan
    }
}
