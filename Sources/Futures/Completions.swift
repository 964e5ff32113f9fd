import Synchronization
import Threading

/// Several futures in the order in which they get done: what `asCompleted` returns.
///
/// It lets each future go when it has returned it, and the others when it goes itself; they go on as they are.
public final class Completions<Element: AnyFuture> {
    private var futures: [Element?]
    private var waiters: [Waiter?] = []
    private let arrivals = Monitor(Arrivals())
    private let clock: WaitClock
    private var remaining: Int

    /// The numbers of the futures that are done and were not yet returned.
    private struct Arrivals {
        private var numbers: [Int] = []
        private var first = 0

        var isEmpty: Bool { first == numbers.count }

        mutating func append(_ number: Int) { numbers.append(number) }

        mutating func removeFirst() -> Int {
            defer { first += 1 }
            return numbers[first]
        }
    }

    @usableFromInline internal init(_ futures: [Element], until clock: WaitClock) {
        self.futures = futures
        self.clock = clock
        remaining = futures.count
        waiters.reserveCapacity(futures.count)
        for (number, future) in futures.enumerated() {
            let waiter = Waiter(callback: { [arrivals] in arrivals.withLock { $0.append(number) } })
            let mustWait = future.observe(waiter)
            waiters.append(mustWait ? waiter : nil)
            if !mustWait { arrivals.withLock { $0.append(number) } }
        }
    }

    deinit {
        for (future, waiter) in zip(futures, waiters) {
            if let waiter { future?.stopObserving(waiter) }
        }
    }

    /// How many futures were not yet returned.
    public var remainingCount: Int { remaining }

    /// Waits until one more future is done, and returns it.
    ///
    /// - Returns: the future; nil when all were returned.
    /// - Throws: `WaitError.timedOut` when the time is over that was given to `asCompleted`, after all that were done
    ///   in time; `wouldDeadlock` in a task that only waits for itself. It may be called again in either case.
    public func next() throws(WaitError) -> Element? {
        guard remaining > 0 else { return nil }
        if clock.deadline.moment == nil, let worker = Worker.current, !hasArrival { try prepare(worker) }
        let number = arrivals.wait(
            timeout: clock.deadline.remaining, until: { !$0.isEmpty }, then: { $0.removeFirst() })
        guard let number else { throw .timedOut(unfinished: remaining, of: futures.count) }
        remaining -= 1
        waiters[number] = nil
        return futures[number].take()
    }

    private var hasArrival: Bool { arrivals.withLock { !$0.isEmpty } }

    /// Does what a worker has to do before it waits for tasks of its own pool: see `Worker.wait`.
    private func prepare(_ worker: Worker) throws(WaitError) {
        let left = futures.compactMap { $0 }
        for future in left where worker.help(with: future) { return }
        if left.contains(where: worker.isTooDeep) { throw .wouldDeadlock }
        if left.count == 1 {
            if worker.wait(for: left[0], until: clock.deadline) == .wouldDeadlock { throw .wouldDeadlock }
        } else if left.allSatisfy({ WaitGraph.isCircular($0, for: worker) }) {
            throw .wouldDeadlock
        }
    }
}

extension Completions where Element: AnyFuture {
    /// Gets done futures one after the other until there is none left: `forEach` of a sequence that can fail.
    ///
    /// - Parameter body: called for each future.
    /// - Throws: what `body` threw, or `WaitError` as `next()` does.
    public func forEach(_ body: (Element) throws -> Void) throws {
        while let future = try next() { try body(future) }
    }
}

/// Returns futures in the order in which they get done: Python's `as_completed`.
///
///     let completions = asCompleted(futures, timeout: .seconds(10))
///     while let future = try completions.next() { print(try future.get()) }
///
/// Those that are done already come first. One that was cancelled is done, also if it is still in the queue of its
/// executor.
///
/// - Parameters:
///   - futures: what to wait for; each is returned once, however often it is in there.
///   - timeout: how long to wait in all, from now on; nil for no limit, zero or less for those that are done now.
/// - Returns: where to get the futures.
public func asCompleted<Element: AnyFuture>(
    _ futures: some Sequence<Element>, timeout: Duration? = nil
) -> Completions<Element> {
    Completions(unique(futures), until: WaitClock(timeout))
}
