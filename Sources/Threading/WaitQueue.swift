/// The threads that wait for something, first come, first served. The caller's lock guards it.
///
/// - Complexity: every operation is O(1), for the number of threads that it concerns.
package struct WaitQueue: ~Copyable {
    private var first: Waiter?
    private var last: Waiter?
    /// How many wait.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Adds a thread behind all others.
    package mutating func append(_ waiter: Waiter) {
        unsafe waiter.previous = last
        if let last { last.next = waiter } else { first = waiter }
        last = waiter
        waiter.place = .queued
        count += 1
    }

    /// Adds a thread before all others: one that was woken, came too late, and keeps its place.
    package mutating func prepend(_ waiter: Waiter) {
        waiter.next = first
        if let first { unsafe first.previous = waiter } else { last = waiter }
        first = waiter
        waiter.place = .queued
        count += 1
    }

    /// Takes out the one that has waited longest, to be woken.
    package mutating func select() -> Waiter? {
        guard let waiter = first else { return nil }
        unlink(waiter)
        waiter.place = .selected
        return waiter
    }

    /// Takes out up to `limit` that have waited longest, to be woken.
    package mutating func select(_ limit: Int) -> WakeList {
        var chosen = WakeList()
        for _ in 0..<min(max(limit, 0), count) {
            if let waiter = select() { chosen.append(waiter) }
        }
        return chosen
    }

    /// Takes out one that gives up, unless it was selected before or never joined.
    ///
    /// - Returns: whether it was still waiting.
    @discardableResult
    package mutating func remove(_ waiter: Waiter) -> Bool {
        guard waiter.place == .queued else { return false }
        unlink(waiter)
        waiter.place = .outside
        return true
    }

    private mutating func unlink(_ waiter: Waiter) {
        // The one before is in the queue, too, or this would not be linked to it.
        let previous = unsafe waiter.previous
        if let next = waiter.next { unsafe next.previous = previous } else { last = previous }
        if let previous { previous.next = waiter.next } else { first = waiter.next }
        waiter.next = nil
        unsafe waiter.previous = nil
        count -= 1
    }
}

/// Threads that were selected and are woken when the lock has been released: woken earlier, they would only run into
/// it.
package struct WakeList: ~Copyable {
    private var first: Waiter?
    private var last: Waiter?

    package init() {}

    package mutating func append(_ waiter: Waiter) {
        if let last { last.next = waiter } else { first = waiter }
        last = waiter
    }

    package mutating func append(_ others: consuming WakeList) {
        guard let head = others.first else { return }
        if let last { last.next = head } else { first = head }
        last = others.last
    }

    /// Wakes all of them, and is empty then.
    package mutating func wakeAll() {
        var next = first.take()
        last = nil
        while let waiter = next {
            // Read before waking: a woken thread owns its links again.
            next = waiter.next.take()
            waiter.wake()
        }
    }
}
