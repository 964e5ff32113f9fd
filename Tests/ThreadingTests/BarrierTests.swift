import Testing
import Threading
import ToolkitTesting

/// What became of a wait, in a form that can be compared.
private enum Passage: Hashable {
    case passed(Int)
    case broken
    case timedOut
    case actionFailed
}

extension Barrier {
    fileprivate func passage(timeout: Duration? = nil) -> Passage {
        do {
            return .passed(try wait(timeout: timeout))
        } catch {
            switch error {
            case .broken: return .broken
            case .timedOut: return .timedOut
            case .actionFailed: return .actionFailed
            case .partiesNotPositive: return .broken
            }
        }
    }
}

@Suite(.leavesNothing, .watchdog) struct BarrierTests {
    @Test(arguments: [0, -1])
    func `TH-056 a barrier for nobody is an error`(parties: Int) {
        #expect { try Barrier(parties: parties) } throws: { "\($0)".contains("\(parties) threads") }
    }

    @Test func `all pass together, with a number each, again and again`() throws {
        let barrier = try Barrier(parties: 5)
        let before = Counter()
        let crew = try Crew(5) { _ in
            try (0..<20).map { cycle in
                before.add()
                let number = try barrier.wait()
                // Nobody is here before all five have come this often.
                #expect(before.value >= 5 * (cycle + 1))
                return number
            }
        }
        let numbers = try crew.join()
        for cycle in 0..<20 { #expect(Set(numbers.map { $0[cycle] }) == Set(0..<5)) }
        #expect(barrier.waitingCount == 0)
        #expect(!barrier.isBroken)
    }

    @Test func `TH-059 the action runs once, before anybody returns`() throws {
        let runs = Counter()
        let barrier = try Barrier(parties: 5) { runs.add() }
        let seen = try Crew(5) { _ in
            try barrier.wait()
            return runs.value
        }.join()
        #expect(seen == [1, 1, 1, 1, 1])
    }

    @Test func `TH-060 a barrier for one is always open`() throws {
        let barrier = try Barrier(parties: 1)
        #expect(try barrier.wait() == 0)
        #expect(try barrier.wait() == 0)
        #expect(try barrier.wait(timeout: .zero) == 0)
    }

    @Test func `☆ TH-062 a reset breaks it for those who wait, and five can pass afterwards`() throws {
        try repeatedly { _ in
            let barrier = try Barrier(parties: 5)
            let crew = try Crew(4) { _ in barrier.passage() }
            try eventually("four wait") { barrier.waitingCount == 4 }
            barrier.reset()
            #expect(try crew.join() == [.broken, .broken, .broken, .broken])
            let numbers = try Crew(5) { _ in try barrier.wait() }.join()
            #expect(Set(numbers) == Set(0..<5))
        }
    }

    @Test func `☆ TH-063 an aborted barrier is broken until it is reset`() throws {
        try repeatedly { _ in
            let barrier = try Barrier(parties: 5)
            let meeting = try Barrier(parties: 5)
            let crew = try Crew(5) { number in
                if number == 4 {
                    try eventually("four wait") { barrier.waitingCount == 4 }
                    barrier.abort()
                } else {
                    #expect(barrier.passage() == .broken)
                }
                #expect(barrier.isBroken)
                if try meeting.wait() == 4 { barrier.reset() }
                try meeting.wait()
                return barrier.passage()
            }
            #expect(Set(try crew.join()) == Set((0..<5).map { .passed($0) }))
            #expect(!barrier.isBroken)
        }
    }

    @Test func `TH-064 its own timeout breaks it`() throws {
        let barrier = try Barrier(parties: 2, timeout: .milliseconds(100))
        let time = elapsed {
            #expect { try barrier.wait() } throws: { "\($0)".contains("not all threads arrived in time") }
        }
        #expect(time >= .milliseconds(100))
        #expect(barrier.isBroken)
        #expect(barrier.passage() == .broken)
    }

    @Test func `TH-065 a shorter timeout of one thread breaks it for all`() throws {
        let barrier = try Barrier(parties: 4, timeout: .seconds(60))
        let crew = try Crew(3) { number in barrier.passage(timeout: number == 0 ? .milliseconds(50) : .seconds(60)) }
        #expect(try crew.join() == [.timedOut, .broken, .broken])
        #expect(barrier.passage() == .broken)
    }

    @Test func `TH-066 a timeout of zero breaks a barrier at which the others are not yet`() throws {
        let barrier = try Barrier(parties: 2)
        #expect(barrier.passage(timeout: .zero) == .timedOut)
        #expect(barrier.isBroken)
        #expect(barrier.waitingCount == 0)
    }

    @Test func `TH-067 an action that throws breaks it, and its error goes to the last who came`() throws {
        let fails = Event()
        fails.set()
        let barrier = try Barrier(parties: 3) { if fails.isSet { throw Failure() } }
        let passages = try Crew(3) { _ in barrier.passage() }.join()
        #expect(passages.count { $0 == .actionFailed } == 1)
        #expect(passages.count { $0 == .broken } == 2)
        #expect(barrier.isBroken)
        fails.clear()
        barrier.reset()
        #expect(Set(try Crew(3) { _ in barrier.passage() }.join()) == [.passed(0), .passed(1), .passed(2)])
    }

    @Test func `TH-067 the error that an action threw can be read`() throws {
        let barrier = try Barrier(parties: 1) { throw Failure("no paper") }
        #expect { try barrier.wait() } throws: { "\($0)".contains("no paper") }
    }

    @Test func `★ TH-068 a thread that is back early waits for the others only as long as it says`() throws {
        try repeatedly { _ in
            let slow = Event()
            let entered = Event()
            // The action holds up those who are leaving, as a slow thread would.
            let barrier = try Barrier(parties: 2) {
                entered.set()
                slow.wait()
            }
            let crew = try Crew(2) { _ in barrier.passage() }
            entered.wait()
            let time = elapsed { #expect(barrier.passage(timeout: .milliseconds(10)) == .timedOut) }
            #expect(time >= .milliseconds(10))
            #expect(time < .seconds(30))
            slow.set()
            #expect(Set(try crew.join()) == [.passed(0), .passed(1)])
            #expect(barrier.isBroken)
        }
    }

    @Test func `a wait whose time is over while the action runs still passes`() throws {
        let entered = Event()
        let finish = Event()
        let barrier = try Barrier(parties: 2) {
            entered.set()
            finish.wait()
        }
        let early = try Thread { barrier.passage(timeout: .milliseconds(20)) }
        try eventually("the first has come") { barrier.waitingCount == 1 || early.isFinished }
        let late = try Thread { barrier.passage() }
        if early.isFinished {
            // On a machine that was asleep for 20 ms the barrier broke before the second thread came.
            #expect(try early.join() == .timedOut)
            finish.set()
        } else {
            _ = entered.wait(timeout: .seconds(5))
            _ = try early.join(timeout: .milliseconds(40))
            finish.set()
        }
        let passages = Set([try early.join(), try late.join()])
        #expect(passages == [.passed(0), .passed(1)] || passages == [.timedOut, .broken])
    }
}
