import Threading

/// What `wait` waits for.
public enum WaitCondition: Hashable, Sendable {
    /// That all futures are done: Python's `ALL_COMPLETED`.
    case all
    /// That one is done: `FIRST_COMPLETED`.
    case first
    /// That one has failed, or all are done: `FIRST_EXCEPTION`. To be cancelled is not to fail.
    case firstFailure
}

/// Waits for several futures: Python's `concurrent.futures.wait`.
///
///     let (done, pending) = try wait(futures, until: .first, timeout: .seconds(1))
///
/// A future that was cancelled is done, also if it is still in the queue of its executor.
///
/// - Parameters:
///   - futures: what to wait for; each counts once, however often it is in there. They need not be of one type:
///     pass an array of `AnyFuture`.
///   - condition: what to wait for.
///   - timeout: how long to wait; nil for no limit, zero or less to look once. It is no error when it passes.
/// - Returns: the futures that are done, and the others, each in the order in which they were given.
/// - Throws: `WaitError.wouldDeadlock` in a task that would wait for itself.
/// - Complexity: O(*n*) for *n* futures; waiting for all allocates nothing for each.
@discardableResult
@inlinable public func wait<Element: AnyFuture>(
    _ futures: some Sequence<Element>, until condition: WaitCondition = .all, timeout: Duration? = nil
) throws(WaitError) -> (done: [Element], pending: [Element]) {
    let futures = unique(futures)
    let clock = WaitClock(timeout)
    switch condition {
    case .all: try waitForAll(futures, clock)
    case .first, .firstFailure: try waitForOne(futures, condition, clock)
    }
    var done: [Element] = []
    var pending: [Element] = []
    for future in futures {
        if future.isDone { done.append(future) } else { pending.append(future) }
    }
    return (done, pending)
}

@inlinable internal func waitForAll(_ futures: [some AnyFuture], _ clock: WaitClock) throws(WaitError) {
    // The last one first: in most executors it is done last, and then there is one wait and not one for each.
    for future in futures.reversed() where !future.isDone {
        switch clock.wait(for: future) {
        case .done: continue
        case .tooLate: return
        case .wouldDeadlock: throw .wouldDeadlock
        }
    }
}

@usableFromInline internal func waitForOne(
    _ futures: [some AnyFuture], _ condition: WaitCondition, _ clock: WaitClock
) throws(WaitError) {
    let completions = Completions(futures, until: clock)
    do throws(WaitError) {
        while let future = try completions.next() {
            if condition == .first || future.hasFailed { return }
        }
    } catch .timedOut { return }
}

/// Until when several futures are waited for.
@usableFromInline internal final class WaitClock: Sendable {
    internal let deadline: Deadline

    @usableFromInline internal init(_ timeout: Duration?) { deadline = Deadline(after: timeout) }

    @usableFromInline internal func wait(for future: AnyFuture) -> WaitEnding { future.waitUntilDone(deadline) }
}

/// The same futures, each once.
@inlinable internal func unique<Element: AnyFuture>(_ futures: some Sequence<Element>) -> [Element] {
    let all = Array(futures)
    var seen = SeenObjects(capacity: all.count)
    let isNew = { (future: Element) in seen.insert(ObjectIdentifier(future)) }
    guard let second = all.firstIndex(where: { !isNew($0) }) else { return all }
    return all[..<second] + all[(second + 1)...].filter(isNew)
}

/// A set of objects that only grows. Hashing as the library's sets do it would take longer than all the rest of
/// waiting, and nobody chooses addresses to do harm.
@usableFromInline internal struct SeenObjects {
    @usableFromInline internal var slots: [UInt]
    @usableFromInline internal let shift: Int

    /// - Parameter capacity: how many objects it holds at most.
    @inlinable internal init(capacity: Int) {
        var bits = 3
        while 1 << bits < 2 * capacity { bits += 1 }
        slots = Array(repeating: 0, count: 1 << bits)
        shift = UInt.bitWidth - bits
    }

    /// - Returns: whether the object was not in the set.
    @inlinable internal mutating func insert(_ object: ObjectIdentifier) -> Bool {
        let bits = UInt(bitPattern: object)
        // Fibonacci hashing: the upper bits of the product depend on all of the address.
        var slot = Int((bits &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while slots[slot] != 0 {
            if slots[slot] == bits { return false }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = bits
        return true
    }
}
