import Linux
public import Synchronization
package import Threading

/// A future of whatever type: how far it has come, and a way to cancel it.
///
/// Every `Future` is one. Futures of different types can be waited for together as `[AnyFuture]`. Two are equal when
/// they are the same object.
@safe public class AnyFuture: @unchecked Sendable, Hashable {
    @usableFromInline internal let word = Atomic<UInt32>(0)
    /// Guards the audience, and nothing else.
    private let lock = FutexLock()
    private var audience: Audience?
    /// The next one in the queue of a pool, which guards it: the bits of a pointer.
    internal final var next: UInt = 0

    /// The pool in whose queue it is or was; nil if whoever holds a promise does the work.
    internal final let pool: PoolCore?
    /// What a pool is to do: it gets this very object, and settles the result. Gone as soon as it has run or was
    /// cancelled; whoever takes the future out of pending is the only one to touch it.
    internal final var work: ((AnyFuture) -> Void)?
    /// Who does the work, if that is an executor of another module; set before anybody else knows the future.
    package final var outside: (any OutsideExecutor)?
    /// Where its work is, for the executor of another module, which guards it.
    package final var place: UInt64 = 0

    @usableFromInline internal init(in pool: PoolCore?, work: ((AnyFuture) -> Void)?) {
        self.pool = pool
        self.work = work
    }

    // MARK: Looking

    @inlinable internal final var current: FutureWord { FutureWord(bits: word.load(ordering: .acquiring)) }

    /// How far it has come. By the time the caller looks at the answer, it may have come further.
    public final var state: FutureState { current.state }

    /// Whether it has a value or an error, or was cancelled. Once true, it stays true. Python's `done()`.
    @inlinable public final var isDone: Bool { current.isDone }

    /// Whether somebody works on it at this moment. Python's `running()`.
    public final var isRunning: Bool { current.isRunning }

    /// Whether it was cancelled before anybody began to work on it. Python's `cancelled()`.
    @inlinable public final var isCancelled: Bool { current.isCancelled }

    /// Whether somebody asked the work to stop: see `requestCancellation()`.
    public final var isCancellationRequested: Bool {
        let word = current
        return word.isCancelled || word.has(FutureWord.stop)
    }

    // MARK: Cancelling

    /// Cancels it, unless somebody works on it or has done so.
    ///
    /// Whoever waits for it is told at once, and the callbacks run in the calling thread: nobody has to wait until an
    /// executor reaches it. The work is let go, and never runs.
    ///
    /// - Returns: whether it is cancelled now; false if it runs or is finished.
    @discardableResult
    public final func cancel() -> Bool {
        var before = current
        // The work may be on its way to where it is done, and only its executor can hold it up.
        if let outside, before.isPending {
            outside.withdraw(self)
            before = current
        }
        while before.isPending {
            let (isCancelled, found) = word.weakCompareExchange(
                expected: before.bits, desired: FutureWord.cancelled, successOrdering: .acquiringAndReleasing,
                failureOrdering: .acquiring)
            if isCancelled {
                letGo()
                tell(before)
                return true
            }
            before = FutureWord(bits: found)
        }
        return before.isCancelled
    }

    /// Cancels it if that is still possible, and otherwise asks the work to stop.
    ///
    /// The work has to look, by `CurrentWork.isCancellationRequested` in a thread pool, or by
    /// `Promise.isCancellationRequested`; what it then returns or throws is the result as ever. Python cannot do that.
    ///
    /// - Returns: whether it is cancelled now; false if it runs or is finished.
    @discardableResult
    public final func requestCancellation() -> Bool {
        if cancel() { return true }
        word.bitwiseOr(FutureWord.stop, ordering: .releasing)
        outside?.askToStop(self)
        return false
    }

    // MARK: The way to the end, for those who do the work

    /// Takes it from pending to running.
    ///
    /// - Returns: whether this call did so, and with it the duty to finish it.
    internal final func begin(by worker: UInt32 = 0) -> Bool {
        var before = current
        while before.isPending {
            let (hasBegun, found) = word.weakCompareExchange(
                expected: before.bits, desired: before.begun(by: worker).bits, successOrdering: .acquiring,
                failureOrdering: .acquiring)
            if hasBegun { return true }
            before = FutureWord(bits: found)
        }
        return false
    }

    /// Says that the result is there, and wakes the threads that wait for this future alone. Who is left is for `tell`.
    internal final func publish() -> FutureWord {
        FutureWord(bits: word.exchange(FutureWord.finished, ordering: .acquiringAndReleasing))
    }

