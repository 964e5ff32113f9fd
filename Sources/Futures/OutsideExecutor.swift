/// An executor in another module: it makes futures, has their work done elsewhere, and is asked before they are
/// cancelled.
package protocol OutsideExecutor: AnyObject, Sendable {
    /// Asked before a pending future is cancelled. If its work cannot be held up any more, this begins the future;
    /// otherwise the work is never done from now on, and the caller cancels the future.
    func withdraw(_ future: AnyFuture)

    /// Said when a future was cancelled.
    func wasCancelled(_ future: AnyFuture)

    /// Said when the work of a future that runs is to stop.
    func askToStop(_ future: AnyFuture)
}

extension AnyFuture {
    /// Takes it from pending to running, for an executor in another module.
    ///
    /// - Returns: whether this call did so, and with it the duty to finish it.
    package final func beginOutside() -> Bool { begin() }
}

extension Future {
    /// A future whose work is done by an executor in another module.
    package convenience init(outside executor: any OutsideExecutor) {
        self.init()
        outside = executor
    }

    /// Finishes a future that the caller has begun, and wakes all who wait, but leaves the callbacks of users to the
    /// caller, who may have no time for them.
    ///
    /// - Returns: whether there are callbacks; then `callBack` has to follow.
    package func finishOutside(_ result: Result<Success, FutureError<Failure>>) -> Bool {
        outcome = result
        return wakeAll(publish())
    }
}
