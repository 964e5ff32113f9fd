public import Futures
import Threading

/// The results of `Pool.imapUnordered`, as they come.
///
/// Inputs are read as results are taken, so that no more tasks are on their way than the buffer has room for. When this
/// object is let go, what has not begun is cancelled, and what runs is asked to stop. It is for one thread at a time.
public final class UnorderedResults<Success: Sendable> {
    typealias Chunk = Future<[Result<Success, any Error>], any Error>

    private var submitNext: (() throws(ExecutorError) -> (Chunk, Int)?)?
    private let arrivals = Monitor<[Int]>([])
    private var chunks: [Int: (future: Chunk, count: Int)] = [:]
    private var made = 0
    private var ready: [Result<Success, FutureError<any Error>>] = []
    private var refusal: ExecutorError?

    init<Inputs: Sequence>(
        _ inputs: Inputs, chunkSize: Int, bufferSize: Int,
        submit: @escaping ([Inputs.Element]) throws(ExecutorError) -> Chunk
    ) throws(ExecutorError) {
        guard chunkSize >= 1 else { throw .notPositive("the chunk size", chunkSize) }
        guard bufferSize >= 1 else { throw .notPositive("the buffer size", bufferSize) }
        var iterator = inputs.makeIterator()
        submitNext = { () throws(ExecutorError) in
            var items: [Inputs.Element] = []
            while items.count < chunkSize, let item = iterator.next() { items.append(item) }
            return items.isEmpty ? nil : (try submit(items), items.count)
        }
        do throws(ExecutorError) {
            while chunks.count < bufferSize, try submitOne() {}
        } catch {
            cancelRest()
            throw error
        }
    }

    deinit { cancelRest() }

    /// The next result, of whichever input.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: what the function returned; nil when there are no more inputs.
    /// - Throws: `FutureError`: `timedOut`, after which the result may still come, or what concerns one input; the
    ///   others are still to be had.
    public func next(timeout: Duration? = nil) throws(FutureError<any Error>) -> Success? {
        try nextResult(timeout: timeout)?.get()
    }

    /// The next result or error, of whichever input; nil when there are no more.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    public func nextResult(timeout: Duration? = nil) -> Result<Success, FutureError<any Error>>? {
        if let result = ready.popLast() { return result }
        guard !chunks.isEmpty else { return refusal.take().map { .failure(.broken(.rejected($0))) } }
        let number = arrivals.wait(timeout: timeout, until: { !$0.isEmpty }, then: { $0.removeFirst() })
        guard let number, let (future, count) = chunks.removeValue(forKey: number) else { return .failure(.timedOut) }
        switch future.result() {
        case .success(let results): ready = results.reversed().map { $0.mapError(FutureError.failed) }
        case .failure(let error): ready = Array(repeating: .failure(error), count: count)
        }
        // Whatever goes wrong now is told when its turn comes.
        do throws(ExecutorError) { _ = try submitOne() } catch { refusal = error }
        return ready.popLast()
    }

    private func submitOne() throws(ExecutorError) -> Bool {
        guard let submitNext else { return false }
        do throws(ExecutorError) {
            if let (future, count) = try submitNext() {
                add(future, count)
                return true
            }
        } catch {
            self.submitNext = nil
            throw error
        }
        self.submitNext = nil
        return false
    }

    private func add(_ future: Chunk, _ count: Int) {
        let number = made
        made += 1
        chunks[number] = (future, count)
        let waiter = Waiter(callback: { [arrivals] in arrivals.withLock { $0.append(number) } })
        if !future.observe(waiter) { arrivals.withLock { $0.append(number) } }
    }

    private func cancelRest() {
        submitNext = nil
        // The last one first, so that none of them begins while others are cancelled.
        for number in chunks.keys.sorted(by: >) { chunks[number]?.future.requestCancellation() }
        chunks = [:]
    }
}

/// Makes one future of many, for `Pool.mapAsync`.
final class PoolCollector<Output: Sendable>: OutsideExecutor, @unchecked Sendable {
    typealias Chunk = Future<[Result<Output, any Error>], any Error>

    private let engine: PoolEngine
    private let state = Monitor(State())

    private struct State {
        var chunks: [Chunk] = []
        /// The chunks that are not done, and one more until all are known.
        var left = 1
        /// nil when it is finished: the future has this object, too.
        var future: Future<[Output], any Error>?
    }

    init(_ engine: PoolEngine) {
        self.engine = engine
        let future = Future<[Output], any Error>(outside: self)
        state.withLock { $0.future = future }
    }

    var future: Future<[Output], any Error> {
        guard let future = state.withLock({ $0.future }) else { preconditionFailure("it is asked for at first") }
        return future
    }

    func add(_ chunk: Chunk) {
        state.withLock { state in
            state.chunks.append(chunk)
            state.left += 1
        }
        let waiter = Waiter(callback: { self.oneIsDone() })
        if !chunk.observe(waiter) { oneIsDone() }
    }

    /// All are known now.
    func begin() { oneIsDone() }

    private func oneIsDone() {
        let finished = state.withLock { state -> (Future<[Output], any Error>, [Chunk])? in
            state.left -= 1
            guard state.left == 0, let future = state.future.take() else { return nil }
            defer { state.chunks = [] }
            return (future, state.chunks)
        }
        // Otherwise it was cancelled.
        guard let (future, chunks) = finished, future.beginOutside() else { return }
        if future.finishOutside(collect(chunks)) { engine.callbacks.add(future) }
    }

    private func collect(_ chunks: [Chunk]) -> Result<[Output], FutureError<any Error>> {
        var outputs: [Output] = []
        for chunk in chunks {
            switch chunk.result() {
            case .failure(let error): return .failure(error)
            case .success(let results):
                for result in results {
                    switch result {
                    case .success(let output): outputs.append(output)
                    case .failure(let error): return .failure(.failed(error))
                    }
                }
            }
        }
        return .success(outputs)
    }

    // MARK: - The future is cancelled

    func withdraw(_ future: AnyFuture) {}

    func wasCancelled(_ future: AnyFuture) {
        let (chunks, kept) = state.withLock { ($0.chunks, $0.future.take()) }
        withExtendedLifetime(kept) {}
        for chunk in chunks.reversed() { chunk.requestCancellation() }
    }

    func askToStop(_ future: AnyFuture) {}
}
