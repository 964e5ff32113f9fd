/// A queue between threads without a limit and without tasks, first in, first out: Python's `queue.SimpleQueue`.
///
///     let news = SimpleQueue<News>()
///     try news.put(.started)                      // never waits
///     let next = try news.get(timeout: .seconds(1))
///
/// Putting never waits for room, because there is no limit: the memory is. Whoever cannot promise that consumers keep
/// up with producers wants a `Queue` with a capacity. There is no `taskDone()` and no `join()`. Other than Python's,
/// it can be shut down.
///
/// It may be put to from anywhere within the process but one place: a signal handler. Putting takes a lock, and memory
/// now and then, and the thread that the handler has interrupted may have both in hand. A handler sets an `Event`, or
/// writes to a pipe, and a thread does the rest. Because elements are neither copied nor destroyed with the lock held,
/// `put` may be called from their deinitializers, also in the middle of a `get` of the same queue, which is what
/// Python's is used for by its finalizers.
///
/// - Complexity: putting and getting take O(1), amortized.
public final class SimpleQueue<Element: ~Copyable>: QueueCore, @unchecked Sendable {
    @usableFromInline internal let ring: Cell<RingBuffer<Element>>

    /// An empty queue.
    @inlinable public init() {
        ring = Cell(RingBuffer())
        super.init(limit: .max)
    }

    /// Adds an item, at once.
    ///
    /// - Parameter element: the item. If this throws it is gone, unless the caller has a copy; `put(from:)` keeps it.
    /// - Throws: `PutError.closed` if the queue was shut down. It is never full.
    @inlinable public func put(_ element: consuming sending Element) throws(PutError) {
        try beginPut(.zero)
        unsafe ring.value.pointee.append(element)
        endPut()
    }

    /// Adds the item that a variable holds, which still holds it if this throws. As `Queue.put(from:timeout:)`.
    @inlinable public func put(from source: inout sending Element?) throws(PutError) {
        try beginPut(.zero)
        unsafe ring.value.pointee.append(source.take()!)
        endPut()
    }

    /// Takes the item that was put first, waiting for one if there is none. As `Queue.get(timeout:)`.
    @inlinable public func get(timeout: Duration? = nil) throws(GetError) -> sending Element {
        try beginGet(timeout)
        let element = unsafe ring.value.pointee.removeFirst()
        endGet()
        return element
    }

    /// Takes the item that was put first, if there is one. As `Queue.tryGet()`.
    @inlinable public func tryGet() throws(GetError) -> sending Element { try get(timeout: .zero) }

    /// Closes the queue as `shutdown()` does, and takes out what nobody has got. As `Queue.shutdown(undelivered:)`.
    @inlinable public func shutdown(undelivered body: (consuming sending Element) -> Void) {
        beginShutdown()
        var items = RingBuffer<Element>()
        unsafe swap(&items, &ring.value.pointee)
        endShutdown(removed: items.count)
        while items.count > 0 { body(items.removeFirst()) }
    }
}

extension SimpleQueue {
    /// Closes the queue as `shutdown()` does, and takes out what nobody has got if that is asked for. As
    /// `Queue.shutdown(immediate:)`.
    @inlinable @discardableResult public func shutdown(immediate: Bool) -> sending [Element] {
        guard immediate else {
            shutdown()
            return []
        }
        nonisolated(unsafe) var items: [Element] = []
        shutdown { unsafe items.append($0) }
        return unsafe items
    }
}
