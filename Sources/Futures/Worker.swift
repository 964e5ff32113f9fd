import Linux
import Threading

/// One thread of a pool, as the thread itself knows it.
internal final class Worker: @unchecked Sendable {
    private static let own = ThreadSpecific<Worker>()

    /// The worker that the calling thread is; nil if it is none.
    internal static var current: Worker? { own.value }

    internal let pool: PoolCore
    /// From 1 on, and never used again in this pool.
    internal let number: UInt32
    /// What it does at this moment: the task that was begun last, which may be within others that wait for it.
    internal private(set) var task: AnyFuture?
    private var outer: [AnyFuture] = []
    /// Whether it counts as one who looks for work.
    internal var isSearching = true

    /// How deep tasks may be within each other, each waiting for the next one, before the stack is in danger.
    private static let deepest = 200

    internal init(_ pool: PoolCore, number: UInt32) {
        self.pool = pool
        self.number = number
        Worker.own.set(self)
    }

    internal func enter(_ item: AnyFuture) {
        if let task { outer.append(task) }
        task = item
    }

    /// Ends a task whose result is settled.
    internal func leave(_ item: AnyFuture) {
        task = outer.popLast()
        // Whoever gets the result may submit the next task at once, and must not find everybody busy.
        if task == nil, !isSearching, pool.queue.seemsEmpty { pool.startSearching(self) }
        let before = item.publish()
        // Callbacks may take long, and nobody should count on this worker meanwhile.
        if before.has(FutureWord.listeners), task == nil, isSearching { pool.stopSearching(self) }
        item.tell(before)
    }

    // MARK: Waiting within a task

    /// Waits for another future, without ever waiting for what this thread itself has to do.
    internal func wait(for future: AnyFuture, until deadline: Deadline) -> WaitEnding {
        if deadline.moment == nil, future.pool === pool {
            if help(with: future) { return .done }
            if isTooDeep(for: future) { return .wouldDeadlock }
        }
        guard WaitGraph.add(future, for: self, isForever: deadline.moment == nil) else { return .wouldDeadlock }
        defer { WaitGraph.remove(self) }
        return future.sleepUntilDone(deadline) ? .done : .tooLate
    }

    /// Whether it could only do the work of a future by putting its stack in danger.
    internal func isTooDeep(for future: AnyFuture) -> Bool {
        outer.count >= Worker.deepest && future.pool === pool && future.current.isPending
    }

    /// Does the work of a future of this pool, if nobody has begun.
    ///
    /// - Returns: whether it was done here.
    internal func help(with future: AnyFuture) -> Bool {
        guard future.pool === pool, outer.count < Worker.deepest, future.begin(by: number) else { return false }
        future.perform(in: self)
        return true
    }
}

/// Who waits for whom among the workers of all pools, to find circles.
internal enum WaitGraph {
    private static let lock = FutexLock()

    /// Says that a worker is going to wait for a future.
    ///
    /// - Returns: false if the work of the future is done by the worker itself, or by one that waits for it, directly
    ///   or through others.
    static func add(_ future: AnyFuture, for worker: Worker, isForever: Bool) -> Bool {
        lock.withLock {
            if leads(from: future, to: worker) { return false }
            // A wait with a limit ends by itself.
            if isForever { worker.pool.awaited[worker.number] = future }
            return true
        }
    }

    /// Whether a worker that waits for a future would wait for itself.
    static func isCircular(_ future: AnyFuture, for worker: Worker) -> Bool {
        lock.withLock { leads(from: future, to: worker) }
    }

    private static func leads(from future: AnyFuture, to worker: Worker) -> Bool {
        var next = future
        while let pool = next.pool {
            let word = next.current
            guard word.isRunning, word.worker != 0 else { return false }
            if pool === worker.pool, word.worker == worker.number { return true }
            guard let awaited = pool.awaited[word.worker] else { return false }
            next = awaited
        }
        return false
    }

    static func remove(_ worker: Worker) {
        // Let go without the lock.
        let awaited = lock.withLock { worker.pool.awaited.removeValue(forKey: worker.number) }
        withExtendedLifetime(awaited) {}
    }
}
