import Futures
import Threading

/// One wait of a task for a future: it ends when the future is done, when the task is cancelled or when it is too late,
/// whichever comes first, and leaves nothing behind at the future.
internal final class Arrival: Sendable {
    internal enum Ending: Sendable {
        case done
        case tooLate
        case cancelled
    }

    private enum State {
        case new
        case waiting(CheckedContinuation<Ending, Never>)
        case over(Ending)
    }

    private let future: AnyFuture
    private let state = Monitor(State.new)

    private init(_ future: AnyFuture) { self.future = future }

    /// Waits for the future.
    ///
    /// - Parameter deadline: when to give up.
    internal static func wait(for future: AnyFuture, until deadline: Deadline) async -> Ending {
        let arrival = Arrival(future)
        let waiter = Waiter(callback: { arrival.end(.done) })
        // A task of its own only for those who have a limit and must wait.
        let alarm = deadline.remaining.map { remaining in
            Task {
                try? await Task.sleep(for: remaining)
                if !Task.isCancelled { arrival.giveUp(.tooLate, waiter) }
            }
        }
        defer { alarm?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in arrival.begin(continuation, waiter) }
        } onCancel: {
            arrival.giveUp(.cancelled, waiter)
        }
    }

    /// Waits for the future, also if the task is cancelled.
    internal static func waitRegardless(for future: AnyFuture) async {
        let arrival = Arrival(future)
        let waiter = Waiter(callback: { arrival.end(.done) })
        _ = await withCheckedContinuation { continuation in arrival.begin(continuation, waiter) }
    }

    private func begin(_ continuation: CheckedContinuation<Ending, Never>, _ waiter: Waiter) {
        let early: Ending? = state.withLock { state in
            if case .over(let ending) = state { return ending }
            state = .waiting(continuation)
            return nil
        }
        if let early { return continuation.resume(returning: early) }
        if !future.observe(waiter) { return end(.done) }
        // Whoever gave up between the two has looked for the waiter too early.
        if isOver { future.stopObserving(waiter) }
    }

    private func giveUp(_ ending: Ending, _ waiter: Waiter) {
        end(ending)
        future.stopObserving(waiter)
    }

    private func end(_ ending: Ending) {
        let continuation = state.withLock { state -> CheckedContinuation<Ending, Never>? in
            switch state {
            case .new:
                state = .over(ending)
                return nil
            case .waiting(let continuation):
                state = .over(ending)
                return continuation
            case .over: return nil
            }
        }
        continuation?.resume(returning: ending)
    }

    private var isOver: Bool {
        state.withLock { state in
            if case .over = state { return true }
            return false
        }
    }
}
