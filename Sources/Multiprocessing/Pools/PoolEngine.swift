import Futures
import Linux
import Synchronization
import Threading

/// The engine of a pool of processes: one thread that watches all workers, and the tasks that nobody has yet.
///
/// Whoever submits puts a task into the inbox, and hands it out at once if the thread sleeps and nobody else does so:
/// then the only threads that have to wake up are the worker and the one that gets the result. Each worker has a
/// connection of its own, so whatever becomes of one of them is no concern of the others.
///
/// There are two locks. `lock` guards members, the queue and everything else about them; it is never held while code of
/// users runs. `inboxLock` guards what submitting needs, and may be taken with the other one held.
final class PoolEngine: OutsideExecutor, @unchecked Sendable {
    struct Settings: Sendable {
        var maxWorkers: Int
        var context: Context
        var name: String
        var initializer: PoolWork?
        var maxTasksPerWorker: Int?
        var retries: Int
        /// Whether the end of the program ends what is being done, instead of waiting for it.
        var diesAtExit = false
    }

    let settings: Settings
    let writers = Slot<ParcelWriter>()
    let callbacks = PoolCallbacks()

    let inboxLock = FutexLock()
    var inbox = Inbox()

    struct Inbox {
        /// There is no bound: as in Python, submitting does not wait. `map` has one, its buffer size.
        var tasks: [PoolTask] = []
        var isClosed = false
        /// Whether the thread sleeps, or is going to without another look.
        var isAsleep = false
        /// Whether there is something else for the thread to look at.
        var isRung = false
        var thread: PoolThread?
    }

    let lock = FutexLock()
    var queue = PoolQueue()
    var members: [PoolMember] = []
    /// How many workers there shall be at least, whether there is work or not.
    var wanted = 0
    var made: UInt64 = 1
    /// How long tasks took of late, in nanoseconds; nil as long as none was done.
    var pace: UInt64?
    /// Tasks in the queue that were cancelled.
    var stale = 0
    var brokenBy: BrokenReason?
    var isTerminated = false
    /// When the workers are killed that did not heed a request to end.
    var killAt: Int64?
    var earlyDeaths = 0
    /// After a failed start, as long as there are other workers, nothing is started before this moment.
    var startsFrom: Int64 = 0
    /// Tasks that are to fail, by whoever holds no lock.
    var failing: [(task: PoolTask, error: FutureError<any Error>)] = []
    /// How many workers the thread is to start.
    var missing = 0
    let batch = PoolBatch()

    /// What others wait for.
    let life = Monitor(Life())

    struct Life {
        /// How many workers were started, and why one was not.
        var started = 0
        var startError: ProcessStartError?
        var isOver = false
    }

    init(_ settings: Settings) { self.settings = settings }

    // MARK: - Submitting

    /// Takes a task.
    func submit(_ task: PoolTask) throws(ExecutorError) {
        inboxLock.acquire()
        guard !inbox.isClosed else {
            inboxLock.release()
            throw refusal
        }
        guard inbox.thread != nil else {
            inboxLock.release()
            try open()
            return try submit(task)
        }
        inbox.tasks.append(task)
        let isAsleep = inbox.isAsleep
        inboxLock.release()
        if isAsleep, !handOutHere() { ring() }
    }

    /// Hands out what there is in the calling thread.
    ///
    /// - Returns: false if somebody else is about to, or if there is something that only the thread does.
    private func handOutHere() -> Bool {
        guard lock.tryAcquire() else { return false }
        defer { lock.release() }
        handOut()
        return missing == 0 && failing.isEmpty && !members.contains { $0.isBlocked && !$0.isWatchedForRoom }
    }

    var refusal: ExecutorError { lock.withLock { brokenBy }.map(ExecutorError.broken) ?? .shutDown }

    /// Has the thread look at everything once more.
    func ring() {
        inboxLock.withLock {
            inbox.isRung = true
            guard inbox.isAsleep else { return }
            inbox.isAsleep = false
            inbox.thread?.bell.signal()
        }
    }

    var isClosed: Bool { inboxLock.withLock { inbox.isClosed } }

    // MARK: - Cancelling

    func withdraw(_ future: AnyFuture) {
        lock.acquire()
        if let member = members.first(where: { $0.number == future.place }) { queue.prepend(member.recall()) }
        // Not so if it has begun meanwhile. A task that is nowhere is dropped when its turn comes.
        if future.place == PoolPlace.queue, future.state == .pending { future.place = PoolPlace.nowhere }
        lock.release()
        // What was taken back beside it is for the thread to hand out again.
        ring()
    }

    func wasCancelled(_ future: AnyFuture) {
        let gone = lock.withLock { () -> [PoolTask] in
            stale += 1
            guard stale >= 1024, stale > queue.count / 2 else { return [] }
            takeInbox()
            stale = 0
            let all = queue.takeAll()
            queue.append(contentsOf: all.filter { !$0.future.isCancelled })
            return all
        }
        // Let go without the lock: nobody knows what goes with them.
        withExtendedLifetime(gone) {}
    }

    func askToStop(_ future: AnyFuture) {
        lock.withLock {
            guard let member = members.first(where: { $0.number == future.place }) else { return }
            for sent in member.outstanding where sent.task.future === future { member.page.stop(sent.serial) }
        }
    }

    // MARK: - Finishing

    /// Finishes a task; the caller holds no lock.
    func finish(_ task: PoolTask, _ answer: PoolAnswer) {
        if task.finish(answer) { callbacks.add(task.future) }
    }

    func fail(_ failing: [(task: PoolTask, error: FutureError<any Error>)]) {
        for (task, error) in failing where task.breakDown(error) { callbacks.add(task.future) }
    }
}
