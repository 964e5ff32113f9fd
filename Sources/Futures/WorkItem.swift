import Threading

/// A future together with the work that it is the result of, so that both are one object: what a thread pool's queue
/// holds.
internal final class WorkItem<Success: Sendable, Failure: Error>: Future<Success, Failure>, @unchecked Sendable {
    private let pool: PoolCore
    /// Gone as soon as it has run or was cancelled. Whoever takes the item out of pending is the only one to touch it.
    private var work: (() throws(Failure) -> Success)?

    internal init(_ pool: PoolCore, _ work: sending @escaping () throws(Failure) -> Success) {
        self.pool = pool
        self.work = work
        super.init()
    }

    internal override var owner: PoolCore? { pool }

    internal override func perform(in worker: Worker) {
        pool.hasLeftQueue()
        performInPlace(worker)
    }

    /// Does the work of an item that never was in the queue.
    internal func performInPlace(_ worker: Worker) {
        worker.enter(self)
        settle(run())
        worker.leave(self)
    }

    /// In a function of its own, so that the work and what it holds are gone before anybody learns of the result.
    private func run() -> Result<Success, FutureError<Failure>> {
        guard let work = work.take() else { preconditionFailure("a task was begun twice") }
        do { return .success(try work()) } catch { return .failure(.failed(error)) }
    }

    internal override func letGo() {
        work = nil
        pool.wasCancelled()
    }

    internal override func breakDown(_ reason: BrokenReason) {
        pool.hasLeftQueue()
        work = nil
        super.breakDown(reason)
    }
}
