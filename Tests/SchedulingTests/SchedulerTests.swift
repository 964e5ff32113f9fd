import Scheduling
import Testing
import ToolkitTesting

/// A clock that goes on when somebody waits, and a log.
private final class World {
    var now = Instant.origin + .seconds(1000)
    var log: [String] = []
    var delays: [Duration] = []

    lazy var scheduler = Scheduler(
        time: InjectedTime(
            now: { [unowned self] in now },
            delay: { [unowned self] delay in
                delays.append(delay)
                now = now + delay
            }))

    @discardableResult
    func enter(_ name: String, after seconds: Int = 0, priority: Int16 = 0) -> ScheduledEvent {
        scheduler.enter(after: .seconds(seconds), priority: priority) { [unowned self] in log.append(name) }
    }
}

private struct Broken: Error {}

@Suite(.leavesNothing, .watchdog) struct SchedulerTests {
    @Test func `SC-003 at the same time lower priorities go first`() throws {
        let world = World()
        let moment = world.now + .seconds(1)
        for (number, priority) in [Int16(1), 2, 3, 2, 1].enumerated() {
            world.scheduler.enterAbs(at: moment, priority: priority) { world.log.append("\(priority) #\(number)") }
        }
        try world.scheduler.run()
        #expect(world.log == ["1 #0", "1 #4", "2 #1", "2 #3", "3 #2"])
    }

    @Test func `SC-004 at the same time and priority the first entered goes first`() throws {
        let world = World()
        for name in ["a", "b", "c", "d", "e"] { world.enter(name, after: 1) }
        try world.scheduler.run()
        #expect(world.log == ["a", "b", "c", "d", "e"])
    }

    @Test func `SC-008 cancelled events do not run`() throws {
        let world = World()
        let events = (1...5).map { world.enter("\($0)", after: $0) }
        #expect(world.scheduler.cancel(events[0]))
        #expect(world.scheduler.cancel(events[4]))
        try world.scheduler.run()
        #expect(world.log == ["2", "3", "4"])
        #expect(world.now == .origin + .seconds(1004))
    }

    @Test func `SC-011 an event is cancelled once, and only by its own scheduler`() throws {
        let world = World()
        let other = World()
        let first = world.enter("first", after: 1)
        let second = world.enter("second", after: 2)
        let foreign = other.enter("foreign", after: 1)
        #expect(!world.scheduler.cancel(foreign))
        #expect(world.scheduler.cancel(first))
        #expect(!world.scheduler.cancel(first))
        try world.scheduler.run()
        #expect(!world.scheduler.cancel(second))
        try other.scheduler.run()
        #expect(world.log == ["second"])
        #expect(other.log == ["foreign"])
    }

    @Test func `SC-011 an old event does not cancel one that has taken its place`() throws {
        let world = World()
        let old = world.enter("old")
        #expect(world.scheduler.cancel(old))
        let new = world.enter("new")
        #expect(!world.scheduler.cancel(old))
        #expect(new != old)
        try world.scheduler.run()
        #expect(world.log == ["new"])
    }

    @Test func `SC-012 a scheduler is empty until something is entered and after everything has run`() throws {
        let world = World()
        #expect(world.scheduler.isEmpty)
        world.scheduler.enter(after: .seconds(1)) { world.log.append("empty: \(world.scheduler.isEmpty)") }
        #expect(!world.scheduler.isEmpty)
        try world.scheduler.run()
        #expect(world.scheduler.isEmpty)
        #expect(world.log == ["empty: true"])
    }

    @Test func `★ SC-015 without blocking what is due runs, and the time until the next is returned`() throws {
        try repeatedly { (_: Int) throws in
            let world = World()
            #expect(try world.scheduler.run(blocking: false) == nil)
            for name in ["a", "b", "c"] { world.enter(name, after: -1) }
            world.enter("later", after: 7)
            #expect(try world.scheduler.run(blocking: false) == .seconds(7))
            #expect(world.log == ["a", "b", "c"])
            #expect(try world.scheduler.run(blocking: false) == .seconds(7))
            world.now = world.now + .seconds(8)
            #expect(try world.scheduler.run(blocking: false) == nil)
            #expect(world.log.last == "later")
        }
    }

    @Test func `SC-017 what an action enters for now runs in the same run`() throws {
        let world = World()
        world.scheduler.enter(after: .zero) {
            world.log.append("first")
            world.enter("second")
            world.enter("before", after: -5)
        }
        #expect(try world.scheduler.run(blocking: false) == nil)
        #expect(world.log == ["first", "before", "second"])
    }

