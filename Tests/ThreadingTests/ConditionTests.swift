import Testing
import Threading
import ToolkitTesting

/// What some tests guard with the condition's lock.
private final class Shared: @unchecked Sendable {
    var state = 0
}

/// Who waits, and how many notifications have arrived; guarded by the condition's lock.
private final class Balance: @unchecked Sendable {
    var waiting = 0
    var received = 0
    var isOver = false
}

@Suite(.leavesNothing, .watchdog) struct ConditionTests {
    @Test func `TH-025 three are notified, three wake, and two stay`() throws {
        let condition = Condition<Lock>()
        let woken = Counter()
        let crew = try Crew(5) { _ in
            let notified = condition.withLock { $0.wait() }
            woken.add()
            return notified
        }
        try eventually("all wait") { condition.waiterCount == 5 }
        condition.withLock { $0.notify(3) }
        try eventually("three are awake") { woken.value == 3 }
        #expect(condition.waiterCount == 2)
        #expect(crew.finishedCount <= 3)
        condition.withLock { $0.notifyAll() }
        #expect(try crew.join() == [Bool](repeating: true, count: 5))
    }

    @Test func `TH-026 those who wait again are woken after those who waited longer`() throws {
        let condition = Condition<Lock>()
        let order = Log<Int>()
        let crew = try Crew(5) { number in
            condition.withLock { held in
                held.wait()
                order.add(number)
                held.wait()
                order.add(number)
            }
        }
        try eventually("all wait") { condition.waiterCount == 5 }
        condition.withLock { $0.notify(3) }
        try eventually("three wait again") { order.entries.count == 3 && condition.waiterCount == 5 }
        let first = Set(order.entries)
        condition.withLock { $0.notify(2) }
        try eventually("the two others have had their turn") { order.entries.count == 5 }
        #expect(first.union(order.entries.suffix(2)) == Set(0..<5))
        try eventually("the two wait again") { condition.waiterCount == 5 }
        condition.withLock { $0.notify(5) }
        try crew.join()
    }

    @Test func `☆ TH-027 nobody returns from a wait before the notifier has released the lock`() throws {
        try repeatedly { _ in
            let condition = Condition<Lock>()
            let shared = Shared()
            let crew = try Crew(5) { _ in
                condition.withLock { held in
                    held.wait()
                    return shared.state
                }
            }
            try eventually("all wait") { condition.waiterCount == 5 }
            condition.withLock { held in
                held.notifyAll()
                for _ in 0..<20_000 { #expect(crew.finishedCount == 0 || shared.state < 0) }
                shared.state = 1
            }
            #expect(try crew.join() == [1, 1, 1, 1, 1])
        }
    }

    @Test func `TH-030 a wait for a predicate returns once it holds`() throws {
        let condition = Condition<Lock>()
        let shared = Shared()
        let thread = try Thread {
            condition.withLock { held in
                let answer = held.wait(until: { shared.state == 4 })
                return answer ? shared.state : -1
            }
        }
        for _ in 0..<4 {
            condition.withLock { held in
                shared.state += 1
                held.notify()
            }
        }
        #expect(try thread.join() == 4)
    }

    @Test func `a wait for a predicate gives up after the timeout in all, however often it is woken`() throws {
        let condition = Condition<Lock>()
        let stop = Event()
        let pest = try Thread {
            while !stop.isSet { condition.withLock { $0.notifyAll() } }
        }
        let time = elapsed {
            #expect(!condition.withLock { $0.wait(timeout: .milliseconds(50), until: { false }) })
        }
        stop.set()
        try pest.join()
        #expect(time >= .milliseconds(50))
        #expect(condition.withLock { $0.wait(timeout: .zero, until: { true }) })
    }

    @Test func `a timeout of zero tries once, and leaves nobody in the queue`() {
        let condition = Condition<Lock>()
        #expect(!condition.withLock { $0.wait(timeout: .zero) })
        #expect(!condition.withLock { $0.wait(timeout: .seconds(-3)) })
        #expect(condition.waiterCount == 0)
    }

    @Test func `a lock that cannot be had in time keeps the body from running`() throws {
        let condition = Condition()
        condition.lock.acquire()
        let thread = try Thread { condition.withLock(timeout: .milliseconds(5)) { _ in 1 } }
        #expect(try thread.join() == nil)
        condition.lock.release()
        #expect(condition.withLock(timeout: .zero) { _ in condition.waiterCount } == 0)
    }

    @Test func `a notification reaches its thread although the notifier waits further in`() throws {
        let condition = Condition()
        let shared = Shared()
        let thread = try Thread {
            condition.withLock { held in
                held.wait(until: { shared.state == 1 })
                shared.state = 2
                held.notifyAll()
            }
        }
        try eventually("it waits") { condition.waiterCount == 1 }
        let answered = condition.withLock { outer in
            shared.state = 1
            outer.notify()
            return condition.withLock { inner in inner.wait(timeout: .seconds(60), until: { shared.state == 2 }) }
        }
        #expect(answered)
        try thread.join()
    }

    @Test func `an error of the predicate comes out of the wait, and the lock is free`() {
        let condition = Condition<Lock>()
        #expect(throws: Failure()) {
            try condition.withLock { held in _ = try held.wait(until: { throw Failure() }) }
        }
        #expect(!condition.lock.isLocked)
    }

