public import Queues

/// A queue whose items come as an asynchronous sequence.
public protocol AsyncItemSource<Element>: QueueCore {
    /// What is put and got.
    associatedtype Element

    /// Takes the next item; the task is suspended until there is one.
    func get(timeout: Duration?) async throws -> sending Element
}

extension AsyncItemSource {
    /// Everything that is got from the queue from now on, until it has been shut down and is empty.
    ///
    ///     for await job in jobs.items { await run(job) }
    ///
    /// It also ends when the task is cancelled. Several tasks may iterate: each item goes to one of them. Whoever
    /// leaves the loop leaves the rest in the queue.
    public var items: QueueItems<Self> { QueueItems(source: self) }
}

extension Queue: AsyncItemSource {}
extension LifoQueue: AsyncItemSource {}
extension PriorityQueue: AsyncItemSource {}
extension SimpleQueue: AsyncItemSource {}

/// The items of a queue as an asynchronous sequence: see `AsyncItemSource.items`.
public struct QueueItems<Source: AsyncItemSource>: AsyncSequence, AsyncIteratorProtocol, Sendable {
    /// An item of the queue.
    public typealias Element = Source.Element
    /// The sequence ends, and does not fail.
    public typealias Failure = Never

    internal let source: Source

    /// This sequence itself: all that an iterator has to know is the queue.
    public func makeAsyncIterator() -> Self { self }

    /// The next item.
    ///
    /// - Returns: nil once the queue was shut down and is empty, or the task was cancelled.
    public func next() async -> Source.Element? { try? await source.get(timeout: nil) }

    /// The next item, in the isolation of the caller.
    public func next(isolation actor: isolated (any Actor)?) async -> Source.Element? {
        try? await source.get(timeout: nil)
    }
}
