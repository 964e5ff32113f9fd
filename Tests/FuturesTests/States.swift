import Futures
import Testing
import Threading
import ToolkitTesting

/// What the tests' work throws.
enum Mishap: Error, Hashable {
    case spilled
    case burnt
}

typealias IntFuture = Future<Int, Mishap>

/// A future in each state, with what keeps it so.
struct States: ~Copyable {
    let pending: IntFuture
    let running: IntFuture
    let cancelled: IntFuture
    let failed = IntFuture.failed(.spilled)
    let fulfilled = IntFuture.fulfilled(42)
    private let waiting: Promise<Int, Mishap>
    private let working: Promise<Int, Mishap>

    init() {
        let waiting = Promise<Int, Mishap>()
        var working = Promise<Int, Mishap>()
        _ = working.begin()
        (pending, running) = (waiting.future, working.future)
        self.waiting = waiting
        self.working = working
        let dropped = Promise<Int, Mishap>()
        cancelled = dropped.future
        cancelled.cancel()
    }

    var all: [IntFuture] { [pending, running, cancelled, failed, fulfilled] }
}

extension Result where Success: Equatable {
    /// Whether it is this error.
    func isError<Wrapped>(
        _ error: Failure
    ) -> Bool where Wrapped: Equatable, Failure == FutureError<Wrapped> {
        if case .failure(error) = self { return true }
        return false
    }
}

extension Future {
    /// What kind of error there is at once.
    var problem: String {
        switch result(timeout: .zero) {
        case .success: "none"
        case .failure(.failed): "failed"
        case .failure(.cancelled): "cancelled"
        case .failure(.timedOut): "timed out"
        case .failure(.broken): "broken"
        case .failure(.wouldDeadlock): "would deadlock"
        }
    }
}
