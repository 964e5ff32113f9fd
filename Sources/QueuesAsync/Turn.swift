import Queues
import Threading

/// One wait of a task at a queue: it ends when the queue calls back, when the task is cancelled or when it is too late,
/// whichever comes first, and leaves nothing behind at the queue.
internal final class Turn: Sendable {
    internal enum Ending: Sendable {
        /// The queue called back. It counts on it that the task looks at once.
        case selected
        /// There was no need to wait.
        case needless
        case tooLate
        case cancelled
    }

    private enum State {
        case new
        case waiting(CheckedContinuation<Ending, Never>)
        case over(Ending)
    }

    private let queue: QueueCore
    private let wish: Wish
    private let state = Monitor(State.new)

    private init(_ queue: QueueCore, _ wish: Wish) {
        self.queue = queue
        self.wish = wish
    }

    /// Waits until it is worth trying again. Then the caller must try, whatever the ending is: it may be the one whom
    /// the queue has chosen.
    ///
    /// - Parameters:
    ///   - again: whether an earlier wait came to nothing, so that this one keeps its place.
    ///   - deadline: when to give up.
    internal static func wait(
        at queue: QueueCore, for wish: Wish, again: Bool, until deadline: Deadline
    ) async -> Ending {
        let turn = Turn(queue, wish)
        let waiter = Waiter(callback: { turn.selected() })
        // A task of its own only for those who have a limit and must wait.
        let alarm = deadline.remaining.map { remaining in
            Task {
                try? await Task.sleep(for: remaining)
                if !Task.isCancelled { turn.giveUp(.tooLate, waiter) }
            }
        }
        defer { alarm?.cancel() }
        let ending = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in turn.begin(continuation, waiter, again) }
        } onCancel: {
            turn.giveUp(.cancelled, waiter)
        }
        if ending == .selected { queue.arrive(for: wish, isLeaving: false) }
        return ending
    }

    private func begin(_ continuation: CheckedContinuation<Ending, Never>, _ waiter: Waiter, _ again: Bool) {
        let early: Ending? = state.withLock { state in
            if case .over(let ending) = state { return ending }
            state = .waiting(continuation)
            return nil
        }
        if let early { return continuation.resume(returning: early) }
        if !queue.enlist(waiter, for: wish, again: again) { _ = end(.needless) }
        // Whoever gave up between the two has looked for the waiter too early.
        if isOver { queue.withdraw(waiter, for: wish) }
    }

    /// The queue calls back: there may be something to get, or room.
    private func selected() {
        if end(.selected) { return }
        // Nobody is there any more to make use of it, so the queue has to look for somebody else.
        queue.arrive(for: wish, isLeaving: true)
    }

    private func giveUp(_ ending: Ending, _ waiter: Waiter) {
        if end(ending) { queue.withdraw(waiter, for: wish) }
    }

    private func end(_ ending: Ending) -> Bool {
        let (isFirst, continuation) = state.withLock { state -> (Bool, CheckedContinuation<Ending, Never>?) in
            switch state {
            case .new:
                state = .over(ending)
                return (true, nil)
            case .waiting(let continuation):
                state = .over(ending)
                return (true, continuation)
            case .over: return (false, nil)
            }
        }
        continuation?.resume(returning: ending)
        return isFirst
    }

    private var isOver: Bool {
        state.withLock { state in
            if case .over = state { return true }
            return false
        }
    }
}
