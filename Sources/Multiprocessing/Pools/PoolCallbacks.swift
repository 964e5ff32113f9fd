import Futures
import Linux
import Threading

/// Runs what users want to be called when a future is done, in a thread of its own: a callback may take as long as it
/// likes, and wait for other tasks of the same pool, and no task has to wait for it.
final class PoolCallbacks: Sendable {
    private struct State {
        var waiting: [AnyFuture] = []
        var thread: Threading.Thread<Void, Never>?
        var id: Int32 = 0
        var isClosed = false
        var isOver = true
    }

    private let state = Monitor(State())

    /// Has the callbacks of a future run that is done.
    func add(_ future: AnyFuture) {
        let isTaken = state.withLock { state in
            state.waiting.append(future)
            if !state.isOver { return true }
            do {
                // The end of the program waits for the pools, not for this.
                let options = ThreadOptions(atExit: .detach)
                state.thread = try Threading.Thread(name: "pool-callbacks", options: options) { self.run() }
                state.isOver = false
                return true
            } catch {
                state.waiting.removeLast()
                return false
            }
        }
        // Without a thread, better here than never.
        if !isTaken { future.callBack() }
    }

    private func run() {
        state.withLock { $0.id = KernelThread.id }
        while true {
            let next = state.wait(
                until: { !$0.waiting.isEmpty || $0.isClosed },
                then: { state -> [AnyFuture]? in
                    if state.waiting.isEmpty {
                        state.isOver = true
                        return nil
                    }
                    defer { state.waiting = [] }
                    return state.waiting
                })
            guard let futures = next ?? nil else { return }
            for future in futures { future.callBack() }
        }
    }

    /// Whether the calling thread is the one that runs them.
    var isCurrent: Bool { state.withLock { !$0.isOver && $0.id == KernelThread.id } }

    /// Lets the thread end when it has run what there is. More can be added nevertheless.
    func close() { state.withLock { $0.isClosed = true } }

    /// Waits for that.
    func join(until deadline: Deadline) -> Bool {
        guard state.wait(timeout: deadline.remaining, until: { $0.isOver }) else { return false }
        // It has nothing left to do but to end.
        if let thread = state.withLock({ $0.thread.take() }) { _ = try? thread.join(timeout: nil) }
        return true
    }
}
