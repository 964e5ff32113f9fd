// What Threading offers, in a minute: threads with results, data with its own lock, and timers.
//
//     swift run example-threading
import Threading

// A thread gives back what it found, and its error where it failed.
struct Unreadable: Error {}
let sum = try Thread(name: "sum") { (1...1000).reduce(0, +) }
print("the sum is \(try sum.join())")

Thread.uncaughtErrorHandler = { print("\($0.thread.name) failed: \($0.error)") }
let reader = try Thread(name: "reader") { () throws(Unreadable) in throw Unreadable() }
do { try reader.join() } catch { print("whoever joins it is told, too: \(error)") }

// Threads that end before the scope does. The compiler sees to it that nobody touches the inbox without its lock.
let inbox = Monitor<[Int]>([])
let total = try withThreads { scope in
    for number in 1...3 {
        try scope.start { inbox.withLock { $0.append(number * 10) } }
    }
    // Waits until all three have come.
    return inbox.wait(until: { $0.count == 3 }, then: { $0.reduce(0, +) })
}
print("three threads brought \(total ?? 0)")

// Two at a time, please.
let permits = Semaphore(2)
let barrier = try Barrier(parties: 4)
try withThreads { scope in
    for _ in 0..<4 {
        try scope.start {
            permits.withPermit {}
            try barrier.wait()
        }
    }
}
print("four threads met; \(permits.availablePermits) permits are left")

// Timers cost no thread of their own, and a cancel says whether it came in time.
let rung = Event()
let alarm = try Timer(after: .milliseconds(50)) { rung.set() }
let never = try Timer(after: .seconds(3600)) { print("never printed") }
print("cancelled in time: \(never.cancel())")
rung.wait()
print("the alarm rang; cancelled in time: \(alarm.cancel())")

// The lock of a condition is a matter of types: waiting is only possible where it is held.
let condition = Condition<Lock>()
print("nobody notified: \(condition.withLock { held in !held.wait(timeout: .milliseconds(10)) })")
