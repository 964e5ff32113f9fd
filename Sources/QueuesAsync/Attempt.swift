import Queues
import Threading

/// Tries, and waits at the queue and tries again, until it succeeds or its time is over.
///
/// - Parameters:
///   - attempt: one try; nil if it has to wait. Throws what ends it for good.
///   - exhausted: what to throw when it is too late.
/// - Returns: what `attempt` returned, even if the task was cancelled meanwhile: what was taken is not lost.
/// - Throws: what `attempt` threw, `exhausted`, or `CancellationError`.
internal func attempt<Result: ~Copyable>(
    at queue: QueueCore, for wish: Wish, timeout: Duration?, exhausted: some Error,
    _ attempt: () throws -> sending Result?
) async throws -> sending Result {
    if Task.isCancelled { throw CancellationError() }
    if let result = try attempt() { return result }
    let deadline = Deadline(after: timeout)
    var again = false
    while !deadline.isImmediate {
        let ending = await Turn.wait(at: queue, for: wish, again: again, until: deadline)
        if let result = try attempt() { return result }
        if ending == .cancelled || Task.isCancelled { throw CancellationError() }
        if ending == .tooLate || deadline.hasPassed { break }
        again = again || ending == .selected
    }
    throw exhausted
}
