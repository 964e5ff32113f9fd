/// Why a thread did not pass a barrier.
public enum BarrierError: Error, CustomStringConvertible {
    /// A barrier was to be made for fewer than one thread.
    case partiesNotPositive(Int)
    /// Another thread gave up, aborted, or reset the barrier; or the barrier's action failed in another thread.
    case broken
    /// This thread's timeout passed, and that broke the barrier for all others.
    case timedOut
    /// The barrier's action threw in this thread, and that broke the barrier for all others.
    case actionFailed(any Error)

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .partiesNotPositive(let parties):
            "cannot make a barrier for \(parties) threads: at least one has to arrive; check the count before"
        case .broken:
            "cannot pass the barrier: it is broken, because another thread gave up or it was reset; reset() mends it"
        case .timedOut:
            "cannot pass the barrier: not all threads arrived in time, and it is broken now; reset() mends it"
        case .actionFailed(let error):
            "cannot pass the barrier: its action failed (\(error)), and it is broken now; reset() mends it"
        }
    }
}

/// A point where a fixed number of threads wait for each other: Python's `threading.Barrier`.
///
///     let barrier = try Barrier(parties: 4)
///     try barrier.wait()              // in four threads; none returns before all have come
///
/// It can be passed again and again. A thread that comes back quickly never gets into the cycle that slower ones are
/// just leaving, and never waits for them.
public final class Barrier: Sendable {
    /// How many threads must arrive.
    public let parties: Int

    private let timeout: Duration?
    private let action: (@Sendable () throws -> Void)?
    private let condition = Condition<Lock>()
    /// The cycle into which the next thread comes; guarded by the condition's lock.
    private nonisolated(unsafe) var current = Cycle()

    /// A barrier for `parties` threads.
    ///
    /// - Parameters:
    ///   - parties: how many threads must arrive, at least 1.
    ///   - timeout: how long `wait()` waits at most; nil for no limit.
    ///   - action: what the last thread to arrive does before any of them goes on.
    /// - Throws: `BarrierError.partiesNotPositive`.
    public init(
        parties: Int, timeout: Duration? = nil, action: (@Sendable () throws -> Void)? = nil
    ) throws(BarrierError) {
        guard parties >= 1 else { throw .partiesNotPositive(parties) }
        self.parties = parties
        self.timeout = timeout
        self.action = action
    }

    /// Waits until all threads have arrived, with the barrier's own timeout.
    ///
    /// - Returns: a number from 0 to `parties - 1`, different for each thread of a cycle: in the order of arrival.
    /// - Throws: `BarrierError` if the barrier is broken, or breaks before all have arrived.
    @discardableResult
    public func wait() throws(BarrierError) -> Int { try wait(timeout: timeout) }

    /// Waits until all threads have arrived.
    ///
    /// - Parameter timeout: how long to wait, whatever the barrier's own timeout is; nil for no limit; zero or less
    ///   means that all others must already be there.
    /// - Returns: a number from 0 to `parties - 1`, different for each thread of a cycle: in the order of arrival.
    /// - Throws: `BarrierError` if the barrier is broken, or breaks before all have arrived. A timeout breaks it.
    @discardableResult
    public func wait(timeout: Duration?) throws(BarrierError) -> Int {
        let (cycle, index) = try condition.withLock { held throws(BarrierError) in
            let cycle = unsafe current
            if cycle.outcome != nil { throw .broken }
            let index = cycle.arrived
            cycle.arrived += 1
            // Whoever comes from now on belongs to the next cycle.
            if cycle.arrived == parties { unsafe current = Cycle() } else { try stay(in: cycle, timeout, held) }
            return (cycle, index)
        }
        if index == parties - 1 { try complete(cycle) }
        return index
    }

    /// Breaks the barrier: every thread that waits, and every one that comes, gets `BarrierError.broken` until
    /// `reset()`.
    public func abort() {
        condition.withLock { held in
            unsafe end(current, .broken, held)
        }
    }

    /// Makes the barrier as good as new. Threads that wait get `BarrierError.broken`.
    public func reset() {
        condition.withLock { held in
            unsafe end(current, .broken, held)
            unsafe current = Cycle()
        }
    }

    /// How many threads wait at this moment.
    public var waitingCount: Int {
        condition.withLock { _ in unsafe current.outcome == nil ? unsafe current.arrived : 0 }
    }

    /// Whether the barrier is broken, and stays so until `reset()`.
    public var isBroken: Bool {
        condition.withLock { _ in unsafe current.outcome != nil }
    }

    /// Waits for the others, with the lock held at both ends.
    private func stay(in cycle: Cycle, _ timeout: Duration?, _ held: borrowing Held<Lock>) throws(BarrierError) {
        held.wait(timeout: timeout, until: { cycle.outcome != nil })
        if cycle.outcome == nil {
            if cycle.arrived < parties {
                end(cycle, .broken, held)
                throw .timedOut
            }
            // All have come in time; only the action is not finished yet.
            held.wait(until: { cycle.outcome != nil })
        }
        if cycle.outcome == .broken { throw .broken }
    }

    /// What the last thread to arrive does. Without the lock, so that the action may use the barrier.
    private func complete(_ cycle: Cycle) throws(BarrierError) {
        do {
            try action?()
        } catch {
            condition.withLock { held in
                end(cycle, .broken, held)
                unsafe end(current, .broken, held)
            }
            throw .actionFailed(error)
        }
        condition.withLock { end(cycle, .passed, $0) }
    }

    private func end(_ cycle: Cycle, _ outcome: Cycle.Outcome, _ held: borrowing Held<Lock>) {
        cycle.outcome = outcome
        held.notifyAll()
    }

    /// One time that the threads meet.
    private final class Cycle {
        enum Outcome {
            case passed
            case broken
        }

        var arrived = 0
        /// nil as long as threads may arrive, or the action runs.
        var outcome: Outcome?
    }
}
