import Scheduling
import Testing

/// The plainest thing that is obviously right: a sorted array.
private struct NaiveTimers {
    struct Timer {
        let deadline: Int64
        let priority: Int16
        let number: Int
    }

    var timers: [Timer] = []

    mutating func insert(_ timer: Timer) {
        let position = timers.firstIndex {
            ($0.deadline, $0.priority, $0.number) > (timer.deadline, timer.priority, timer.number)
        }
        timers.insert(timer, at: position ?? timers.count)
    }
}

private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// One seeded life of a wheel beside its model.
private struct Comparison {
    var random: Generator
    var wheel: TimerWheel<Int>
    var model = NaiveTimers()
    var handles: [(handle: TimerWheel<Int>.Handle, number: Int)] = []
    var now: Int64
    var inserted = 0

    init(seed: UInt64) {
        random = Generator(state: seed)
        now = seed % 5 == 0 ? Int64.min + 10 : Int64.random(in: -1000...1_000_000_000_000, using: &random)
        wheel = TimerWheel(now: Instant(nanoseconds: now))
    }

    mutating func insert() {
        let span: Int64 = 1 << Int64.random(in: 0...62, using: &random)
        var distance = Int64.random(in: 0..<span, using: &random)
        if Int.random(in: 0..<8, using: &random) == 0 { distance = -distance / 1024 }
        let (sum, overflow) = now.addingReportingOverflow(distance)
        var deadline = overflow ? (distance < 0 ? Int64.min : .max) : sum
        // Equal deadlines must happen often enough to try priorities and insertion order.
        if Bool.random(using: &random), let other = model.timers.randomElement(using: &random) {
            deadline = other.deadline
        }
        let priority = Int16.random(in: -2...2, using: &random)
        let handle = wheel.insert(inserted, at: Instant(nanoseconds: deadline), priority: priority)
        model.insert(.init(deadline: deadline, priority: priority, number: inserted))
        handles.append((handle, inserted))
        inserted += 1
    }

    mutating func cancel() {
        guard let position = handles.indices.randomElement(using: &random) else { return }
        let (handle, number) = handles[position]
        let expected = model.timers.firstIndex { $0.number == number }
        if let expected { model.timers.remove(at: expected) }
        #expect(wheel.cancel(handle) == (expected == nil ? nil : number))
        // A stale handle is tried again now and then.
        if Bool.random(using: &random) { handles.remove(at: position) }
    }

    mutating func advance() {
        let (sum, overflow) = now.addingReportingOverflow(1 << Int64.random(in: 0...50, using: &random))
        now = overflow ? .max : sum
        if Int.random(in: 0..<4, using: &random) == 0, let first = model.timers.first { now = max(now, first.deadline) }
        var budget = 200
        while budget > 0, let fired = wheel.popDue(at: Instant(nanoseconds: now)) {
            let expected = model.timers.isEmpty ? nil : model.timers.removeFirst()
            #expect(fired.payload == expected?.number)
            #expect(fired.deadline.nanoseconds == expected?.deadline)
            // What a handler does: sets and cancels other timers while more are due.
            if Int.random(in: 0..<4, using: &random) == 0 { insert() }
            if Int.random(in: 0..<8, using: &random) == 0 { cancel() }
            budget -= 1
        }
        if budget > 0 { #expect((model.timers.first?.deadline ?? .max) > now || now == .max) }
    }

    mutating func check() {
        #expect(wheel.count == model.timers.count)
        #expect(wheel.isEmpty == model.timers.isEmpty)
        #expect(wheel.nextDeadline()?.nanoseconds == model.timers.first?.deadline)
    }
}

@Suite struct TimerWheelTests {
    @Test(arguments: 0..<UInt64(400))
    func `a wheel does what a sorted array does`(seed: UInt64) {
        var comparison = Comparison(seed: seed)
        for _ in 0..<300 {
            switch Int.random(in: 0..<10, using: &comparison.random) {
            case 0..<5: comparison.insert()
            case 5..<8: comparison.cancel()
            default: comparison.advance()
            }
            // Asking only now and then leaves the cached minimum stale for longer.
            if Int.random(in: 0..<3, using: &comparison.random) > 0 { comparison.check() }
        }
        comparison.check()
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
}
