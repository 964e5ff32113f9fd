import Linux
import Synchronization
package import Threading

/// What somebody waits for at a queue.
package enum Wish: Sendable {
    /// That there is something to get.
    case item
    /// That there is room to put something.
    case room
}

/// Those who wait for one wish. The queue's lock guards it.
internal struct Waiters: ~Copyable {
    private var queue = WaitQueue()
    /// How many threads, and how many tasks, were selected and are on their way: woken, but not here yet.
    private var threads = 0
    private var tasks = 0

    /// Takes out the one who is to be woken when `available` items, or places, are left behind; nil for nobody.
    ///
    /// One woken thread at a time is enough: when it comes, it looks whether there is more, and wakes the next. Waking
    /// one for each item instead would mostly wake threads for items that are gone when they come.
    mutating func next(of available: Int) -> Waiter? {
        if queue.isEmpty || threads > 0 || available <= tasks { return nil }
        let waiter = queue.select()
        count(waiter)
        return waiter
    }

    /// Takes out all of them: there is nothing to wait for any more.
    mutating func selectAll(into wakes: inout WakeList) {
        while let waiter = queue.select() {
            count(waiter)
            wakes.append(waiter)
        }
    }

    /// Adds somebody behind all others; or before them, if it was woken and came too late.
    mutating func enlist(_ waiter: Waiter, again: Bool) {
        if again { queue.prepend(waiter) } else { queue.append(waiter) }
    }

    /// Takes out somebody who gives up, if it has not been selected.
    ///
    /// - Returns: whether it was still waiting. If not, it has been or will be woken.
    mutating func withdraw(_ waiter: Waiter) -> Bool { queue.remove(waiter) }

    /// Counts somebody who was selected as here.
    mutating func arrive(isThread: Bool) {
        if isThread { threads -= 1 } else { tasks -= 1 }
    }

    /// How many wait.
    var waiting: Int { queue.count }

    private mutating func count(_ waiter: Waiter?) {
        guard let waiter else { return }
        if waiter.isThread { threads += 1 } else { tasks += 1 }
    }
}

extension QueueCore {
    /// Gives the lock back for a moment, in which the wish may come true; takes it again.
    ///
    /// - Returns: whether it came true, or the queue was closed, as far as one can see that without the lock.
    internal final func spin(until isTrue: () -> Bool) -> Bool {
        lock.release()
        var left = Spinning.patiently
        // Each look takes the word away from whoever is about to change it, so the looks become rarer.
        var pauses = 8
        while left > 0, !isTrue(), !closed.load(ordering: .relaxed) {
            for _ in 0..<pauses { Futex.pause() }
            left -= pauses
            pauses = min(pauses * 2, 32)
        }
        lock.acquire()
        return left > 0
    }

    /// Gives the lock back and sleeps until somebody wakes this thread, or until the deadline; takes the lock again.
    internal final func sleep(until deadline: Deadline, for wish: Wish, again: Bool) {
        let waiter = Waiter()
        add(waiter, wish, again)
        abandon()
        waiter.park(until: deadline, spins: 0)
        lock.acquire()
        if !remove(waiter, wish) { arrive(wish, isThread: true) }
    }

    // MARK: For those who are no threads

    /// Lets somebody wait, who is called back once it is worth trying again.
    ///
    /// - Parameter again: whether it was called back before, and came too late.
    /// - Returns: false if there is no need to wait: try again.
    package final func enlist(_ waiter: Waiter, for wish: Wish, again: Bool) -> Bool {
        lock.acquire()
        let isOver: Bool
        switch wish {
        case .item: isOver = held.load(ordering: .relaxed) > 0
        case .room: isOver = held.load(ordering: .relaxed) < limit
        }
        let mustWait = !isOver && !closed.load(ordering: .relaxed)
        if mustWait { add(waiter, wish, again) }
        abandon()
        return mustWait
    }

    /// Takes somebody out who gives up. If it has been selected already it is called back all the same.
    package final func withdraw(_ waiter: Waiter, for wish: Wish) {
        lock.acquire()
        _ = remove(waiter, wish)
        abandon()
    }

    /// Says that somebody who was called back is here.
    ///
    /// - Parameter isLeaving: whether it leaves what there is to others. If not, it must try again at once.
    package final func arrive(for wish: Wish, isLeaving: Bool) {
        lock.acquire()
        arrive(wish, isThread: false)
        // Who tries looks for others afterwards. To do so now would wake them for what it is about to take.
        if isLeaving { abandon() } else { lock.release() }
    }

    /// How many wait for this, threads and tasks.
    package final func waiting(for wish: Wish) -> Int {
        lock.withLock {
            switch wish {
            case .item: getters.waiting
            case .room: putters.waiting
            }
        }
    }

    private func add(_ waiter: Waiter, _ wish: Wish, _ again: Bool) {
        switch wish {
        case .item: getters.enlist(waiter, again: again)
        case .room: putters.enlist(waiter, again: again)
        }
    }

    private func remove(_ waiter: Waiter, _ wish: Wish) -> Bool {
        switch wish {
        case .item: getters.withdraw(waiter)
        case .room: putters.withdraw(waiter)
        }
    }

    private func arrive(_ wish: Wish, isThread: Bool) {
        switch wish {
        case .item: getters.arrive(isThread: isThread)
        case .room: putters.arrive(isThread: isThread)
        }
    }
}
