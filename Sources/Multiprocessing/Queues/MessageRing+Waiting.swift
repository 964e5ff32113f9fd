import Linux
import Threading

/// Waiting for a message or for room.
///
/// One thread of a side waits at a time; the others wait for its turn, which is a robust lock. So each change wakes one
/// thread, and should that one be killed before it could use it, the kernel passes its turn on. All of these take the
/// other side's lock for a moment before they sleep: whoever counts a message has that lock, and so either sees that
/// somebody sleeps, or is seen by him.
///
/// A thread that stands still, with its turn or within a lock, holds up nobody for ever who has a timeout: see
/// `RobustMutex.acquireTurn` and `acquireBriefly`.
extension MessageRing {
    /// Puts a message, waiting for room if there is none.
    func put(_ message: UnsafeRawBufferPointer, until deadline: Deadline) -> Outcome {
        let before = got.value
        let first = unsafe tryPut(message, deadline)
        if first != .notNow || deadline.isImmediate { return first }
        if Spinning.spin(until: { got.value != before || isClosed }) {
            let next = unsafe tryPut(message, deadline)
            if next != .notNow { return next }
        }
        let turn = putTurn.acquireTurn(until: deadline) { unsafe MessageRing.found(tryPut(message, deadline)) }
        switch turn {
        case .found(let outcome): return outcome
        case .late: return .notNow
        case .mine: break
        }
        defer { putTurn.release() }
        while true {
            let seen = got.value
            let outcome = unsafe tryPut(message, deadline)
            if outcome != .notNow { return outcome }
            guard lockGetting(until: deadline) else { return .notNow }
            let isNews = got.value != seen || isClosed
            if !isNews { roomSleeper.store(1) }
            getLock.release()
            if isNews { continue }
            if !roomSleeper.wait(while: 1, until: deadline.nanoseconds) { return unsafe tryPut(message, deadline) }
        }
    }

    /// Gets a message, waiting for one if there is none.
    func get(
        into scratch: Scratch, until deadline: Deadline, before: (UInt32) -> Bool = { _ in true }
    ) -> Outcome {
        let first = tryGet(into: scratch, deadline, before)
        if first != .notNow || deadline.isImmediate { return first }
        if Spinning.spin(until: { put.value != got.value || isClosed }) {
            let next = tryGet(into: scratch, deadline, before)
            if next != .notNow { return next }
        }
        switch getTurn.acquireTurn(until: deadline, { MessageRing.found(tryGet(into: scratch, deadline, before)) }) {
        case .found(let outcome): return outcome
        case .late: return .notNow
        case .mine: break
        }
        defer { getTurn.release() }
        while true {
            let outcome = tryGet(into: scratch, deadline, before)
            if outcome != .notNow { return outcome }
            guard lockPutting(until: deadline) else { return .notNow }
            let isNews = put.value != got.value || isClosed
            if !isNews { itemSleeper.store(1) }
            putLock.release()
            if isNews { continue }
            if !itemSleeper.wait(while: 1, until: deadline.nanoseconds) {
                return tryGet(into: scratch, deadline, before)
            }
        }
    }

    /// Takes no more messages, from any process.
    func shutDown() {
        // Whoever sleeps is told in one step with it, and whoever is about to sleep has a lock that is waited for here.
        // Producers' lock first: then one that is putting has put before, or sees it, so that nothing is put behind
        // the last get. If this process dies before the second half, the next get wakes who waits for room.
        _ = lockPutting()
        itemSleeper.store(0)
        closed.change(.set(1), on: itemSleeper)
        putLock.release()
        _ = lockGetting()
        roomSleeper.store(0)
        closed.change(.set(1), on: roomSleeper)
        getLock.release()
    }

    private static func found(_ outcome: Outcome) -> Outcome? { outcome == .notNow ? nil : outcome }

    private func tryPut(_ message: UnsafeRawBufferPointer, _ deadline: Deadline) -> Outcome {
        guard lockPutting(until: deadline) else { return .notNow }
        defer { putLock.release() }
        return unsafe write(message)
    }

    private func tryGet(into scratch: Scratch, _ deadline: Deadline, _ before: (UInt32) -> Bool) -> Outcome {
        // Closed and empty is seen without the lock, and so is empty; the lock is for those who find something.
        if put.value == got.value, !isClosed { return .notNow }
        guard lockGetting(until: deadline) else { return .notNow }
        defer { getLock.release() }
        return read(into: scratch, before: before)
    }

    /// Takes the lock of producers. One who died with it may have meant to wake a consumer.
    ///
    /// - Returns: false if the deadline has passed, and somebody stands still with it.
    private func lockPutting(until deadline: Deadline = Deadline(after: nil)) -> Bool {
        let taken = putLock.acquireBriefly(until: deadline)
        if taken.isAbandoned { itemSleeper.change(.set(0)) }
        return taken.isHeld
    }

    /// Takes the lock of consumers. One who died with it may have meant to wake a producer.
    ///
    /// - Returns: false if the deadline has passed, and somebody stands still with it.
    func lockGetting(until deadline: Deadline = Deadline(after: nil)) -> Bool {
        let taken = getLock.acquireBriefly(until: deadline)
        if taken.isAbandoned {
            roomSleeper.change(.set(0))
            afterDeathOfConsumer?()
        }
        return taken.isHeld
    }
}
