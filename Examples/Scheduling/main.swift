import Scheduling
import Threading

// Events at their time: a scheduler of the real clock, which other threads may use meanwhile.
let scheduler = Scheduler()
scheduler.enter(after: .milliseconds(200)) { print("after 200 ms") }
scheduler.enter(after: .milliseconds(100)) {
    print("after 100 ms, which enters one more")
    scheduler.enter(after: .milliseconds(50)) { print("after 150 ms") }
}
let unwanted = scheduler.enter(after: .seconds(3600)) { print("never") }
print("\(scheduler.queue.count) events wait; cancelled: \(scheduler.cancel(unwanted))")
try scheduler.run()

// The same on a clock of one's own: an hour passes in no time.
final class Simulation {
    var now = Instant.origin
}
let simulation = Simulation()
let simulated = Scheduler(
    time: InjectedTime(now: { simulation.now }, delay: { simulation.now = simulation.now + $0 }))
let noon = Instant.origin + .seconds(3600)
simulated.enterAbs(at: noon, priority: 2) { print("simulated: lunch at \(simulation.now)") }
simulated.enterAbs(at: noon, priority: 1) { print("simulated: the bell, which goes first") }
try simulated.run()

// A timer wheel: what a scheduler is made of, for whoever has an event loop. It has no clock and calls nothing.
var wheel = TimerWheel<String>()
let timeout = wheel.insert("timeout", at: .origin + .seconds(30))
_ = wheel.insert("heartbeat", at: .origin + .seconds(5))
wheel.cancel(timeout)
while let deadline = wheel.nextDeadline(), let timer = wheel.popDue(at: deadline) {
    print("wheel: \(timer.payload) at \(timer.deadline)")
}

// How long to wait before trying again, and when to give up.
let backoff = Backoff(first: .milliseconds(100), factor: 3, ceiling: .seconds(1))
var random = SplitMix64(seed: 1)
print("retries after", (1...4).map { "\(backoff.delay(attempt: $0, using: &random))" }.joined(separator: ", "))

var window = RestartWindow(intensity: 2, period: .seconds(10))
let verdicts = [0, 1, 2, 30].map { window.record(at: .origin + .seconds($0)) ? "go on" : "give up" }
print("restarts at 0, 1, 2 and 30 s:", verdicts.joined(separator: ", "))