    @Test func `SC-018 an action cancels a later event`() throws {
        let world = World()
        let victim = world.enter("victim", after: 2)
        world.scheduler.enter(after: .seconds(1)) { #expect(world.scheduler.cancel(victim)) }
        world.enter("last", after: 3)
        try world.scheduler.run()
        #expect(world.log == ["last"])
    }

    @Test func `SC-020 a scheduler that is late drops nothing and keeps the order`() throws {
        let world = World()
        world.scheduler.enterAbs(at: Instant(nanoseconds: .min)) {
            world.log.append("long ago")
            world.now = world.now + .seconds(100)
        }
        for second in [3, 1, 2, 50] { world.enter("\(second)", after: second) }
        try world.scheduler.run()
        #expect(world.log == ["long ago", "1", "2", "3", "50"])
        #expect(world.now == .origin + .seconds(1100))
    }

    @Test func `SC-021 an action gets what it was given`() throws {
        let world = World()
        var received: [(Int, String)] = []
        func note(_ number: Int, name: String) { received.append((number, name)) }
        world.scheduler.enter(after: .seconds(1)) { note(1, name: "one") }
        world.scheduler.enter(after: .seconds(2)) { note(2, name: "two") }
        try world.scheduler.run()
        #expect(received.map(\.0) == [1, 2])
        #expect(received.map(\.1) == ["one", "two"])
    }

    @Test(.repeated) func `☆ SC-024 cancelling half of many events takes no time`() throws {
        let world = World()
        var random = SplitMix64(seed: 24)
        var events = (0..<100_000).map { number in
            world.scheduler.enter(after: .milliseconds(Int64.random(in: 0..<3_600_000, using: &random))) {
                world.log.append("\(number)")
            }
        }
        events.shuffle(using: &random)
        let time = elapsed {
            for event in events.prefix(50_000) { #expect(world.scheduler.cancel(event)) }
        }
        // CPython needs a minute or more.
        #expect(time < .seconds(10))
        #expect(world.scheduler.queue.count == 50_000)
        try world.scheduler.run()
        #expect(world.log.count == 50_000)
    }

    @Test func `an error comes out of run, and the rest can be run afterwards`() throws {
        let world = World()
        world.enter("first", after: 1)
        let broken = world.scheduler.enter(after: .seconds(2)) { throw Broken() }
        world.enter("last", after: 3)
        #expect(throws: Broken.self) { try world.scheduler.run() }
        #expect(world.log == ["first"])
        #expect(!world.scheduler.cancel(broken))
        #expect(world.scheduler.queue.count == 1)
        try world.scheduler.run()
        #expect(world.log == ["first", "last"])
    }

    @Test func `the queue shows times and priorities in the order of firing`() {
        let world = World()
        world.enter("c", after: 2)
        world.enter("b", after: 1, priority: 1)
        world.enter("a", after: 1, priority: -1)
        #expect(world.scheduler.queue.map(\.priority) == [-1, 1, 0])
        #expect(world.scheduler.queue.map { $0.time - world.now } == [.seconds(1), .seconds(1), .seconds(2)])
        #expect("\(world.scheduler.queue[0])" == "event at 1001.0 seconds, priority -1")
    }

    @Test func `after each event others get a chance`() throws {
        let world = World()
        world.enter("a")
        world.enter("b", after: 2)
        try world.scheduler.run()
        #expect(world.delays == [.zero, .seconds(2), .zero])
    }

    @Test func `an action is let go as soon as it was carried out or cancelled`() throws {
        final class Witness {}
        let world = World()
        weak var first: Witness?
        weak var second: Witness?
        func enter(after seconds: Int) -> (Witness, ScheduledEvent) {
            let witness = Witness()
            return (witness, world.scheduler.enter(after: .seconds(seconds)) { withExtendedLifetime(witness) {} })
        }
        let event = { () -> ScheduledEvent in
            let (one, _) = enter(after: 1)
            let (two, event) = enter(after: 2)
            first = one
            second = two
            return event
        }()
        #expect(first != nil && second != nil)
        world.scheduler.cancel(event)
        #expect(second == nil)
        world.scheduler.enter(after: .seconds(1)) { #expect(first == nil) }
        try world.scheduler.run()
        #expect(first == nil)
    }

    @Test func `what an action holds may use the scheduler while it is let go`() throws {
        final class Last {
            let scheduler: Scheduler<InjectedTime>
            init(_ scheduler: Scheduler<InjectedTime>) { self.scheduler = scheduler }
            deinit { scheduler.enter(after: .seconds(5)) {} }
        }
        let world = World()
        let event = { () -> ScheduledEvent in
            let last = Last(world.scheduler)
            return world.scheduler.enter(after: .seconds(1)) { withExtendedLifetime(last) {} }
        }()
        #expect(world.scheduler.cancel(event))
        #expect(world.scheduler.queue.count == 1)
    }

    @Test func `stop ends a run after the action at hand`() throws {
        let world = World()
        world.scheduler.enter(after: .seconds(1)) {
            world.log.append("stopping")
            world.scheduler.stop()
        }
        world.enter("later", after: 3)
        #expect(try world.scheduler.run() == .seconds(2))
        #expect(world.log == ["stopping"])
        #expect(try world.scheduler.run() == nil)
        #expect(world.log == ["stopping", "later"])
    }

    @Test func `a stop that came before the run is not missed, and counts once`() throws {
        let world = World()
        world.enter("event", after: 1)
        world.scheduler.stop()
        world.scheduler.stop()
        #expect(try world.scheduler.run() == .seconds(1))
        #expect(try world.scheduler.run() == nil)
        #expect(world.log == ["event"])
    }

    @Test func `a scheduler may be run from within an action`() throws {
        let world = World()
        world.scheduler.enter(after: .zero) {
            world.log.append("outer begins")
            try world.scheduler.run()
            world.log.append("outer ends")
        }
        world.enter("inner", after: 1)
        try world.scheduler.run()
        #expect(world.log == ["outer begins", "inner", "outer ends"])
    }
}
