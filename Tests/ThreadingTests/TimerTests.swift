import Glibc
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .watchdog) struct TimerTests {
    @Test func `a timer runs its action after its delay, and not before`() throws {
        let fired = Event()
        let clock = ContinuousClock()
        let start = clock.now
        let timer = try Timer(after: .milliseconds(30)) { fired.set() }
        fired.wait()
        #expect(clock.now - start >= .milliseconds(30))
        #expect(!timer.cancel())
    }

    @Test func `a timer that was cancelled never runs, and says so once`() throws {
        let fired = Event()
        let timer = try Timer(after: .seconds(3600)) { fired.set() }
        #expect(timer.cancel())
        #expect(!timer.cancel())
        #expect(!fired.isSet)
    }

    @Test func `an earlier timer does not wait for a later one`() throws {
        let late = try Timer(after: .seconds(3600)) {}
        let fired = Event()
        _ = try Timer(after: .milliseconds(1)) { fired.set() }
        #expect(fired.wait(timeout: .seconds(30)))
        #expect(late.cancel())
    }

    @Test func `timers that are overdue fire in the order of their deadlines`() throws {
        let order = Log<Int>()
        let begun = Event()
        let hold = Event()
        _ = try Timer(after: .zero) {
            begun.set()
            hold.wait()
        }
        // Else the thread of the timers could fire some before all are there.
        begun.wait()
        // Each was due ten seconds earlier than the one before.
        for number in 0..<5 { _ = try Timer(after: .seconds(-10 * number)) { order.add(number) } }
        hold.set()
        try eventually("all have fired") { order.entries.count == 5 }
        #expect(order.entries == [4, 3, 2, 1, 0])
    }

    @Test(.repeated)
    func `★ TH-088 ten thousand timers cost one thread, and only those not cancelled fire, none early`() throws {
        let count = 10_000
        let early = Counter()
        let fired = Counter()
        let wrong = Counter()
        let threads = Log<ThreadID>()
        let clock = ContinuousClock()
        var timers: [Timer] = []
        for number in 0..<count {
            let due = clock.now + .milliseconds(200 + number % 100)
            timers.append(
                try Timer(after: .milliseconds(200 + number % 100)) {
                    if clock.now < due { early.add() }
                    if number % 2 == 1 { wrong.add() }
                    if fired.add() % 1000 == 1 { threads.add(Thread.current.id) }
                })
        }
        var cancelled = 0
        for number in stride(from: 1, to: count, by: 2) where timers[number].cancel() { cancelled += 1 }
        try eventually("all others have fired") { fired.value == count - cancelled }
        // On a machine that was busy elsewhere for 200 ms, some had fired before they could be cancelled.
        #expect(wrong.value == count / 2 - cancelled)
        #expect(early.value == 0)
        #expect(Set(threads.entries).count == 1)
    }

    @Test func `★ TH-091 a cancel says true exactly when the action never runs`() throws {
        try repeatedly { _ in
            let count = 1_000
            let ran = Log<Int>()
            let cancelled = Log<Int>()
            try withThreads { scope in
                for half in 0..<2 {
                    try scope.start {
                        for number in 0..<count / 2 {
                            let number = number * 2 + half
                            // The thread of the timers is awake all the time, so both meet often.
                            let timer = try Timer(after: .microseconds(number % 40)) { ran.add(number) }
                            for _ in 0..<number % 60 { sched_yield() }
                            if timer.cancel() { cancelled.add(number) }
                        }
                    }
                }
            }
            try eventually("each has run or was cancelled") { ran.entries.count + cancelled.entries.count >= count }
            #expect(Set(ran.entries).isDisjoint(with: cancelled.entries))
            #expect(ran.entries.count + cancelled.entries.count == count)
        }
    }

    @Test func `what an action holds is let go when it has run or was cancelled`() throws {
        final class Witness: Sendable {}
        weak var first: Witness?
        weak var second: Witness?
        let fired = Event()
        let timers: [Timer]
        do {
            let (one, two) = (Witness(), Witness())
            (first, second) = (one, two)
            timers = [
                try Timer(after: .zero) { withExtendedLifetime(one) { fired.set() } },
                try Timer(after: .seconds(3600)) { withExtendedLifetime(two) {} },
            ]
        }
        fired.wait()
        timers[1].cancel()
        try eventually("both are gone") { first == nil && second == nil }
    }

    @Test func `an error of an action goes to the handler, and other timers go on`() throws {
        let ending = try Ending(of: "timer-error")
        #expect(ending.code == 0)
        #expect(ending.output == ["timers: Mishap(reason: \"late\")"])
    }

    @Test func `the end of the program does not wait for a timer`() throws {
        #expect(try Ending(of: "timer-at-exit").code == 5)
    }
}
