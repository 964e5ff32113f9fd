/// A stack between threads, last in, first out: Python's `queue.LifoQueue`.
///
///     let buffers = LifoQueue<Buffer>()          // the one that was used last is still in the cache
///     try buffers.put(buffer)
///     let buffer = try buffers.get()
///
/// In everything but the order it is as `Queue`.
///
/// - Complexity: putting and getting take O(1), amortized.
public final class LifoQueue<Element: ~Copyable>: TaskQueue, @unchecked Sendable {
    @usableFromInline internal let ring: Cell<RingBuffer<Element>>

    /// An empty stack.
    ///
    /// - Parameter capacity: how many items it holds at most; nil, zero or less for no limit.
    @inlinable public override init(capacity: Int? = nil) {
        ring = Cell(RingBuffer())
        super.init(capacity: capacity)
    }

    /// Adds an item, waiting for room if there is none. As `Queue.put(_:timeout:)`.
    @inlinable public func put(_ element: consuming sending Element, timeout: Duration? = nil) throws(PutError) {
        try beginPut(timeout)
        unsafe ring.value.pointee.append(element)
        endPut()
    }

    /// Adds the item that a variable holds, which still holds it if this throws. As `Queue.put(from:timeout:)`.
    @inlinable public func put(from source: inout sending Element?, timeout: Duration? = nil) throws(PutError) {
        try beginPut(timeout)
        unsafe ring.value.pointee.append(source.take()!)
        endPut()
    }

    /// Adds an item if there is room at once. As `Queue.tryPut(_:)`.
    @inlinable public func tryPut(_ element: consuming sending Element) throws(PutError) {
        try put(element, timeout: .zero)
    }

    /// Takes the item that was put last, waiting for one if there is none. As `Queue.get(timeout:)`.
    @inlinable public func get(timeout: Duration? = nil) throws(GetError) -> sending Element {
        try beginGet(timeout)
        let element = unsafe ring.value.pointee.removeLast()
        endGet()
        return element
    }

    /// Takes the item that was put last, if there is one. As `Queue.tryGet()`.
    @inlinable public func tryGet() throws(GetError) -> sending Element { try get(timeout: .zero) }

    /// Gets an item, lets `body` work with it, and reports it as done. As `Queue.withItem(timeout:_:)`.
    @inlinable public func withItem<Result: ~Copyable>(
        timeout: Duration? = nil, _ body: (consuming sending Element) throws -> Result
    ) throws -> Result {
        let element = try get(timeout: timeout)
        defer { endTask() }
        return try body(element)
    }

    /// Closes the stack as `shutdown()` does, and takes out what nobody has got, the last item first. As
    /// `Queue.shutdown(undelivered:)`.
    @inlinable public func shutdown(undelivered body: (consuming sending Element) -> Void) {
        beginShutdown()
        var items = RingBuffer<Element>()
        unsafe swap(&items, &ring.value.pointee)
        endShutdown(removed: items.count)
        while items.count > 0 { body(items.removeLast()) }
    }
}

extension LifoQueue {
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
