import Foundation
import Scheduling
import Synchronization
import Testing
import Threading
import ToolkitTesting

/// A thread that is waited for.
private final class Companion: Sendable {
    private let isDone = Monitor(false)

    init(_ body: @escaping @Sendable () -> Void) {
        Foundation.Thread.detachNewThread { [isDone] in
            body()
            isDone.withLock { $0 = true }
        }
    }

    var hasEnded: Bool { isDone.withLock { $0 } }

    /// Whether it came to its end; a watchdog ends the wait.
    func join() -> Bool { isDone.wait(timeout: .seconds(60)) { $0 } }
}

/// The real time, and how many threads sleep in it.
private final class ObservedTime: SchedulerTime, Sendable {
    typealias Action = @Sendable () throws -> Void

    private let real = SystemTime()
    private let sleepers = Atomic(0)

    var isSleptIn: Bool { sleepers.load(ordering: .acquiring) > 0 }

    static func perform(_ action: Action) throws { try action() }
    func now() -> Instant { real.now() }
    func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try real.withLock(body)
    }
    var wakeTicket: UInt32 { real.wakeTicket }
    func wake() { real.wake() }

    func delay(_ delay: Duration, unlessWokenSince ticket: UInt32) {
        sleepers.add(1, ordering: .acquiringAndReleasing)
        real.delay(delay, unlessWokenSince: ticket)
        sleepers.subtract(1, ordering: .acquiringAndReleasing)
    }
}

/// Time that goes on when the test says so, as in CPython's test_sched.
private final class ManualTime: SchedulerTime, Sendable {
    typealias Action = @Sendable () throws -> Void

    private struct State {
        var now = Instant.origin
        var ticket: UInt32 = 0
        var sleepers = 0
    }

    private let lock = Lock()
    private let state = Monitor(State())

    static func perform(_ action: Action) throws { try action() }
    func now() -> Instant { state.withLock { $0.now } }
    func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        lock.acquire()
        defer { lock.release() }
        return try body()
    }
    var wakeTicket: UInt32 { state.withLock { $0.ticket } }
    func wake() { state.withLock { $0.ticket += 1 } }

    func delay(_ delay: Duration, unlessWokenSince ticket: UInt32) {
        let end = now() + delay
        state.withLock { $0.sleepers += 1 }
        state.wait(until: { $0.now >= end || $0.ticket != ticket }, then: { $0.sleepers -= 1 })
    }

    func advance(to seconds: Int) { state.withLock { $0.now = .origin + .seconds(seconds) } }

    /// Waits until all that had to be done at this moment is done.
    func settle() { state.wait(timeout: .seconds(60), until: { $0.sleepers == 1 }) }
}

@Suite(.leavesNothing, .watchdog) struct SchedulerThreadTests {
    @Test func `SC-001 events run in the order of their delays, and none too early`() throws {
        let scheduler = Scheduler()
        let order = Monitor<[Int]>([])
        let began = ContinuousClock.now
        for delay in [50, 40, 30, 20, 10] {
            scheduler.enter(after: .milliseconds(delay)) {
                #expect(ContinuousClock.now - began >= .milliseconds(delay))
                order.withLock { $0.append(delay) }
            }
        }
        try scheduler.run()
        #expect(order.withLock { $0 } == [10, 20, 30, 40, 50])
    }

    @Test func `★ SC-006 an earlier event wakes the thread that sleeps for a later one`() throws {
        try repeatedly { (_: Int) throws in
            let scheduler = Scheduler(time: ObservedTime())
            scheduler.enter(after: .seconds(1000)) { Issue.record("the far event ran") }
            let runner = Companion { _ = try? scheduler.run() }
            try eventually("the thread sleeps") { scheduler.time.isSleptIn }
            let time = elapsed {
                scheduler.enter(after: .milliseconds(3)) { scheduler.stop() }
                #expect(runner.join())
            }
            #expect(time >= .milliseconds(3))
            #expect(time < .seconds(30))
        }
    }

    @Test func `★ SC-007 cancelling the event slept for ends the run`() throws {
        try repeatedly { (_: Int) throws in
            let scheduler = Scheduler(time: ObservedTime())
            let event = scheduler.enter(after: .seconds(1000)) { Issue.record("the cancelled event ran") }
            let runner = Companion { _ = try? scheduler.run() }
            try eventually("the thread sleeps") { scheduler.time.isSleptIn }
            #expect(scheduler.cancel(event))
            #expect(runner.join())
        }
    }

    @Test func `a wake-up between looking and sleeping is not lost`() throws {
        // Enters events at any moment of the runner's turn; a lost wake-up would leave it asleep for long.
        try repeatedly { (_: Int) throws in
            let scheduler = Scheduler()
            let count = Monitor(0)
            let far = scheduler.enter(after: .seconds(1000)) { Issue.record("the far event ran") }
            let runner = Companion { _ = try? scheduler.run() }
            for number in 1...50 {
                scheduler.enter(after: .zero) { count.withLock { $0 += 1 } }
                #expect(count.wait(timeout: .seconds(60)) { $0 == number })
            }
            scheduler.cancel(far)
            #expect(runner.join())
        }
    }

