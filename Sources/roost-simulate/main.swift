import Glibc
import SupervisorSimulation

// roost-simulate [--from SEED] [--count N] [--show SEED]
// Lives through many simulated lives of a supervisor and stops at the first broken invariant.

var first: UInt64 = 1
var count: UInt64 = 100_000
var arguments = CommandLine.arguments.dropFirst()
var shown: UInt64?
while let option = arguments.popFirst() {
    guard let value = arguments.popFirst().flatMap(UInt64.init) else {
        print("usage: roost-simulate [--from SEED] [--count N] [--show SEED]")
        break
    }
    switch option {
    case "--from": first = value
    case "--count": count = value
    case "--show": shown = value
    default: print("unknown option \(option)")
    }
}

if let shown {
    var world = SimulatedWorld(seed: shown, keepsHistory: true)
    world.run()
    world.history.forEach { print($0) }
    print(world.violation ?? "seed \(shown): no invariant was broken")
} else {
    let found = Simulation.firstViolation(seeds: first..<(first + count))
    print(found ?? "\(count) seeds from \(first): no invariant was broken")
    exit(found == nil ? 0 : 1)
}
