import Multiprocessing
import Testing
import Threading
import ToolkitTesting

@Suite(.leavesNothing, .timeLimit(.minutes(10))) struct SharedConditionTests {
    @Test func `MP-071 exactly as many are woken as were notified`() throws {
        let condition = try SharedCondition(lock: SharedLock())
        let copy = try Parcel(condition).decode(SharedCondition<SharedLock>.self)
        let woken = Counter()
        let crew = try Crew(6) { index in
            try (index < 3 ? condition : copy).withLock { held in
                let isNotified = try held.wait(timeout: .seconds(60))
                woken.add()
                return isNotified
            }
        }
        try eventually("all wait") { condition.withLock { $0.waiterCount } == 6 }
        var totals: [Int] = []
        for count in [2, 4, 3] {
            let expected: Int = woken.value + condition.withLock { $0.notify(count) }
            try eventually("those are awake") { woken.value == expected }
            totals.append(woken.value)
        }
        #expect(totals == [2, 6, 6])
        #expect(try crew.join() == Array(repeating: true, count: 6))
    }

    @Test func `nobody notifies, and the wait ends in time`() throws {
        let condition = try SharedCondition()
        try condition.withLock { held throws(any Error) in
            #expect(held.notifyAll() == 0)
            #expect(try !held.wait(timeout: .zero))
            let began = ContinuousClock.now
            #expect(try !held.wait(timeout: .milliseconds(30)))
            let time = ContinuousClock.now - began
            #expect(time >= .milliseconds(30))
            #expect(try !held.wait(timeout: .milliseconds(5), until: { false }))
            #expect(try held.wait(until: { true }))
            #expect(condition.lock.isMine)
            #expect(held.waiterCount == 0)
        }
        #expect(!condition.lock.isLocked)
    }

    @Test func `a recursive lock is released completely while one waits`() throws {
        let condition = try SharedCondition()
        let thread = try Thread { () throws(any Error) in
            try condition.withLock { outer in
                try condition.withLock { inner in try inner.wait(timeout: .seconds(60)) }
            }
        }
        try eventually("it waits") { condition.withLock { $0.notify() } == 1 }
        #expect(try thread.join())
        #expect(!condition.lock.isLocked)
    }

    @Test func `more threads than there are places are told`() throws {
        let condition = try SharedCondition(lock: SharedLock(), maximumWaiters: 1)
        let thread = try Thread { () throws(any Error) in
            try condition.withLock { try $0.wait(timeout: .seconds(60)) }
        }
        try eventually("it waits") { condition.withLock { $0.waiterCount } == 1 }
        #expect(throws: SharedConditionError.tooManyWaiters(limit: 1)) {
            try condition.withLock { try $0.wait(timeout: .seconds(60)) }
        }
        condition.withLock { _ = $0.notify() }
        #expect(try thread.join())
    }

    @Test func `☆ no notification is lost, whoever gives up meanwhile`() throws {
        try repeatedly { _ in
            let condition = try SharedCondition(lock: SharedLock())
            let (notified, given) = (Counter(), Counter())
            let (done, stop) = (Counter(), Counter())
            let waiters = try Crew(3) { index in
                while stop.value == 0 {
                    let isNotified = try condition.withLock { try $0.wait(timeout: .microseconds(200 * (index + 1))) }
                    if isNotified { notified.add() }
                }
                done.add()
            }
            for _ in 0..<300 { given.add(condition.withLock { $0.notify() }) }
            stop.add()
            try eventually("all have left") { done.value == 3 }
            try waiters.join()
            #expect(notified.value == given.value)
        }
    }

    @Test func `MP-076 a barrier keeps threads in step, and tells each its number`() throws {
        let barrier = try SharedBarrier(parties: 3)
        let phase = Counter()
        let numbers = try Crew(3) { _ in
            var sum = 0
            for round in 0..<20 {
                sum += try barrier.wait()
                #expect(phase.value / 3 == round)
                try barrier.wait()
                phase.add()
                try barrier.wait()
            }
            return sum
        }.join()
        let sum: Int = numbers.reduce(0, +)
        #expect(sum == 20 * 3)
        #expect(barrier.waitingCount == 0 && !barrier.isBroken)
    }

    @Test func `MP-076 a barrier breaks by a timeout, an abort or a reset, and a reset mends it`() throws {
        let barrier = try SharedBarrier(parties: 2)
        #expect(throws: SharedBarrierError.timedOut) { try barrier.wait(timeout: .milliseconds(10)) }
        #expect(barrier.isBroken)
        #expect(throws: SharedBarrierError.broken) { try barrier.wait() }
        barrier.reset()
        for action in [barrier.abort, barrier.reset] {
            let waiter = try Thread { () throws(any Error) in try barrier.wait() }
            try eventually("it waits") { barrier.waitingCount == 1 }
            action()
            #expect(throws: (any Error).self) { try waiter.join() }
            barrier.reset()
        }
        let waiter = try Thread { () throws(any Error) in try barrier.wait() }
        let numbers = [try barrier.wait(), try waiter.join()]
        #expect(Set(numbers) == [0, 1])
    }

    @Test func `a barrier of one is passed at once, and one of none cannot be made`() throws {
        #expect(try SharedBarrier(parties: 1).wait(timeout: .zero) == 0)
        #expect(throws: SharedMemoryError.notPositive(0)) { try SharedBarrier(parties: 0) }
    }
}
