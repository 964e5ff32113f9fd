import Linux
import Synchronization
import Threading

/// The engine of a thread pool, which lives as long as its workers do, and longer than the `ThreadPoolExecutor`.
///
/// How many workers sleep, look for work and exist is in one word. Nobody is woken for a task while somebody looks for
/// work: whoever stops looking, because it has found a task, looks whether there are more, and wakes the next one; and
/// whoever gives up looking says so first and then looks once more. So no task is forgotten, and a burst of tasks costs
/// one wake-up and not one each.
@usableFromInline internal final class PoolCore: @unchecked Sendable {
    internal let limit: Int
    internal let queue = WorkQueue()
    internal let settings: Settings
    /// What each worker waits for without limit, by its number. Guarded by the lock of `WaitGraph`.
    internal var awaited: [UInt32: AnyFuture] = [:]

    internal struct Settings: Sendable {
        var name: String
        var options: ThreadOptions
        var whenFull: WhenFull
        var initializer: (@Sendable () throws -> Void)?
    }

    /// How many tasks may still be queued; nil if there is no limit.
    private let room: Semaphore?
    /// Tasks that are in the queue and were cancelled or begun by somebody else.
    private let stale = Atomic<Int>(0)
    internal let crew = Atomic<UInt64>(0)
    /// How many workers run the initializer.
    private let initializing = Atomic<Int>(0)
    /// One for each sleeping worker that is to wake up and has not.
    private let tokens = Futex()
    internal let roster = Monitor(Roster())

    internal struct Roster {
        var threads: [Threading.Thread<Void, Never>] = []
        var made: UInt32 = 0
        var brokenBy: BrokenReason?
    }

    internal init(limit: Int, maxPending: Int?, settings: Settings) {
        self.limit = limit
        self.settings = settings
        room = maxPending.map(Semaphore.init)
    }

    // MARK: Submitting

    @usableFromInline internal func submit(_ item: AnyFuture) throws(ExecutorError) {
        if let room, !room.tryAcquire() {
            if queue.isClosed { throw refusal }
            // A worker that waits for room may be the only one that could make some: it does the work itself.
            if let worker = Worker.current, worker.pool === self {
                if item.begin(by: worker.number) { item.performInPlace(worker) }
                return
            }
            if settings.whenFull == .reject { throw .full }
            room.acquire()
        }
        guard queue.push(item) else {
            // Also for the next one who waits for room.
            room?.release()
            throw refusal
        }
        do {
            try wakeWorker()
        } catch {
            // As long as there are workers, one of them will come to it.
            guard Crew(crew.load(ordering: .sequentiallyConsistent)).total == 0 else { return }
            let isMine = item.cancel()
            failPending(.rejected(error))
            if isMine { throw error }
        }
    }

    /// Fails what is in the queue. If no thread can be started, others may have counted on it and think that their
    /// tasks will be done.
    private func failPending(_ reason: BrokenReason) {
        for item in queue.takeAll() where item.begin() { item.breakDown(reason) }
    }

    private var refusal: ExecutorError {
        roster.withLock { $0.brokenBy }.map(ExecutorError.broken) ?? .shutDown
    }

    /// Said when a task is begun or broken.
    internal func hasLeftQueue() { room?.release() }

    /// Said when a task is cancelled: it stays in the queue until a worker comes to it, or there are too many of those.
    internal func wasCancelled() {
        room?.release()
        let count = stale.wrappingAdd(1, ordering: .relaxed).newValue
        if count >= 1024, count > queue.count / 2 {
            stale.store(0, ordering: .relaxed)
            queue.sweep()
        }
    }

    /// Said when a task is taken out of the queue that was cancelled, or begun by somebody who waited for it.
    internal func hasDroppedStale() {
        // Only an estimate of what is worth sweeping; it may be reset at any time.
        if stale.load(ordering: .relaxed) > 0 { stale.wrappingSubtract(1, ordering: .relaxed) }
    }

    // MARK: Waking

    /// Sees to it that somebody looks for work, if there is anybody left to do so.
    internal func wakeWorker() throws(ExecutorError) {
        var before = crew.load(ordering: .sequentiallyConsistent)
        while true {
            let crew = Crew(before)
            if crew.searching > 0 || crew.idle == 0 && crew.total >= limit { return }
            let after = crew.idle > 0 ? before &- Crew.idle &+ Crew.searching : before &+ Crew.total &+ Crew.searching
            let (isOurs, found) = self.crew.weakCompareExchange(
                expected: before, desired: after, ordering: .sequentiallyConsistent)
            before = found
            guard isOurs else { continue }
            if crew.idle > 0 { return giveTokens(1) }
            return try startWorker()
        }
    }

    private func giveTokens(_ count: UInt32) {
        tokens.word.wrappingAdd(count, ordering: .releasing)
        tokens.wake(Int32(clamping: count))
    }

    /// Starts a worker that was counted already.
    private func startWorker() throws(ExecutorError) {
        guard PoolRegistry.shared.add(self) else {
            dismiss()
            throw .shutDown
        }
        let number = roster.withLock { roster -> UInt32 in
            roster.made += 1
            return roster.made
        }
        do throws(ThreadError) {
            let name = "\(settings.name)_\(number - 1)"
            let thread = try Threading.Thread(name: name, options: settings.options) { [self] in
                Worker(self, number: number).serve()
            }
            roster.withLock { $0.threads.append(thread) }
        } catch {
            // The number is free again, unless others were given out meanwhile.
            roster.withLock { if $0.made == number { $0.made -= 1 } }
            dismiss()
            throw .thread(error)
        }
    }

