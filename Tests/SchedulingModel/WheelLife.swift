import Scheduling

/// One seeded life of a timer wheel beside its model. The same seed lives the same life.
package struct WheelLife {
    private typealias Wheel = TimerWheel<Token>

    private var random: SplitMix64
    private var wheel: Wheel
    private var model = WheelModel()
    private var handles: [(handle: Wheel.Handle, number: Int)] = []
    private var now: Int64
    private var inserted = 0
    private let census: Token.Census
    private let isCopy: Bool
    /// Some lives are spent within milliseconds, some within centuries.
    private let spans: ClosedRange<Int64>
    /// The first thing that was wrong.
    package private(set) var violation: String?

    package init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        census = Token.Census()
        isCopy = false
        now = seed % 5 == 0 ? Int64.min + 10 : Int64.random(in: -1000...1_000_000_000_000, using: &random)
        let longest = Int64.random(in: 1...62, using: &random)
        spans = Int64.random(in: 0...longest, using: &random)...longest
        wheel = TimerWheel(now: Instant(nanoseconds: now))
    }

    /// Lives on until something is wrong.
    package mutating func live(steps: Int) {
        for _ in 0..<steps where violation == nil { step() }
    }

    private mutating func step() {
        switch Int.random(in: 0..<1000, using: &random) {
        case 0: burst()
        case 1..<4: fork()
        case 4..<480: insert()
        case 480..<780: cancel()
        default: advance()
        }
        // Asking only now and then leaves the known minimum stale for longer.
        check(asksNext: Int.random(in: 0..<3, using: &random) > 0)
    }

    private mutating func insert() {
        let span: Int64 = 1 << Int64.random(in: spans, using: &random)
        var distance = Int64.random(in: 0..<span, using: &random)
        if Int.random(in: 0..<8, using: &random) == 0 { distance = -distance / 1024 }
        let (sum, overflow) = now.addingReportingOverflow(distance)
        var deadline = overflow ? (distance < 0 ? Int64.min : .max) : sum
        // Equal deadlines must happen often enough to try priorities and insertion order.
        if Int.random(in: 0..<4, using: &random) == 0, let other = model.timers.randomElement(using: &random) {
            deadline = other.deadline
        }
        let priority = Int.random(in: 0..<16, using: &random) == 0 ? .min : Int16.random(in: -2...2, using: &random)
        let token = Token(inserted, census)
        handles.append((wheel.insert(token, at: Instant(nanoseconds: deadline), priority: priority), inserted))
        model.insert(.init(deadline: deadline, priority: priority, number: inserted))
        inserted += 1
    }

    private mutating func cancel() {
        guard let position = handles.indices.randomElement(using: &random) else { return }
        let (handle, number) = handles[position]
        let wasWaiting = model.remove(number)
        expect(wheel.cancel(handle)?.number == (wasWaiting ? number : nil), "cancelling \(number)")
        // A stale handle is tried again now and then.
        guard Bool.random(using: &random) else { return }
        handles.swapAt(position, handles.count - 1)
        handles.removeLast()
    }

    private mutating func advance() {
        let (sum, overflow) = now.addingReportingOverflow(1 << Int64.random(in: 0...spans.upperBound, using: &random))
        now = overflow ? .max : sum
        if Int.random(in: 0..<4, using: &random) == 0, let first = model.first { now = max(now, first.deadline) }
        for _ in 0..<200 {
            let expected = model.first.flatMap { $0.deadline <= now ? $0 : nil }
            guard let fired = wheel.popDue(at: Instant(nanoseconds: now)) else {
                expect(expected == nil, "\(expected?.number ?? 0) did not fire")
                return
            }
            expect(
                fired.payload.number == expected?.number && fired.deadline.nanoseconds == expected?.deadline,
                "\(fired.payload.number) fired, not \(expected?.number ?? -1)")
            _ = model.remove(fired.payload.number)
            // What a handler does: sets and cancels other timers while more are due.
            if Int.random(in: 0..<4, using: &random) == 0 { insert() }
            if Int.random(in: 0..<8, using: &random) == 0 { cancel() }
        }
    }

    /// Sets thousands of timers and takes them back or lets them fire, so that memory is taken and given back.
    private mutating func burst() {
        guard !isCopy, model.timers.count < 1000 else { return }
        let count = Int.random(in: 1000...6000, using: &random)
        let place = handles.count
        for _ in 0..<count { insert() }
        if Bool.random(using: &random) {
            for (handle, number) in handles[place...] where model.remove(number) {
                expect(wheel.cancel(handle)?.number == number, "cancelling \(number) of many")
            }
            handles.removeSubrange(place...)
        }
        if Bool.random(using: &random) {
            now = .max
            for _ in 0..<2 * count where !model.timers.isEmpty { advance() }
        }
    }

    /// A copy is another wheel: what happens to one does not happen to the other.
    private mutating func fork() {
        guard !isCopy else { return }
        var copy = WheelLife(copying: self)
        for _ in 0..<20 { copy.step() }
        check(asksNext: false, hasCopy: true)
        for _ in 0..<20 where violation == nil {
            insert()
            cancel()
            advance()
        }
        copy.check(asksNext: true)
        if let wrong = copy.violation { violation = "in a copy: \(wrong)" }
    }

    private init(copying other: WheelLife) {
        random = SplitMix64(seed: UInt64(other.inserted))
        wheel = other.wheel
        model = other.model
        handles = other.handles
        now = other.now
        inserted = other.inserted
        census = other.census
        isCopy = true
        spans = other.spans
    }

    private mutating func check(asksNext: Bool, hasCopy: Bool = false) {
        expect(wheel.count == model.timers.count, "the count")
        expect(wheel.isEmpty == model.timers.isEmpty, "whether it is empty")
        if asksNext { expect(wheel.nextDeadline()?.nanoseconds == model.first?.deadline, "the next deadline") }
        if let wrong = wheel.violation() { violation = violation ?? wrong }
        if !isCopy, !hasCopy { expect(census.alive == model.timers.count, "what is still held") }
        if Int.random(in: 0..<50, using: &random) == 0 {
            expect(wheel.pending.map(\.payload.number) == model.timers.map(\.number), "what is pending")
        }
    }

    private mutating func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds, violation == nil { violation = "\(what()) is wrong after \(inserted) timers" }
    }
}
