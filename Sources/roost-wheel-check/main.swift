import Glibc
import SchedulingModel

// roost-wheel-check [LIVES] [STEPS] [FIRST SEED]
// Lives through many random lives of a timer wheel beside a sorted array, with all invariants checked after each step,
// and stops at the first difference.

let numbers = CommandLine.arguments.dropFirst().map { UInt64($0) }
guard numbers.count <= 3, !numbers.contains(nil) else {
    print("usage: roost-wheel-check [LIVES] [STEPS] [FIRST SEED]")
    exit(64)
}
let lives = numbers.first.flatMap(\.self) ?? 2000
let steps = numbers.dropFirst().first.flatMap(\.self) ?? 1000
let first = numbers.dropFirst(2).first.flatMap(\.self) ?? 1

for seed in first..<(first + lives) {
    var life = WheelLife(seed: seed)
    life.live(steps: Int(steps))
    if let violation = life.violation {
        print("seed \(seed): \(violation)")
        exit(1)
    }
}
print("\(lives) lives of \(steps) steps: the wheel did what a sorted array does")
