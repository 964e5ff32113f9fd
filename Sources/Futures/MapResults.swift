import Threading

/// The results of `map`, in the order of the inputs, as they are needed.
///
/// There are two ways to get them. `next()`, and `collect()` for all at once, throw the first error, as in Python, and
/// with it the rest is cancelled. `results` has a value or an error for each position, and goes on after errors. When
/// the time is over, or this object is let go, what has not begun is cancelled, and what runs is asked to stop.
///
/// It is for one thread at a time.
public final class MapResults<Success: Sendable, Failure: Error> {
    /// A future of the results of some inputs in a row. If it fails as a whole, each of them has failed.
    public typealias Chunk = Future<[Result<Success, Failure>], Failure>

    /// What was submitted: one input, or several.
    @usableFromInline internal enum Submitted {
        case one(Future<Success, Failure>)
        case chunk(Chunk, count: Int)

        @inlinable internal var future: AnyFuture {
            switch self {
            case .one(let future): future
            case .chunk(let future, _): future
            }
        }
    }

    @usableFromInline internal let clock: WaitClock
    /// Submits the next chunk; nil when there are no more inputs.
    @usableFromInline internal var submitNext: (() throws(ExecutorError) -> Submitted?)?
    /// What was submitted and not yet waited for, from `first` on.
    @usableFromInline internal var window: [Submitted] = []
    @usableFromInline internal var first = 0
    @usableFromInline internal var ready: [Result<Success, FutureError<Failure>>] = []
    @usableFromInline internal var readyIndex = 0
    @usableFromInline internal var refusal: ExecutorError?

    /// Submits inputs by chunks. Executors use it to offer `map`.
    ///
    /// - Parameters:
    ///   - inputs: what to work on; read only as far as needed.
    ///   - chunkSize: how many inputs make one task.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got; nil to submit all of them now.
    ///   - timeout: how long it may take in all, from now on.
    ///   - submit: has a chunk done; the results must be as many as the inputs, in their order.
    /// - Throws: `ExecutorError.notPositive` for a size below 1, or what `submit` threw: what was submitted before is
    ///   cancelled then.
    @inlinable public init<Inputs: Sequence>(
        _ inputs: Inputs, chunkSize: Int, bufferSize: Int?, timeout: Duration?,
        submit: @escaping ([Inputs.Element]) throws(ExecutorError) -> Chunk
    ) throws(ExecutorError) {
        clock = WaitClock(timeout)
        if chunkSize < 1 { throw .notPositive("the chunk size", chunkSize) }
        var iterator = inputs.makeIterator()
        submitNext = { () throws(ExecutorError) in
            var items: [Inputs.Element] = []
            while items.count < chunkSize, let item = iterator.next() { items.append(item) }
            return items.isEmpty ? nil : .chunk(try submit(items), count: items.count)
        }
        try begin(bufferSize)
    }

    /// Submits inputs one by one. Executors use it to offer `map`.
    ///
    /// - Parameters:
    ///   - inputs: what to work on; read only as far as needed.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got; nil to submit all of them now.
    ///   - timeout: how long it may take in all, from now on.
    ///   - submit: has an input done.
    /// - Throws: `ExecutorError.notPositive` for a size below 1, or what `submit` threw: what was submitted before is
    ///   cancelled then.
    @inlinable public init<Inputs: Sequence>(
        _ inputs: Inputs, bufferSize: Int?, timeout: Duration?,
        submit: @escaping (Inputs.Element) throws(ExecutorError) -> Future<Success, Failure>
    ) throws(ExecutorError) {
        clock = WaitClock(timeout)
        var iterator = inputs.makeIterator()
        submitNext = { () throws(ExecutorError) in
            guard let item = iterator.next() else { return nil }
            return .one(try submit(item))
        }
        try begin(bufferSize)
    }

    @inlinable internal func begin(_ bufferSize: Int?) throws(ExecutorError) {
        if let bufferSize, bufferSize < 1 { throw .notPositive("the buffer size", bufferSize) }
        do {
            var left = bufferSize ?? .max
            while left > 0, try submitOne() { left -= 1 }
            if bufferSize == nil { submitNext = nil }
        } catch {
            cancelRest()
            throw error
        }
    }

    deinit { cancelRest() }

    /// The result for the next input.
    ///
    /// - Returns: what the work returned; nil when there are no more inputs.
    /// - Throws: `FutureError` as `Future.get` does; the rest is cancelled, and the next call returns nil.
    @inlinable public func next() throws(FutureError<Failure>) -> Success? {
        guard let result = nextResult() else { return nil }
        do {
            return try result.get()
        } catch {
            cancelRest()
            throw error
        }
    }

    /// All results that are left.
    ///
    /// - Returns: what the work returned for each input, in their order.
    /// - Throws: the first error, as `next()` does; the rest is cancelled.
    @inlinable public func collect() throws(FutureError<Failure>) -> [Success] {
        var values: [Success] = []
        while let value = try next() { values.append(value) }
        return values
    }

    /// A value or an error for each position that is left, as a sequence.
    ///
    /// It goes on after an error of the work, and ends after `timedOut` and `wouldDeadlock`.
    public var results: MapPositions<Success, Failure> { MapPositions(source: self) }

