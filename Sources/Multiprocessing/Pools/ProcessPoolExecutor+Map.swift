public import Futures

/// Two values as one argument, where Python has a tuple: tuples are not `Codable`.
public struct Pair<First: Codable & Sendable, Second: Codable & Sendable>: Codable, Sendable {
    /// The first one.
    public let first: First
    /// The second one.
    public let second: Second

    /// Both values.
    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }
}

extension Pair: Equatable where First: Equatable, Second: Equatable {}
extension Pair: Hashable where First: Hashable, Second: Hashable {}

extension ProcessPoolExecutor {
    /// Runs a function for each of many inputs, several at a time. Python's `Executor.map`.
    ///
    ///     let squares = try pool.map(square, 1...1000, chunkSize: 50).collect()
    ///
    /// - Parameters:
    ///   - function: what to run; the workers' program must have registered it.
    ///   - inputs: what to run it with. Without a buffer size all of them are read and submitted now.
    ///   - chunkSize: how many inputs make one task. More than one saves time where the work is short. An error
    ///     concerns its own input only; the death of a worker concerns its whole chunk.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got, so that inputs are read as
    ///     results are: needed where there is no end of inputs. Nil for no limit.
    ///   - timeout: how long all of it may take, from now on; nil for no limit, zero or less for what is done at once.
    /// - Returns: where to get the results, in the order of the inputs.
    /// - Throws: `ExecutorError.notPositive` for a size below 1, and what `submit` throws.
    @inlinable public func map<Inputs: Sequence, Output>(
        _ function: RemoteFunction<Inputs.Element, Output>, _ inputs: Inputs, chunkSize: Int = 1,
        bufferSize: Int? = nil, timeout: Duration? = nil
    ) throws(ExecutorError) -> MapResults<Output, any Error> {
        // As long as there are inputs the results keep the pool, which is closed when nobody has it any more.
        if chunkSize == 1 {
            return try MapResults(inputs, bufferSize: bufferSize, timeout: timeout) {
                [self] (item: Inputs.Element) throws(ExecutorError) in try submit(function, item)
            }
        }
        return try MapResults(inputs, chunkSize: chunkSize, bufferSize: bufferSize, timeout: timeout) {
            [self] (items: [Inputs.Element]) throws(ExecutorError) in try submit(chunk: items, function)
        }
    }

    /// Runs a function for each pair of inputs, until either has no more. Python's `map` with two iterables.
    ///
    /// - Parameters:
    ///   - function: what to run.
    ///   - first: the first input of each pair.
    ///   - second: the second input of each pair.
    ///   - chunkSize: how many pairs make one task.
    ///   - bufferSize: how many tasks may be submitted whose results nobody has got; nil for no limit.
    ///   - timeout: how long all of it may take, from now on; nil for no limit.
    /// - Returns: where to get the results, in the order of the inputs.
    /// - Throws: as `map` with one sequence.
    @inlinable public func map<First: Sequence, Second: Sequence, Output>(
        _ function: RemoteFunction<Pair<First.Element, Second.Element>, Output>, _ first: First, _ second: Second,
        chunkSize: Int = 1, bufferSize: Int? = nil, timeout: Duration? = nil
    ) throws(ExecutorError) -> MapResults<Output, any Error> {
        try map(
            function, zip(first, second).lazy.map { Pair($0, $1) }, chunkSize: chunkSize, bufferSize: bufferSize,
            timeout: timeout)
    }

    /// Submits several inputs as one task.
    @usableFromInline func submit<Argument, Output>(
        chunk items: [Argument], _ function: RemoteFunction<Argument, Output>
    ) throws(ExecutorError) -> Future<[Result<Output, any Error>], any Error> {
        var unsent: [Int: any Error] = [:]
        let work: PoolWork
        do {
            work = try engine.encode(function.name) { writer in
                unsent = writer.writeAll(items)
                return items.count - unsent.count
            }
        } catch {
            if engine.isClosed { throw engine.refusal }
            return .failed(error)
        }
        let future = Future<[Result<Output, any Error>], any Error>(outside: engine)
        let task = ChunkTask(
            function, work, count: items.count, unsent: unsent, future, retries: engine.settings.retries)
        try engine.submit(task)
        return future
    }
}
