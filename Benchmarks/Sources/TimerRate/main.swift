import Dispatch
import Glibc
import Scheduling
import Threading

// How long setting, cancelling and firing timers takes in Swift: `TimerRate STRUCTURE N PASSES new|warm`, as the
// programs in programs/timers; and `TimerRate events N 1 new`: nanoseconds an event of a scheduler takes.

let usage = "usage: TimerRate wheel|heap|dispatch|events N PASSES new|warm"
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
case "dispatch":
    for _ in 0..<passes { measureDispatch() }
case "events":
    try measureEvents()
default:
    print(usage)
    exit(2)
}

/// Sources of Dispatch, only set and cancelled: they fire when they like.
func measureDispatch() {
    let queue = DispatchQueue(label: "timers")
    let t0 = processorTime()
    let sources = (0..<count).map { number in
        let source = DispatchSource.makeTimerSource(queue: queue)
        source.schedule(deadline: .now() + 3600 + .milliseconds(number))
        source.setEventHandler {}
        source.resume()
        return source
    }
    queue.sync {}
    let t1 = processorTime()
    for source in sources { source.cancel() }
    queue.sync {}
    let t2 = processorTime()
    print("\(Double(t1 - t0) / Double(count)) \(Double(t2 - t1) / Double(count)) nan nan")
}

func measureEvents() throws {
    let scheduler = Scheduler()
    let before = processorTime()
    for _ in 0..<count { scheduler.enter(after: .zero) {} }
    try scheduler.run()
    print(Double(processorTime() - before) / Double(count))
}
