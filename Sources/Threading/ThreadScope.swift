/// Where threads are started that end before the scope does; see `withThreads`.
public struct ThreadScope: ~Copyable {
    private let threads = Guarded(Threads())

    fileprivate init() {}

    /// Makes a thread that is joined when the scope ends at the latest.
    ///
    /// - Parameters:
    ///   - name: how to call it; nil for `Thread-1`, `Thread-2` and so on.
    ///   - options: the stack, and what happens if somebody ends the program before the scope ends.
    ///   - body: what the thread does.
    /// - Returns: the thread, which may be joined earlier.
    /// - Throws: `ThreadError`; no thread was made then.
    @discardableResult
    public borrowing func start<Success: Sendable, Failure: Error>(
        name: String? = nil, options: ThreadOptions = ThreadOptions(),
        _ body: sending @escaping () throws(Failure) -> Success
    ) throws(ThreadError) -> Thread<Success, Failure> {
        let thread = try Thread(name: name, options: options, body)
        let joining = Joining(
            isFinished: { thread.isFinished }, join: { () throws(JoinError<any Error>) in try thread.finish() })
        threads.withLock { $0.add(joining) }
        return thread
    }

    /// Joins all threads, in the order in which they were started, and returns the first error.
    fileprivate borrowing func joinAll() -> JoinError<any Error>? {
        while let next = threads.withLock({ $0.next() }) {
            do {
                try next.join()
            } catch {
                threads.withLock { $0.firstError = $0.firstError ?? error }
            }
        }
        return threads.withLock { $0.firstError }
    }

    private struct Joining {
        let isFinished: () -> Bool
        let join: () throws(JoinError<any Error>) -> Void
    }

    /// The threads that are to be joined. Those that have ended meanwhile are forgotten now and then, so that a scope
    /// that lasts holds no more than the threads that run.
    private struct Threads {
        var firstError: JoinError<any Error>?
        private var joinings: [Joining] = []
        private var sweepAt = 16

        mutating func add(_ joining: Joining) {
            if joinings.count >= sweepAt {
                var running: [Joining] = []
                for joining in joinings {
                    guard joining.isFinished() else {
                        running.append(joining)
                        continue
                    }
                    do { try joining.join() } catch { firstError = firstError ?? error }
                }
                joinings = running
                sweepAt = max(16, 2 * joinings.count)
            }
            joinings.append(joining)
        }

        mutating func next() -> Joining? { joinings.isEmpty ? nil : joinings.removeFirst() }
    }
}

extension Thread {
    /// Joins the thread for whoever does not care what it returned or what its error is.
    fileprivate func finish() throws(JoinError<any Error>) {
        do {
            try join()
        } catch {
            switch error {
            case .failed(let failure): throw .failed(failure)
            case .wouldDeadlock: throw .wouldDeadlock
            }
        }
    }
}

/// Runs `body`, and returns when all threads that it started in the scope have ended, whether it returns or throws.
///
///     let total = try withThreads { scope in
///         let left = try scope.start { sum(of: numbers[..<middle]) }
///         let right = try scope.start { sum(of: numbers[middle...]) }
///         return try left.join() + right.join()
///     }
///
/// - Parameter body: starts threads through the scope that it gets.
/// - Returns: what `body` returned.
/// - Throws: what `body` threw; if it returned, the error of the first thread, in the order of their start, that
///   failed.
public func withThreads<Result: ~Copyable>(
    _ body: (borrowing ThreadScope) throws -> Result
) throws -> Result {
    let scope = ThreadScope()
    let result: Result
    do {
        result = try body(scope)
    } catch {
        _ = scope.joinAll()
        throw error
    }
    if let failure = scope.joinAll() { throw failure }
    return result
}