    @Test func `SC-009 events that are cancelled during the run do not run, and time need not come to them`() throws {
        let scheduler = Scheduler(time: ManualTime())
        let log = Monitor<[Int]>([])
        let events = (1...5).map { number in
            scheduler.enter(after: .seconds(number)) { log.withLock { $0.append(number) } }
        }
        let runner = Companion { _ = try? scheduler.run() }
        scheduler.time.advance(to: 1)
        #expect(log.wait(timeout: .seconds(60)) { $0 == [1] })
        #expect(scheduler.cancel(events[1]))
        #expect(scheduler.cancel(events[4]))
        scheduler.time.advance(to: 3)
        #expect(log.wait(timeout: .seconds(60)) { $0 == [1, 3] })
        scheduler.time.advance(to: 4)
        #expect(runner.join())
        #expect(log.withLock { $0 } == [1, 3, 4])
        #expect(scheduler.time.now() == .origin + .seconds(4))
    }

    @Test func `events that are entered during the run run at their time`() throws {
        let scheduler = Scheduler(time: ManualTime())
        let log = Monitor<[Int]>([])
        scheduler.enter(after: .seconds(10)) { log.withLock { $0.append(10) } }
        let runner = Companion { _ = try? scheduler.run() }
        scheduler.time.settle()
        scheduler.enter(after: .seconds(4)) { log.withLock { $0.append(4) } }
        scheduler.enter(after: .seconds(6)) { log.withLock { $0.append(6) } }
        scheduler.time.advance(to: 3)
        scheduler.time.settle()
        #expect(log.withLock { $0 } == [])
        for (moment, expected) in [(4, [4]), (6, [4, 6]), (10, [4, 6, 10])] {
            scheduler.time.advance(to: moment)
            #expect(log.wait(timeout: .seconds(60)) { $0 == expected })
        }
        #expect(runner.join())
    }

    @Test func `SC-022 several threads run a scheduler, and each event runs once`() throws {
        let scheduler = Scheduler()
        let count = 10_000
        let ran = Monitor([Int](repeating: 0, count: count))
        for number in 0..<count {
            scheduler.enter(after: .microseconds(number % 1000)) { ran.withLock { $0[number] += 1 } }
        }
        let runners = (0..<2).map { _ in Companion { _ = try? scheduler.run() } }
        for runner in runners { #expect(runner.join()) }
        #expect(ran.withLock { $0.allSatisfy { $0 == 1 } })
        #expect(scheduler.isEmpty)
    }

    @Test func `stop ends the run of every thread, also of those that sleep`() throws {
        try repeatedly { (_: Int) throws in
            let scheduler = Scheduler()
            scheduler.enter(after: .seconds(1000)) { Issue.record("the far event ran") }
            let running = Monitor(0)
            let runners = (0..<3).map { _ in
                Companion {
                    running.withLock { $0 += 1 }
                    while (try? scheduler.run()) != nil, running.withLock({ $0 }) > 0 {}
                }
            }
            #expect(running.wait(timeout: .seconds(60)) { $0 == 3 })
            running.withLock { $0 = 0 }
            // One that has not begun to run yet begins afterwards, and notices the next.
            for runner in runners {
                scheduler.stop()
                scheduler.stop()
                while !runner.hasEnded { scheduler.stop() }
                #expect(runner.join())
            }
        }
    }

    @Test func `many threads enter and cancel while one runs`() throws {
        try repeatedly { (_: Int) throws in
            let scheduler = Scheduler()
            let ran = Monitor<Set<Int>>([])
            let kept = Monitor<Set<Int>>([])
            let stopping = Monitor(false)
            scheduler.enter(after: .seconds(1000)) { Issue.record("the far event ran") }
            let runner = Companion {
                while !stopping.withLock({ $0 }) { _ = try? scheduler.run() }
            }
            let writers = (0..<3).map { writer in
                Companion {
                    for number in (writer * 100)..<(writer * 100 + 100) {
                        let event = scheduler.enter(after: .microseconds(number % 7 * 100)) {
                            ran.withLock { _ = $0.insert(number) }
                        }
                        if number % 3 > 0 || !scheduler.cancel(event) { kept.withLock { _ = $0.insert(number) } }
                    }
                }
            }
            for writer in writers { #expect(writer.join()) }
            let expected = kept.withLock { $0 }
            #expect(ran.wait(timeout: .seconds(60)) { $0 == expected })
            stopping.withLock { $0 = true }
            while !runner.hasEnded { scheduler.stop() }
        }
    }
}