    /// Tells everybody that it is done: threads that wait first, callbacks last.
    ///
    /// - Parameter before: the word as it was when it became done.
    internal final func tell(_ before: FutureWord) {
        if wakeAll(before) { callBack() }
    }

    /// Tells everybody but the callbacks.
    ///
    /// - Parameter before: the word as it was when it became done.
    /// - Returns: whether there are callbacks; then `callBack` has to follow.
    internal final func wakeAll(_ before: FutureWord) -> Bool {
        if before.has(FutureWord.sleepers) { Futex.wake(on: word, .max) }
        guard before.has(FutureWord.listeners) else { return false }
        lock.acquire()
        guard let audience else {
            lock.release()
            return false
        }
        var wakes = audience.observers.select(.max)
        let hasCallbacks = !audience.callbacks.isEmpty
        if !hasCallbacks { self.audience = nil }
        lock.release()
        wakes.wakeAll()
        return hasCallbacks
    }

    /// Runs the callbacks of a future that is done, and those that are added meanwhile.
    package final func callBack() {
        while true {
            lock.acquire()
            let callbacks = audience?.callbacks ?? []
            audience?.callbacks = []
            if callbacks.isEmpty { self.audience = nil }
            lock.release()
            if callbacks.isEmpty { return }
            for callback in callbacks { call(callback) }
        }
    }

    private func call(_ callback: Audience.Callback) {
        // Nobody waits for what a callback throws, and others want their turn.
        do { try callback(self) } catch { UncaughtErrors.report(error) }
    }

    // MARK: The audience

    /// Has somebody told when the future is done, before all callbacks.
    ///
    /// - Parameter waiter: one with a callback of its own, which must return soon.
    /// - Returns: false if it is done: then nobody will be told.
    package final func observe(_ waiter: Waiter) -> Bool {
        lock.withLock {
            guard let audience = openAudience() else { return false }
            audience.observers.append(waiter)
            return true
        }
    }

    /// Takes back what `observe` said. Somebody who was chosen already is told all the same.
    package final func stopObserving(_ waiter: Waiter) {
        _ = lock.withLock { audience?.observers.remove(waiter) }
    }

    /// How many observe it.
    package final var observerCount: Int { lock.withLock { audience?.observers.count ?? 0 } }

    internal final func addCallback(_ callback: @escaping Audience.Callback) {
        let isAdded = lock.withLock {
            // Even when it is done, callbacks that were added earlier may be running, and have precedence.
            guard let audience = openAudience() ?? audience else { return false }
            audience.callbacks.append(callback)
            return true
        }
        if !isAdded { call(callback) }
    }

    /// The audience of a future that is not done, which whoever finishes it will see. With the lock held.
    private func openAudience() -> Audience? {
        if current.isDone { return nil }
        let audience = audience ?? Audience()
        let before = FutureWord(bits: word.bitwiseOr(FutureWord.listeners, ordering: .acquiringAndReleasing).oldValue)
        // Finished at this moment, by somebody who has seen no listeners.
        if before.isDone { return nil }
        self.audience = audience
        return audience
    }

    // MARK: The work of a pool

    /// Does the work of a task that was in the queue, after `begin`.
    internal final func perform(in worker: Worker) {
        pool?.hasLeftQueue()
        performInPlace(worker)
    }

    /// Does the work of a task that never was in the queue, after `begin`.
    internal final func performInPlace(_ worker: Worker) {
        worker.enter(self)
        runWork()
        worker.leave(self)
    }

    /// In a function of its own, so that the work and what it holds are gone before anybody learns of the result.
    private func runWork() {
        guard let work = work.take() else { preconditionFailure("a task was begun twice") }
        work(self)
    }

    /// Lets the work go, because nobody will do it.
    private func letGo() {
        outside?.wasCancelled(self)
        guard let pool else { return }
        work = nil
        pool.wasCancelled()
    }

    /// Finishes a task of a broken pool, after `begin`.
    internal final func breakDown(_ reason: BrokenReason) {
        pool?.hasLeftQueue()
        work = nil
        settleBroken(reason)
        tell(publish())
    }

    // MARK: For the type of the result

    /// Whether it is done and has an error, or is broken; to be cancelled is not to fail.
    internal var hasFailed: Bool { false }

    /// Whether no code runs when the value is let go.
    internal var hasPlainValue: Bool { false }

    /// Writes the result of a future that the caller has begun.
    internal func settleBroken(_ reason: BrokenReason) {}

    // MARK: Identity

    /// Whether both are the same future.
    public static func == (left: AnyFuture, right: AnyFuture) -> Bool { left === right }

    /// Feeds the identity into the hasher.
    public final func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
