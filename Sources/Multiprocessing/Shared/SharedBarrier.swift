import Threading

/// Why a thread did not pass a barrier between processes.
public enum SharedBarrierError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another thread gave up, aborted, or reset the barrier.
    case broken
    /// A thread that had arrived was killed before all others came, and that broke the barrier.
    case partyDied
    /// This thread's timeout passed, and that broke the barrier for all others.
    case timedOut

    /// “cannot pass …: reason; what to do”.
    public var description: String {
        switch self {
        case .broken:
            "cannot pass the barrier: it is broken, because another thread gave up or it was reset; reset() mends it"
        case .partyDied:
            "cannot pass the barrier: a thread was killed that had arrived, and it is broken now; reset() mends it"
        case .timedOut:
            "cannot pass the barrier: not all threads arrived in time, and it is broken now; reset() mends it"
        }
    }
}

/// A point where a fixed number of threads of several processes wait for each other: Python's
/// `multiprocessing.Barrier`.
///
///     let barrier = try SharedBarrier(parties: 4)
///     try barrier.wait()              // in four processes; none returns before all have come
///
/// It can be passed again and again. A thread that comes back quickly never gets into the cycle that slower ones are
/// just leaving. If one that has arrived is killed, all get `SharedBarrierError.partyDied` as soon as the last one
/// arrives; in Python they wait for ever. There is no action, since code cannot be shared: the thread that gets the
/// last number, `parties - 1`, can do something before it goes on, but the others do not wait for it.
public final class SharedBarrier: Codable, Sendable {
    /// How many threads must arrive.
    public let parties: Int

    private let region: SharedRegion
    private let lock: RobustMutex
    private let table: WaiterTable

    private enum Answer {
        static let passed = WaiterTable.firstAnswer
        static let broken = WaiterTable.firstAnswer + 1
        static let partyDied = WaiterTable.firstAnswer + 2
    }

    /// What the lock guards.
    private struct State {
        var arrived: UInt32 = 0
        /// Why it is broken, by the answer; 0 if it is not.
        var broken: UInt32 = 0
    }

    private static let stateOffset = SharedRegion.labelSize + 64
    private static let tableOffset = SharedRegion.labelSize + 128

    /// Those of a cycle can still be leaving when those of the next one come, and after a reset once more.
    private static func slots(_ parties: Int) -> Int { parties * 4 }
    private static func size(_ parties: Int) -> Int { 128 + WaiterTable.size(slots(parties)) }

    /// A barrier for `parties` threads.
    ///
    /// - Parameter parties: how many threads must arrive, from 1 to 2²⁰.
    /// - Throws: `SharedMemoryError.notPositive` or `tooMany`, or if there are no descriptors or no memory left.
    public init(parties: Int) throws(SharedMemoryError) {
        guard parties >= 1 else { throw .notPositive(parties) }
        guard parties <= WaiterTable.greatest else { throw .tooMany(parties, limit: WaiterTable.greatest) }
        self.parties = parties
        region = try SharedRegion(
            .barrier, size: SharedBarrier.size(parties), shape: .init(first: UInt64(parties)))
        lock = RobustMutex(in: region, at: SharedRegion.labelSize)
        table = WaiterTable(in: region, at: SharedBarrier.tableOffset, capacity: SharedBarrier.slots(parties))
        try lock.make()
        try table.make()
    }

    /// Receives a barrier from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws {
        region = try SharedRegion(
            from: decoder, .barrier,
            size: {
                Int(exactly: $0.first).flatMap {
                    (1...WaiterTable.greatest).contains($0) ? SharedBarrier.size($0) : nil
                }
            })
        parties = Int(region.shape.first)
        lock = RobustMutex(in: region, at: SharedRegion.labelSize)
        table = WaiterTable(in: region, at: SharedBarrier.tableOffset, capacity: SharedBarrier.slots(parties))
    }

    /// Passes the barrier to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }

    /// Waits until all threads have arrived.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit; zero or less means that all others must already be
    ///   there.
    /// - Returns: a number from 0 to `parties - 1`, different for each thread of a cycle: in the order of arrival.
    /// - Throws: `SharedBarrierError` if the barrier is broken, or breaks before all have arrived. A timeout breaks it.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(SharedBarrierError) -> Int {
        let deadline = Deadline(after: timeout)
        enter()
        defer { lock.release() }
        if state.broken != 0 { throw SharedBarrier.error(state.broken) }
        let index = Int(state.arrived)
        if index + 1 >= parties {
            // The last one. Only now does it matter whether all who came are still alive.
            if table.buryDead() > 0 {
                end(Answer.partyDied)
                throw .partyDied
            }
            state = State()
            table.answer(.max, with: Answer.passed)
            return index
        }
        guard let slot = table.enlist() else { throw .broken }
        state.arrived += 1
        lock.release()
        if !deadline.isImmediate { table.park(slot, until: deadline) }
        enter()
        switch table.leave(slot) {
        case Answer.passed?: return index
        case let answer?: throw SharedBarrier.error(answer)
        case nil:
            end(Answer.broken)
            throw .timedOut
        }
    }

    /// Breaks the barrier: every thread that waits, and every one that comes, gets `SharedBarrierError.broken` until
    /// `reset()`.
    public func abort() {
        enter()
        defer { lock.release() }
        end(Answer.broken)
    }

    /// Makes the barrier as good as new. Threads that wait get `SharedBarrierError.broken`.
    public func reset() {
        enter()
        defer { lock.release() }
        end(Answer.broken)
        state = State()
    }

    /// How many threads wait at this moment, without those that were killed.
    public var waitingCount: Int {
        enter()
        defer { lock.release() }
        // Who died is not to be forgotten here: the others wait for it.
        if state.broken == 0, table.buryDead() > 0 { end(Answer.partyDied) }
        return state.broken == 0 ? table.count : 0
    }

    /// Whether the barrier is broken, and stays so until `reset()`.
    public var isBroken: Bool {
        enter()
        defer { lock.release() }
        return state.broken != 0
    }

    /// Takes the lock. One that dies with it has not told all others what they wait for.
    private func enter() {
        if lock.acquire().isAbandoned { end(Answer.partyDied) }
    }

    private func end(_ answer: UInt32) {
        // Before the others are told, so that they cannot come back into the same cycle.
        if state.broken == 0 { state = State(arrived: 0, broken: answer) }
        table.answer(.max, with: answer)
    }

    private var state: State {
        get { unsafe (region.start + SharedBarrier.stateOffset).load(as: State.self) }
        set { unsafe (region.start + SharedBarrier.stateOffset).storeBytes(of: newValue, as: State.self) }
    }

    private static func error(_ answer: UInt32) -> SharedBarrierError {
        answer == Answer.partyDied ? .partyDied : .broken
    }
}
