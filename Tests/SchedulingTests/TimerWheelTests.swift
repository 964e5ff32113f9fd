import Scheduling
import SchedulingModel
import Testing
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct TimerWheelTests {
    @Test(arguments: 0..<UInt64(rounds * 4))
    func `a wheel does what a sorted array does`(seed: UInt64) {
        var life = WheelLife(seed: seed)
        life.live(steps: 200)
        #expect(life.violation == nil)
    }

    @Test func `equal deadlines fire by priority and then by insertion`() {
        var wheel = TimerWheel<String>()
        let deadline = Instant.origin + .seconds(5)
        _ = wheel.insert("second", at: deadline)
        _ = wheel.insert("last", at: deadline, priority: .max)
        _ = wheel.insert("third", at: deadline)
        _ = wheel.insert("first", at: deadline, priority: .min)
        var fired: [String] = []
        while let timer = wheel.popDue(at: deadline) { fired.append(timer.payload) }
        #expect(fired == ["first", "second", "third", "last"])
    }

    @Test func `a timer does not fire a nanosecond early`() {
        var wheel = TimerWheel<Int>()
        _ = wheel.insert(1, at: Instant(nanoseconds: 1_000_001))
        #expect(wheel.popDue(at: Instant(nanoseconds: 1_000_000))?.payload == nil)
        #expect(wheel.popDue(at: Instant(nanoseconds: 1_000_001))?.payload == 1)
    }

    @Test func `a stale handle cancels nothing, even when its place is used again`() {
        var wheel = TimerWheel<Int>()
        let first = wheel.insert(1, at: Instant.origin + .seconds(1))
        #expect(wheel.cancel(first) == 1)
        let second = wheel.insert(2, at: Instant.origin + .seconds(1))
        #expect(wheel.cancel(first) == nil)
        #expect(wheel.cancel(second) == 2)
        #expect(wheel.isEmpty)
    }

    @Test func `a payload is let go as soon as its timer is cancelled`() {
        final class Witness {}
        var wheel = TimerWheel<Witness>()
        weak var witness: Witness?
        let handle: TimerWheel<Witness>.Handle
        do {
            let payload = Witness()
            witness = payload
            handle = wheel.insert(payload, at: Instant.origin + .seconds(1))
        }
        #expect(witness != nil)
        wheel.cancel(handle)
        #expect(witness == nil)
    }

    @Test func `a timer at the end of time is never due before it`() {
        var wheel = TimerWheel<Int>()
        _ = wheel.insert(1, at: .distantFuture)
        #expect(wheel.nextDeadline() == .distantFuture)
        #expect(wheel.popDue(at: Instant(nanoseconds: .max - 1))?.payload == nil)
    }

    @Test func `a copy of a wheel is another wheel`() {
        var wheel = TimerWheel<String>()
        let both = wheel.insert("both", at: .origin + .seconds(1))
        var copy = wheel
        #expect(copy.cancel(both) == "both")
        _ = copy.insert("copy", at: .origin + .seconds(2))
        #expect(wheel.count == 1)
        #expect(wheel.popDue(at: .distantFuture)?.payload == "both")
        #expect(wheel.isEmpty)
        #expect(copy.popDue(at: .distantFuture)?.payload == "copy")
    }

    @Test func `payloads that are left go with the last wheel that has them`() {
        final class Witness {}
        weak var witness: Witness?
        do {
            var wheel = TimerWheel<Witness>()
            let payload = Witness()
            witness = payload
            _ = wheel.insert(payload, at: .origin + .seconds(1))
            var copy = wheel
            #expect(copy.popDue(at: .distantFuture)?.payload === payload)
            #expect(wheel.pending.count == 1)
        }
        #expect(witness == nil)
    }

    @Test func `what is pending is listed in the order of firing`() {
        var wheel = TimerWheel<Int>(now: .origin + .seconds(3))
        let deadlines = [Int64(7), -2, 4, 900, 4, 3, 1_000_000].map { Instant.origin + .seconds($0) }
        for (number, deadline) in deadlines.enumerated() { _ = wheel.insert(number, at: deadline) }
        let cancelled = wheel.pending[2].handle
        #expect(wheel.cancel(cancelled) == 2)
        #expect(wheel.pending.map(\.payload) == [1, 5, 4, 0, 3, 6])
        #expect(wheel.pending.map(\.deadline) == wheel.pending.map(\.deadline).sorted())
    }

    @Test func `looking for the next deadline needs no change`() {
        var wheel = TimerWheel<Int>()
        #expect(wheel.firstDeadline == nil)
        let first = wheel.insert(1, at: .origin + .seconds(5))
        _ = wheel.insert(2, at: .origin + .seconds(7))
        let copy = wheel
        #expect(copy.firstDeadline == .origin + .seconds(5))
        wheel.cancel(first)
        #expect(wheel.firstDeadline == .origin + .seconds(7))
        #expect(copy.firstDeadline == .origin + .seconds(5))
    }

    @Test func `a hundred thousand timers of one moment fire in order, and half of them can be cancelled`() {
        var wheel = TimerWheel<Int>()
        let deadline = Instant.origin + .seconds(60)
        let handles = (0..<100_000).map { wheel.insert($0, at: deadline) }
        let time = elapsed {
            for number in stride(from: 0, to: 100_000, by: 2) { wheel.cancel(handles[number]) }
            var expected = 1
            while let moment = wheel.nextDeadline(), let fired = wheel.popDue(at: moment) {
                #expect(fired.payload == expected)
                expected += 2
            }
            #expect(expected == 100_001)
        }
        #expect(time < .seconds(20))
    }

    @Test func `handles of before a burst stay stale after it`() {
        var wheel = TimerWheel<Int>()
        let old = (0..<10_000).map { wheel.insert($0, at: .origin + .seconds(1)) }
        for handle in old { wheel.cancel(handle) }
        let new = (0..<100).map { wheel.insert($0, at: .origin + .seconds(1)) }
        for handle in old { #expect(wheel.cancel(handle) == nil) }
        #expect(wheel.count == 100)
        for handle in new { #expect(wheel.cancel(handle) != nil) }
        #expect(wheel.violation() == nil)
    }
}
