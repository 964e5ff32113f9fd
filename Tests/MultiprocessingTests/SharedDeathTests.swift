import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import ToolkitTesting

/// Processes that are killed with what they share in their hands.
@Suite(.leavesNothing, .watchdog) struct SharedDeathTests {
    @Test func `★ MP-074 a lock is had at once when its holder is killed, and its taker is told`() throws {
        try repeatedly { _ in
            let lock = try SharedLock()
            let holder = try begin(Tasks.holdLock) { Using(lock, ready: $0) }
            #expect(lock.acquire(timeout: .milliseconds(1)) == .timedOut)
            #expect(lock.owner?.process == holder.pid)
            let waiting = try Crew(1) { _ in
                let acquisition = lock.acquire(timeout: .seconds(60))
                try lock.release()
                return acquisition
            }
            try kill(holder)
            let expected = try #require(try waiting.join().first)
            guard case .abandoned(let owner?) = expected else {
                Issue.record("\(expected)")
                return
            }
            #expect(owner.process == holder.pid && owner.thread == holder.pid)
            #expect(lock.acquire() == .acquired)
            try lock.release()
        }
    }

    @Test func `MP-074 a process of the fork server is told apart from its siblings`() throws {
        try TestContext.each { context in
            let (lock, other) = (try SharedLock(), try SharedLock())
            let holder = try begin(Tasks.holdLock, in: context) { Using(lock, ready: $0) }
            let sibling = try begin(Tasks.holdLock, in: context) { Using(other, ready: $0) }
            #expect(lock.owner?.process == holder.pid && other.owner?.process == sibling.pid)
            let third = try begin(Tasks.addGuarded, in: context) {
                Using(Guarded(lock: other, number: try SharedValue(0)), ready: $0)
            }
            try kill(sibling)
            try end([third])
            try kill(holder)
            guard case .abandoned(let owner?) = lock.acquire(timeout: .seconds(60)) else {
                Issue.record("the lock was not abandoned")
                return
            }
            #expect(owner.process == holder.pid)
            try lock.release()
        }
    }

    @Test func `a recursive lock that was held three times is had by the next one once`() throws {
        let lock = try SharedRLock()
        let holder = try begin(Tasks.holdRecursiveLock) { Using(lock, 3, ready: $0) }
        try kill(holder)
        #expect(lock.acquire().isAbandoned)
        try lock.release()
        #expect(!lock.isLocked)
    }

    @Test func `☆ whenever a holder is killed, what the lock guards can be put in order again`() throws {
        try randomly { random in
            let twins = try SharedValue(Twins(0))
            let process = try begin(Tasks.changeTwins) { Using(twins, ready: $0) }
            pauseRandomly(&random)
            try kill(process)
            twins.withLock(recover: { _ in }) { twins in
                #expect(abs(twins.left - twins.right) <= 1)
                twins = Twins(0)
            }
            #expect(twins.lock?.acquire(timeout: .zero) == .acquired)
            try twins.lock?.release()
        }
    }

    @Test func `☆ a process that is killed while it waits for a permit takes none and holds up nobody`() throws {
        try randomly { random in
            let semaphore = try SharedSemaphore(0)
            let processes = try (0..<2).map { _ in try begin(Tasks.takePermits) { Using(semaphore, ready: $0) } }
            for _ in 0..<50 { try semaphore.release() }
            pauseRandomly(&random)
            for process in processes { try kill(process) }
            while semaphore.tryAcquire() {}
            let waiter = try Crew(1) { _ in semaphore.acquire(timeout: .seconds(60)) }
            try semaphore.release()
            #expect(try waiter.join() == [true])
        }
    }

    @Test func `☆ waiters that are killed are passed over by a notification`() throws {
        try repeatedly { _ in
            let condition = try SharedCondition(lock: SharedLock())
            let doomed = try (0..<2).map { _ in try start(Tasks.waitOnCondition, Using(condition)) }
            try eventually("they wait") { condition.withLock { $0.waiterCount } == 2 }
            let survivor = try Crew(1) { _ in
                try condition.withLock { held throws(any Error) in try held.wait(timeout: .seconds(60)) }
            }
            try eventually("all wait") { condition.withLock { $0.waiterCount } == 3 }
            for process in doomed { try kill(process) }
            #expect(condition.withLock { $0.notify(1) } == 1)
            #expect(try survivor.join() == [true])
            #expect(condition.withLock { $0.notifyAll() } == 0)
        }
    }

    @Test func `☆ whenever those who wait and notify are killed, a condition goes on`() throws {
        try randomly { random in
            let condition = try SharedCondition(lock: SharedLock())
            let processes = try (0..<3).map { _ in try begin(Tasks.churnCondition) { Using(condition, ready: $0) } }
            for process in processes {
                pauseRandomly(&random)
                try kill(process)
            }
            let waiter = try Crew(1) { _ in
                try condition.withLock { held throws(any Error) in try held.wait(timeout: .seconds(60)) }
            }
            try eventually("it is woken") {
                condition.withLock { _ = $0.notifyAll() }
                return waiter.finishedCount == 1
            }
            #expect(try waiter.join() == [true])
        }
    }

    @Test func `MP-077 a party that is killed while it waits breaks the barrier when the last one comes`() throws {
        let barrier = try SharedBarrier(parties: 3)
        let doomed = try start(Tasks.waitAtBarrier, Using(barrier))
        let other = try start(Tasks.waitAtBarrier, Using(barrier))
        try eventually("both wait") { barrier.waitingCount == 2 }
        try kill(doomed)
        #expect(throws: SharedBarrierError.partyDied) { try barrier.wait(timeout: .seconds(60)) }
        #expect(try other.result(of: Tasks.waitAtBarrier) == "\(SharedBarrierError.partyDied)")
        try end([other])
        barrier.reset()
        let crew = try Crew(2) { _ in try barrier.wait() }
        #expect(try barrier.wait() < 3)
        try crew.join()
    }
}

/// Starts a worker and waits until it says that it is ready.
func begin<Argument, Output>(
    _ function: RemoteFunction<Argument, Output>, in context: Context = TestContext.spawn,
    _ argument: (Connection) throws -> Argument
) throws -> Multiprocessing.Process {
    let (here, there) = try Pipe.duplex()
    let process = try Multiprocessing.Process(function, argument(there), in: context)
    there.close()
    _ = try here.receive(Int32.self)
    return process
}

func kill(_ process: Multiprocessing.Process) throws {
    try process.kill()
    #expect(try process.join(timeout: .seconds(60)) == .signaled(signal: SIGKILL, coreDumped: false))
}

/// Runs something in many rounds with random numbers, whose seed is told if it goes wrong.
func randomly(_ body: (inout SplitMix) throws -> Void) throws {
    let seed =
        ProcessInfo.processInfo.environment["ROOST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0..<(1 << 32))
    try repeatedly { round in
        var random = SplitMix(seed: seed + UInt64(round))
        try withKnownSeed(seed + UInt64(round)) { try body(&random) }
    }
}

private func withKnownSeed(_ seed: UInt64, _ body: () throws -> Void) throws {
    do {
        try body()
    } catch {
        Issue.record("with ROOST_SEED=\(seed) ROOST_ROUNDS=1: \(error)")
        throw error
    }
}

/// Lets a few hundred microseconds pass, or none, to hit a moment that nobody has chosen.
func pauseRandomly(_ random: inout SplitMix) {
    let end = ContinuousClock.now + .microseconds(Int.random(in: 0..<800, using: &random))
    while ContinuousClock.now < end {}
}

/// Random numbers that a seed repeats.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
