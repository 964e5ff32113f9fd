import Glibc
import SupervisorSimulation

// roost-simulate [--from SEED] [--count N] [--show SEED] [--show-queues SEED] [--bench INSTANCES] [--digest]
// Lives through many simulated lives of a supervisor and stops at the first broken invariant.

enum Usage {
    static let text =
        "usage: roost-simulate [--from SEED] [--count N] [--show SEED] [--show-queues SEED] [--bench N] [--digest]"
}

var first: UInt64 = 1
var count: UInt64 = 100_000
var shown: UInt64?
var shownQueues: UInt64?
var benched: Int?
var showsDigest = false
var arguments = CommandLine.arguments.dropFirst()

func number<Number: FixedWidthInteger>(after option: String, in arguments: inout ArraySlice<String>) -> Number {
    guard let number = arguments.popFirst().flatMap({ Number($0) }) else {
        print("cannot read a number after \(option)\n\(Usage.text)")
        exit(64)
    }
    return number
}

while let option = arguments.popFirst() {
    switch option {
    case "--from": first = number(after: option, in: &arguments)
    case "--count": count = number(after: option, in: &arguments)
    case "--show": shown = number(after: option, in: &arguments)
    case "--show-queues": shownQueues = number(after: option, in: &arguments)
    case "--bench": benched = number(after: option, in: &arguments)
    case "--digest": showsDigest = true
    default:
        print("cannot understand \(option)\n\(Usage.text)")
        exit(64)
    }
}

if let shown {
    var world = SimulatedWorld(seed: shown, keepsHistory: true)
    world.run()
    world.history.forEach { print($0) }
    var pool = SimulatedPool(seed: shown, keepsHistory: true)
    pool.run()
    pool.history.forEach { print("pool \($0)") }
    print(world.violation ?? pool.violation ?? "seed \(shown): no invariant was broken")
} else if let shownQueues {
    var world = QueueWorld(seed: shownQueues, keepsHistory: true)
    world.run()
    world.history.forEach { print($0) }
    print(world.violation ?? "seed \(shownQueues): no invariant was broken")
} else if let benched {
    Benchmark.run(instances: benched)
} else {
    CrashReport.install()
    let outcome = Simulation.live(seeds: first..<(first + count)) { CrashReport.seed = $0 }
    if showsDigest { print("digest \(String(outcome.digest.value, radix: 16))") }
    print(outcome.violation ?? "\(count) seeds from \(first), \(outcome.events) events: no invariant was broken")
    exit(outcome.violation == nil ? 0 : 1)
}
