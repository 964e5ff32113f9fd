import Linux
import Threading

/// Waiting for a message or for room.
///
/// One thread of a side waits at a time; the others wait for its turn, which is a robust lock. So each change wakes one
/// thread, and should that one be killed before it could use it, the kernel passes its turn on. All of these take the
/// other side's lock for a moment before they sleep: whoever counts a message has that lock, and so either sees that
/// somebody sleeps, or is seen by him.
extension MessageRing {
    /// Puts a message, waiting for room if there is none.
    func put(_ message: UnsafeRawBufferPointer, until deadline: Deadline) -> Outcome {
        let before = got.value
        let first = unsafe tryPut(message)
        if first != .notNow || deadline.isImmediate { return first }
        if Spinning.spin(until: { got.value != before || isClosed }) {
            let next = unsafe tryPut(message)
            if next != .notNow { return next }
        }
        guard putTurn.acquire(until: deadline).isHeld else { return unsafe tryPut(message) }
        defer { putTurn.release() }
        while true {
            let seen = got.value
            let outcome = unsafe tryPut(message)
            if outcome != .notNow { return outcome }
            lockGetting()
            let isNews = got.value != seen || isClosed
            if !isNews { roomSleeper.store(1) }
            getLock.release()
            if isNews { continue }
            if !roomSleeper.wait(while: 1, until: deadline.nanoseconds) { return unsafe tryPut(message) }
        }
    }

    /// Gets a message, waiting for one if there is none.
    func get(
        into scratch: Scratch, until deadline: Deadline, before: (UInt32) -> Bool = { _ in true }
    ) -> Outcome {
        let first = tryGet(into: scratch, before: before)
        if first != .notNow || deadline.isImmediate { return first }
        if Spinning.spin(until: { put.value != got.value || isClosed }) {
            let next = tryGet(into: scratch, before: before)
            if next != .notNow { return next }
        }
        guard getTurn.acquire(until: deadline).isHeld else { return tryGet(into: scratch, before: before) }
        defer { getTurn.release() }
        while true {
            let outcome = tryGet(into: scratch, before: before)
            if outcome != .notNow { return outcome }
            lockPutting()
            let isNews = put.value != got.value || isClosed
            if !isNews { itemSleeper.store(1) }
            putLock.release()
            if isNews { continue }
            if !itemSleeper.wait(while: 1, until: deadline.nanoseconds) {
                return tryGet(into: scratch, before: before)
            }
        }
    }

    /// Takes no more messages, from any process.
    func shutDown() {
        // Whoever sleeps is told in one step with it, and whoever is about to sleep has a lock that is waited for here.
        // Producers' lock first: then one that is putting has put before, or sees it, so that nothing is put behind
        // the last get. If this process dies before the second half, the next get wakes who waits for room.
        lockPutting()
        itemSleeper.store(0)
        closed.change(.set(1), on: itemSleeper)
        putLock.release()
        lockGetting()
        roomSleeper.store(0)
        closed.change(.set(1), on: roomSleeper)
        getLock.release()
    }

    private func tryPut(_ message: UnsafeRawBufferPointer) -> Outcome {
        lockPutting()
        defer { putLock.release() }
        return unsafe write(message)
    }

    private func tryGet(into scratch: Scratch, before: (UInt32) -> Bool) -> Outcome {
        // Closed and empty is seen without the lock, and so is empty; the lock is for those who find something.
        if put.value == got.value, !isClosed { return .notNow }
        lockGetting()
        defer { getLock.release() }
        return read(into: scratch, before: before)
    }

    /// Takes the lock of producers. One who died with it may have meant to wake a consumer.
    private func lockPutting() {
        if putLock.acquire().isAbandoned { itemSleeper.change(.set(0)) }
    }

    /// Takes the lock of consumers. One who died with it may have meant to wake a producer.
    func lockGetting() {
        guard getLock.acquire().isAbandoned else { return }
        roomSleeper.change(.set(0))
        afterDeathOfConsumer?()
    }
}
