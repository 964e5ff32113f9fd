import Glibc

// How long setting, cancelling and firing timers takes in Swift: `TimerRate STRUCTURE N PASSES new|warm`, as the
// programs in programs/timers.

let usage = "usage: TimerRate wheel|heap N PASSES new|warm"
guard CommandLine.arguments.count == 5,
    let count = Int(CommandLine.arguments[2]), count >= 2,
    let passes = Int(CommandLine.arguments[3])
else {
    print(usage)
    exit(2)
}
let keepsWarm = CommandLine.arguments[4] == "warm"

switch CommandLine.arguments[1] {
case "wheel": Workload<Wheel>.run(count: count, passes: passes, keepsWarm: keepsWarm)
case "heap": Workload<LazyHeap>.run(count: count, passes: passes, keepsWarm: keepsWarm)
default:
    print(usage)
    exit(2)
}
