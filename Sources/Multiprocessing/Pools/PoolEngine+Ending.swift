import CLinux
import Futures
import Linux
import Threading

/// How a pool begins and ends.
extension PoolEngine {
    /// Starts the thread, if there is none.
    func open() throws(ExecutorError) {
        PoolEnd.prepare()
        let thread: PoolThread
        do throws(SystemError) {
            thread = try PoolThread()
        } catch {
            let reason = ProcessStartError.connection(ConnectionError(error))
            throw .broken(.worker(PoolFailure.cannotStart(reason)))
        }
        // Others may be about to do the same.
        inboxLock.acquire()
        defer { inboxLock.release() }
        guard inbox.thread == nil, !inbox.isClosed else { return }
        guard PoolEnd.add(self) else { throw .shutDown }
        do throws(ThreadError) {
            try thread.start(self)
        } catch {
            PoolEnd.remove(self)
            throw .thread(error)
        }
        inbox.thread = thread
    }

    /// Starts all workers, and waits until they are started.
    func startAll() throws(ExecutorError) {
        try open()
        lock.withLock { wanted = settings.maxWorkers }
        ring()
        let count = settings.maxWorkers
        life.wait(until: { $0.started >= count || $0.startError != nil || $0.isOver })
        lock.withLock { wanted = 0 }
        guard let error = life.withLock({ $0.startError }) else { return }
        terminate(signal: 9, grace: nil)
        _ = join(until: Deadline(after: nil))
        throw .broken(.worker(PoolFailure.cannotStart(error)))
    }

    /// Takes no more tasks; the workers end when they have done what there is.
    func close() {
        let isOver = inboxLock.withLock {
            inbox.isClosed = true
            return inbox.thread == nil
        }
        if isOver { life.withLock { $0.isOver = true } } else { ring() }
    }

    /// Cancels what nobody has begun.
    func cancelPending() {
        let pending = lock.withLock { () -> [PoolTask] in
            takeInbox()
            for member in members { queue.prepend(member.recall()) }
            let all = queue.takeAll()
            // A worker that had been told to begin with it may not have come so far. Put back under the same lock: with
            // an empty queue the pool's thread may think that all is done.
            queue.prepend(all.filter(\.hasBegun))
            return all.filter { !$0.hasBegun }
        }
        for task in pending { task.future.cancel() }
        ring()
    }

    /// Ends the pool at once: cancels what nobody has begun, and has the workers end.
    ///
    /// - Parameters:
    ///   - signal: what is sent to the workers.
    ///   - grace: after which time those are killed that have not ended; nil if that is no use.
    func terminate(signal: Int32, grace: Duration?) {
        close()
        lock.withLock { isTerminated = true }
        cancelPending()
        let all = lock.withLock { () -> [PoolMember] in
            let broken = queue.takeAll().map { ($0, FutureError<any Error>.broken(.rejected(.shutDown))) }
            failing += broken
            if let grace { killAt = Deadline(after: grace).nanoseconds }
            return members
        }
        // One that has ended meanwhile takes no signal.
        for member in all { _ = try? member.process.send(signal: signal) }
        ring()
    }

    /// Ends a pool that nobody has closed, and nobody can use any more.
    func abandon() {
        if !isClosed {
            let words = "Pool \(settings.name) was dropped without close(): its workers are terminated\n"
            _ = Linux.StandardError.writeQuietly(Array(words.utf8)[...])
        }
        terminate(signal: 15, grace: .seconds(5))
    }

    /// Kills those that were asked to end and have not.
    func killUnheeding() {
        for member in lock.withLock({ members }) { _ = try? member.process.kill() }
    }

    /// Ends the pool because nobody can say what tasks would find.
    func breakDown(_ reason: BrokenReason) {
        inboxLock.withLock { inbox.isClosed = true }
        let pending = lock.withLock { () -> [PoolTask] in
            brokenBy = brokenBy ?? reason
            takeInbox()
            for member in members { queue.prepend(member.recall()) }
            return queue.takeAll()
        }
        fail(pending.map { ($0, .broken(reason)) })
        ring()
    }

    /// The last thing that the thread does.
    func leave() {
        inboxLock.withLock { inbox.isAsleep = false }
        callbacks.close()
        PoolEnd.remove(self)
        life.withLock { $0.isOver = true }
    }

    /// Waits until all workers have ended, and all callbacks have run.
    func join(until deadline: Deadline) -> Bool {
        guard life.wait(timeout: deadline.remaining, until: { $0.isOver }) else { return false }
        let thread = inboxLock.withLock { inbox.thread }
        // It has nothing left to do but to end.
        if let thread, !thread.isCurrent {
            _ = try? thread.thread?.join(timeout: nil)
            inboxLock.withLock { inbox.thread = nil }
        }
        return callbacks.isCurrent || callbacks.join(until: deadline)
    }

    /// Whether the calling thread would wait for itself.
    var isCurrent: Bool { inboxLock.withLock { inbox.thread?.isCurrent ?? false } }
}

/// The pools that have workers, for the end of the program.
enum PoolEnd {
    private struct State {
        var engines: [ObjectIdentifier: PoolEngine] = [:]
        var isEnding = false
    }

    private static let state = Monitor(State())

    /// Handlers run the last one first: this has to run before the library ends all processes.
    private static let isInstalled: Bool = {
        Children.prepare()
        home.settle()
        return atexit { PoolEnd.end() } == 0
    }()
    private static let home = HomeProcess()

    static func prepare() { _ = isInstalled }

    static func add(_ engine: PoolEngine) -> Bool {
        state.withLock { state in
            if !state.isEnding { state.engines[ObjectIdentifier(engine)] = engine }
            return !state.isEnding
        }
    }

    static func remove(_ engine: PoolEngine) { state.withLock { $0.engines[ObjectIdentifier(engine)] = nil } }

    /// The program ends: pools finish what they have. Another thread than the main one waits for none; they may be
    /// waiting for it.
    private static func end() {
        guard home.isHere else { return }
        let engines = state.withLock { state in
            state.isEnding = true
            return Array(state.engines.values)
        }
        for engine in engines {
            if engine.settings.diesAtExit { engine.abandon() } else { engine.close() }
        }
        guard KernelThread.id == KernelProcess.id else {
            for engine in engines { engine.lock.withLock { engine.isTerminated = true } }
            return
        }
        for engine in engines { _ = engine.join(until: Deadline(after: nil)) }
    }
}
