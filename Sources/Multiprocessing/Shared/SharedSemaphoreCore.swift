import Linux
import Threading

/// What both semaphores between processes do.
///
/// One thread at a time waits for a permit; the others wait for its turn, which is a robust lock. So a wake-up for one
/// that is killed at that moment is passed on by the kernel, with the turn.
final class SharedSemaphoreCore: Sendable {
    static let greatest = 1 << 30
    /// In the lowest bit: somebody may be asleep. The rest is the number of permits.
    private static let sleeper: UInt32 = 1
    private static let permit: UInt32 = 2
    /// The kernel adds so much at most in one step.
    private static let portion = 1000

    private static let size = 64 * 3
    let region: SharedRegion
    private let word: SharedFutex
    let turn: RobustMutex
    /// Held by whoever releases a bounded one, so that two together do not exceed the limit.
    private let gate: RobustMutex
    /// nil if it is not bounded.
    let limit: Int?

    init(permits: Int, limit: Int?) throws(SharedMemoryError) {
        precondition(
            (0...SharedSemaphoreCore.greatest).contains(permits), "a semaphore has from 0 to 2³⁰ permits")
        let shape = SharedRegion.Shape(first: limit == nil ? 0 : 1, second: UInt64(limit ?? 0))
        region = try SharedRegion(.semaphore, size: SharedSemaphoreCore.size, shape: shape)
        word = SharedFutex(in: region, at: SharedRegion.labelSize)
        turn = RobustMutex(in: region, at: SharedRegion.labelSize + 64)
        gate = RobustMutex(in: region, at: SharedRegion.labelSize + 128)
        self.limit = limit
        try turn.make()
        try gate.make()
        word.store(UInt32(permits) * SharedSemaphoreCore.permit)
    }

    init(from decoder: any Decoder, isBounded: Bool) throws {
        region = try SharedRegion(
            from: decoder, .semaphore,
            size: { shape in
                let fits = shape.second <= UInt64(SharedSemaphoreCore.greatest) && shape.first == (isBounded ? 1 : 0)
                return fits ? SharedSemaphoreCore.size : nil
            })
        word = SharedFutex(in: region, at: SharedRegion.labelSize)
        turn = RobustMutex(in: region, at: SharedRegion.labelSize + 64)
        gate = RobustMutex(in: region, at: SharedRegion.labelSize + 128)
        limit = isBounded ? Int(region.shape.second) : nil
    }

    var available: Int { Int(word.value / SharedSemaphoreCore.permit) }

    func tryAcquire() -> Bool {
        while true {
            let before = word.value
            if before < SharedSemaphoreCore.permit { return false }
            if word.exchange(before, for: before - SharedSemaphoreCore.permit) { return true }
        }
    }

    func acquire(timeout: Duration?) -> Bool {
        if tryAcquire() { return true }
        let deadline = Deadline(after: timeout)
        if deadline.isImmediate { return false }
        if Spinning.spin(until: { tryAcquire() }) { return true }
        switch turn.acquireTurn(until: deadline, { tryAcquire() ? true : nil }) {
        case .found: return true
        case .late: return false
        case .mine: break
        }
        defer { turn.release() }
        while !tryAcquire() {
            // Told before going to sleep, and only while there is no permit: whoever gives one sees it.
            if word.value == 0, !word.exchange(0, for: SharedSemaphoreCore.sleeper) { continue }
            // Too late, but perhaps a permit came at this very moment: the last word is with tryAcquire.
            if !word.wait(while: SharedSemaphoreCore.sleeper, until: deadline.nanoseconds) { return tryAcquire() }
        }
        return true
    }

    func release(_ count: Int) throws(SemaphoreError) {
        guard count >= 1 else { throw .notPositive(count) }
        if limit != nil { _ = gate.acquire() }
        defer { if limit != nil { gate.release() } }
        let most = limit ?? SharedSemaphoreCore.greatest
        guard count <= most - available else { throw .overLimit(most) }
        var left = count
        while left > 0 {
            let before = word.value
            if before & SharedSemaphoreCore.sleeper == 0 {
                // Nobody sleeps, or this is not exchanged.
                if word.exchange(before, for: before + UInt32(left) * SharedSemaphoreCore.permit) { return }
                continue
            }
            let part = min(left, SharedSemaphoreCore.portion)
            let woken = word.change(.add(Int32(part) * Int32(SharedSemaphoreCore.permit)), waking: 1)
            left -= part
            if woken == 0 { forgetSleeper() }
        }
    }

    /// Nobody was asleep: the next release need not ask the kernel. One who is about to sleep finds another word than
    /// it expects, and looks again.
    private func forgetSleeper() {
        let now = word.value
        if now & SharedSemaphoreCore.sleeper != 0 { _ = word.exchange(now, for: now & ~SharedSemaphoreCore.sleeper) }
    }
}