    /// Counts a new worker as busy while it runs the initializer, and has others started for tasks beyond its first.
    internal func beginInitializing(_ worker: Worker) {
        let count = initializing.wrappingAdd(1, ordering: .relaxed).newValue
        worker.isSearching = false
        crew.wrappingSubtract(Crew.searching, ordering: .sequentiallyConsistent)
        if queue.count > count { try? wakeWorker() }
    }

    internal func endInitializing(_ worker: Worker) {
        initializing.wrappingSubtract(1, ordering: .relaxed)
        startSearching(worker)
    }

    /// Counts a worker that looks for work as gone.
    internal func dismiss() {
        let left = roster.withLock { _ in
            Crew(crew.wrappingSubtract(Crew.total &+ Crew.searching, ordering: .sequentiallyConsistent).newValue).total
        }
        if left == 0 { PoolRegistry.shared.remove(self) }
    }

    // MARK: Looking for work

    internal func startSearching(_ worker: Worker) {
        worker.isSearching = true
        crew.wrappingAdd(Crew.searching, ordering: .sequentiallyConsistent)
    }

    /// Counts a worker as busy; others look for what there is besides.
    internal func stopSearching(_ worker: Worker) {
        worker.isSearching = false
        crew.wrappingSubtract(Crew.searching, ordering: .sequentiallyConsistent)
        if !queue.seemsEmpty { try? wakeWorker() }
    }

    /// The next task, with its worker counted as busy; nil when there will be none.
    internal func next(for worker: Worker) -> AnyFuture? {
        while true {
            if let item = queue.pop() {
                if worker.isSearching { stopSearching(worker) }
                return item
            }
            if !worker.isSearching {
                startSearching(worker)
            } else if queue.isClosed {
                // Nothing is pushed any more, so it is empty for good, unless the last tasks came since.
                if queue.count == 0 { return nil }
            } else if !spin() {
                sleep()
            }
        }
    }

    /// Looks for a while before sleeping, if nobody else does.
    private func spin() -> Bool {
        guard Crew(crew.load(ordering: .relaxed)).searching == 1 else { return false }
        return Spinning.spin { !queue.seemsEmpty || queue.isClosed }
    }

    /// Sleeps until there is something to do; the worker looks for work before and after.
    private func sleep() {
        crew.wrappingAdd(Crew.idle &- Crew.searching, ordering: .sequentiallyConsistent)
        // Whoever submits from now on sees that somebody sleeps. What came before is seen here: with the lock, because
        // a worker may be moving it.
        if queue.isClosed || queue.count > 0 {
            var before = crew.load(ordering: .sequentiallyConsistent)
            while Crew(before).idle > 0 {
                let (isAwake, found) = crew.weakCompareExchange(
                    expected: before, desired: before &- Crew.idle &+ Crew.searching,
                    ordering: .sequentiallyConsistent)
                if isAwake { return }
                before = found
            }
        }
        var left = tokens.word.load(ordering: .relaxed)
        while true {
            if left == 0 {
                tokens.wait(while: 0)
                left = tokens.word.load(ordering: .relaxed)
                continue
            }
            let (isTaken, found) = tokens.word.weakCompareExchange(
                expected: left, desired: left - 1, ordering: .acquiring)
            if isTaken { return }
            left = found
        }
    }

    // MARK: The end

    /// Takes no more tasks; workers end when they have done what there is.
    internal func close(cancelPending: Bool = false) {
        queue.close()
        if cancelPending {
            for item in queue.takeAll() { item.cancel() }
        }
        endWorkers()
    }

    /// Ends the pool because an initializer failed: nobody can say what tasks would find.
    internal func breakDown(_ reason: BrokenReason) {
        roster.withLock { $0.brokenBy = $0.brokenBy ?? reason }
        queue.close()
        failPending(reason)
        endWorkers()
    }

    /// Wakes the workers after the queue was closed.
    private func endWorkers() {
        // Those who wait for room learn of it one after the other.
        room?.release()
        var before = crew.load(ordering: .sequentiallyConsistent)
        while Crew(before).idle > 0 {
            let idle = UInt64(Crew(before).idle)
            let (isOurs, found) = crew.weakCompareExchange(
                expected: before, desired: before &- idle &* Crew.idle &+ idle &* Crew.searching,
                ordering: .sequentiallyConsistent)
            if isOurs { return giveTokens(UInt32(idle)) }
            before = found
        }
        if queue.seemsEmpty { return }
        do {
            // Somebody may have submitted and not yet started the worker for it.
            try wakeWorker()
        } catch {
            if Crew(crew.load(ordering: .sequentiallyConsistent)).total == 0 { failPending(.rejected(error)) }
        }
    }

    /// Waits until all workers have ended.
    internal func join(until deadline: Deadline) -> Bool {
        let isOver = roster.wait(timeout: deadline.remaining) { _ in
            Crew(crew.load(ordering: .sequentiallyConsistent)).total == 0
        }
        guard isOver else { return false }
        for thread in roster.withLock({ $0.threads }) {
            // They have nothing left to do but to end.
            _ = try? thread.join(timeout: nil)
        }
        roster.withLock { $0.threads = [] }
        return true
    }
}

/// How many workers there are, in one word.
internal struct Crew {
    private let bits: UInt64

    internal init(_ bits: UInt64) { self.bits = bits }

    internal static let idle: UInt64 = 1
    internal static let searching: UInt64 = 1 << 20
    internal static let total: UInt64 = 1 << 40
    private static let mask: UInt64 = 1 << 20 - 1

    /// How many sleep until there is work.
    internal var idle: Int { Int(bits & Crew.mask) }
    /// How many are awake and look for work, or are about to.
    internal var searching: Int { Int(bits >> 20 & Crew.mask) }
    /// How many there are.
    internal var total: Int { Int(bits >> 40) }
}