    @inlinable internal func nextResult() -> Result<Success, FutureError<Failure>>? {
        if readyIndex == ready.count {
            ready = []
            readyIndex = 0
            guard first < window.count else {
                return refusal.take().map { .failure(.broken(.rejected($0))) }
            }
            let submitted = window[first]
            let ending = clock.wait(for: submitted.future)
            if ending == .done {
                removeFirst()
                // Whatever goes wrong now is told when its turn comes.
                do { _ = try submitOne() } catch { refusal = error }
            } else {
                cancelRest()
            }
            switch submitted {
            case .one(let future): return future.result(after: ending)
            case .chunk(let future, let count): ready = results(of: future, count, ending)
            }
        }
        defer { readyIndex += 1 }
        return ready[readyIndex]
    }

    @inlinable internal func results(
        of chunk: Chunk, _ count: Int, _ ending: WaitEnding
    ) -> [Result<Success, FutureError<Failure>>] {
        switch chunk.result(after: ending) {
        case .success(let results):
            precondition(results.count == count, "a chunk has not as many results as inputs")
            return results.map { $0.mapError(FutureError.failed) }
        case .failure(let error):
            // Where nothing more is waited for, one error is enough.
            return Array(repeating: .failure(error), count: ending == .done ? count : 1)
        }
    }

    @inlinable internal func submitOne() throws(ExecutorError) -> Bool {
        guard let submitNext else { return false }
        do {
            if let chunk = try submitNext() {
                window.append(chunk)
                return true
            }
        } catch {
            self.submitNext = nil
            throw error
        }
        self.submitNext = nil
        return false
    }

    @inlinable internal func removeFirst() {
        first += 1
        // Results are let go as they are taken; half of the array may be empty.
        if first * 2 > window.count {
            window.removeFirst(first)
            first = 0
        }
    }

    @usableFromInline internal func cancelRest() {
        submitNext = nil
        refusal = nil
        ready = []
        readyIndex = 0
        // The last one first, so that none of them begins while others are cancelled.
        for chunk in window[first...].reversed() { chunk.future.requestCancellation() }
        window = []
        first = 0
    }
}

/// A value or an error for each input of a `map`: see `MapResults.results`.
public struct MapPositions<Success: Sendable, Failure: Error>: Sequence, IteratorProtocol {
    @usableFromInline internal let source: MapResults<Success, Failure>

    internal init(source: MapResults<Success, Failure>) { self.source = source }

    /// The result for the next input; nil when there are no more.
    @inlinable public mutating func next() -> Result<Success, FutureError<Failure>>? { source.nextResult() }
}

extension ClosureExecutor {
    /// Does the same work for each of many inputs, several at a time. Python's `Executor.map`.
    ///
    ///     let sizes = try pool.map(paths, chunkSize: 16) { try size(of: $0) }.collect()
    ///
    /// - Parameters:
    ///   - inputs: what to work on. Without a buffer size all of them are read and submitted now.
    ///   - chunkSize: how many inputs make one task. More than one saves time where the work is short. An error
    ///     concerns its own input only.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got, so that inputs are read as
    ///     results are: needed where there is no end of inputs. Nil for no limit.
    ///   - timeout: how long all of it may take, from now on; nil for no limit, zero or less for what is done at once.
    ///   - work: what to do with an input.
    /// - Returns: where to get the results, in the order of the inputs.
    /// - Throws: `ExecutorError.notPositive` for a size below 1, and what `submit` throws.
    @inlinable public func map<Inputs: Sequence, Success: Sendable, Failure: Error>(
        _ inputs: Inputs, chunkSize: Int = 1, bufferSize: Int? = nil, timeout: Duration? = nil,
        _ work: @escaping @Sendable (Inputs.Element) throws(Failure) -> Success
    ) throws(ExecutorError) -> MapResults<Success, Failure> where Inputs.Element: Sendable {
        if chunkSize == 1 {
            return try MapResults(inputs, bufferSize: bufferSize, timeout: timeout) {
                (item: Inputs.Element) throws(ExecutorError) in
                try self.submit { () throws(Failure) in try work(item) }
            }
        }
        return try MapResults(inputs, chunkSize: chunkSize, bufferSize: bufferSize, timeout: timeout) {
            (items: [Inputs.Element]) throws(ExecutorError) in
            try self.submit { () throws(Failure) in
                var results: [Result<Success, Failure>] = []
                results.reserveCapacity(items.count)
                for item in items {
                    results.append(Result { () throws(Failure) in try work(item) })
                    // Nobody will get the results of a chunk that was asked to stop.
                    if CurrentWork.isCancellationRequested { break }
                }
                return results
            }
        }
    }

    /// Does the same work for each pair of inputs, until either has no more. Python's `map` with two iterables.
    ///
    /// - Parameters:
    ///   - first: the first input of each pair.
    ///   - second: the second input of each pair.
    ///   - chunkSize: how many pairs make one task.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got; nil for no limit.
    ///   - timeout: how long all of it may take, from now on; nil for no limit.
    ///   - work: what to do with a pair.
    /// - Returns: where to get the results, in the order of the inputs.
    /// - Throws: as `map` with one sequence.
    @inlinable public func map<First: Sequence, Second: Sequence, Success: Sendable, Failure: Error>(
        _ first: First, _ second: Second, chunkSize: Int = 1, bufferSize: Int? = nil, timeout: Duration? = nil,
        _ work: @escaping @Sendable (First.Element, Second.Element) throws(Failure) -> Success
    ) throws(ExecutorError) -> MapResults<Success, Failure> where First.Element: Sendable, Second.Element: Sendable {
        try map(zip(first, second), chunkSize: chunkSize, bufferSize: bufferSize, timeout: timeout) {
            (pair: (First.Element, Second.Element)) throws(Failure) in try work(pair.0, pair.1)
        }
    }
}