    @Test func `a lock that is released too early does not break the queue of those who wait`() throws {
        let condition = Condition<Lock>()
        try Crew(4) { number in
            for _ in 0..<500 {
                condition.withLock { held in
                    condition.lock.release()
                    if number % 2 == 0 { held.notifyAll() }
                    condition.lock.acquire()
                    held.wait(timeout: .microseconds(5))
                }
            }
        }.join()
        #expect(condition.waiterCount == 0)
    }

    @Test func `notifications without waiters are not remembered, and none is sent for zero or less`() throws {
        let condition = Condition<Lock>()
        condition.withLock { $0.notifyAll() }
        #expect(!condition.withLock { $0.wait(timeout: .milliseconds(5)) })
        let thread = try Thread { condition.withLock { $0.wait() } }
        try eventually("it waits") { condition.waiterCount == 1 }
        condition.withLock { held in
            held.notify(0)
            held.notify(-1)
        }
        #expect(condition.waiterCount == 1)
        condition.withLock { $0.notify() }
        #expect(try thread.join())
    }

    @Test func `★ TH-023 a wait gives back all levels of a recursive lock and takes them again`() throws {
        let lock = RLock()
        let condition = Condition(lock)
        try repeatedly { _ in
            let waiting = Event()
            let thread = try Thread {
                lock.acquire()
                lock.acquire()
                let notified = condition.withLock { held in
                    waiting.set()
                    return held.wait(timeout: .seconds(60))
                }
                var levels = 0
                while lock.isMine {
                    lock.release()
                    levels += 1
                }
                return notified ? levels : -1
            }
            waiting.wait()
            // Only once the other thread has let go of all three levels can this one come in.
            condition.withLock { $0.notify() }
            #expect(try thread.join() == 2)
            #expect(!lock.isLocked)
        }
    }

    @Test(.repeated) func `★ TH-023 a wait that times out has all levels again, too`() {
        let lock = RLock()
        let condition = Condition(lock)
        lock.acquire()
        lock.acquire()
        #expect(!condition.withLock { $0.wait(timeout: .milliseconds(1)) })
        lock.release()
        lock.release()
        #expect(throws: RLockError.notOwner) { try lock.releaseIfOwned() }
    }

    @Test func `★ TH-034 a notification that meets a timeout is not lost`() throws {
        try repeatedly { _ in
            let condition = Condition<Lock>()
            let balance = Balance()
            let crew = try Crew(2) { _ in
                while true {
                    let goesOn = condition.withLock { held in
                        balance.waiting += 1
                        // About as long as a hand-over takes, so that both happen at once as often as possible.
                        let notified = held.wait(timeout: .microseconds(30))
                        balance.waiting -= 1
                        if notified { balance.received += 1 }
                        return !balance.isOver
                    }
                    if !goesOn { return }
                }
            }
            var sent = 0
            while sent < 2_000 {
                condition.withLock { held in
                    // A thread that was chosen is on its way out, though it has not come back yet.
                    guard balance.waiting > sent - balance.received else { return }
                    held.notify()
                    sent += 1
                }
            }
            condition.withLock { held in
                balance.isOver = true
                held.notifyAll()
            }
            try crew.join()
            // The last notification of all may have chosen both once more.
            #expect((sent...sent + 2).contains(balance.received))
        }
    }

    @Test func `conditions that share a lock wake only their own`() throws {
        let lock = Lock()
        let red = Condition(lock)
        let green = Condition(lock)
        let first = try Thread { red.withLock { $0.wait() } }
        let second = try Thread { red.withLock { $0.wait(on: green) } }
        try eventually("both wait") { red.waiterCount == 1 && green.waiterCount == 1 }
        red.withLock { $0.notifyAll(on: green) }
        #expect(try second.join())
        #expect(try first.join(timeout: .milliseconds(5)) == nil)
        green.withLock { $0.notify(on: red) }
        #expect(try first.join())
    }

    @Test func `a condition of another lock cannot be waited for`() throws {
        #expect(try Ending(of: "wait-on-strange-condition").isTrap)
    }
}

@Suite(.leavesNothing, .watchdog) struct MonitorTests {
    @Test func `a thread takes what another one gives`() throws {
        let inbox = Monitor<[Int]>([])
        let reader = try Thread {
            (0..<1000).compactMap { _ in inbox.wait(until: { !$0.isEmpty }, then: { $0.removeFirst() }) }
        }
        for number in 0..<1000 { inbox.withLock { $0.append(number) } }
        #expect(try reader.join() == Array(0..<1000))
    }

    @Test func `a wait that is in vain returns nil after its timeout, and runs nothing`() {
        let monitor = Monitor(0)
        let time = elapsed {
            #expect(monitor.wait(timeout: .milliseconds(20), until: { $0 == 1 }, then: { $0 = 2 }) == nil)
        }
        #expect(time >= .milliseconds(20))
        #expect(monitor.withLock { $0 } == 0)
        #expect(!monitor.wait(timeout: .zero, until: { $0 == 1 }))
        #expect(monitor.wait(timeout: .zero, until: { $0 == 0 }))
    }

    @Test func `an error of the body leaves the monitor usable`() {
        let monitor = Monitor(0)
        #expect(throws: Failure()) {
            try monitor.withLock { value in
                value = 1
                throw Failure()
            }
        }
        #expect(monitor.wait(timeout: .zero, until: { $0 == 1 }))
    }

    @Test func `it guards values that cannot be copied`() {
        struct Single: ~Copyable {
            var count = 0
        }
        let monitor = Monitor(Single())
        monitor.withLock { $0.count += 1 }
        #expect(monitor.wait(timeout: .zero, until: { $0.count == 1 }))
    }
}
