/// A queue between threads, first in, first out: Python's `queue.Queue`.
///
///     let jobs = Queue<Job>(capacity: 100)
///     // producers                        // consumers
///     try jobs.put(job)                   while let job = try? jobs.get() { run(job); try jobs.taskDone() }
///     jobs.shutdown()
///
/// A full queue lets producers wait and an empty one consumers, each for as long as its timeout says. After
/// `shutdown()` consumers get what is left, and then `GetError.closed`.
///
/// Elements are handed from one thread to another, so they need not be `Sendable`; they need not be copyable either.
/// The queue never runs code of theirs with its lock held. Among threads that wait, those that have waited longest are
/// woken first, but a thread that comes at the right moment may be faster.
///
/// - Complexity: putting and getting take O(1), amortized.
public final class Queue<Element: ~Copyable>: TaskQueue, @unchecked Sendable {
    @usableFromInline internal let ring: Cell<RingBuffer<Element>>

    /// An empty queue.
    ///
    /// - Parameter capacity: how many items it holds at most; nil, zero or less for no limit.
    @inlinable public override init(capacity: Int? = nil) {
        ring = Cell(RingBuffer())
        super.init(capacity: capacity)
    }

    /// Adds an item, waiting for room if there is none.
    ///
    /// - Parameters:
    ///   - element: the item. If this throws it is gone, unless the caller has a copy; `put(from:)` keeps it.
    ///   - timeout: how long to wait for room; nil for no limit, zero or less to try once.
    /// - Throws: `PutError.full` if there was no room in time, `PutError.closed` if the queue was shut down, even if it
    ///   is full as well. Nothing was put then.
    @inlinable public func put(_ element: consuming sending Element, timeout: Duration? = nil) throws(PutError) {
        try beginPut(timeout)
        unsafe ring.value.pointee.append(element)
        endPut()
    }

    /// Adds the item that a variable holds, waiting for room if there is none, and leaves nil in the variable.
    ///
    /// If this throws, the variable still holds the item.
    ///
    /// - Parameters:
    ///   - source: where the item is.
    ///   - timeout: how long to wait for room; nil for no limit, zero or less to try once.
    /// - Precondition: the variable holds an item.
    /// - Throws: as `put(_:timeout:)`.
    @inlinable public func put(from source: inout sending Element?, timeout: Duration? = nil) throws(PutError) {
        try beginPut(timeout)
        unsafe ring.value.pointee.append(source.take()!)
        endPut()
    }

    /// Adds an item if there is room at once: Python's `put_nowait`.
    ///
    /// - Parameter element: the item.
    /// - Throws: as `put(_:timeout:)`.
    @inlinable public func tryPut(_ element: consuming sending Element) throws(PutError) {
        try put(element, timeout: .zero)
    }

    /// Takes the item that was put first, waiting for one if there is none.
    ///
    /// - Parameter timeout: how long to wait for an item; nil for no limit, zero or less to try once.
    /// - Returns: the item, which is the caller's now: the queue keeps nothing of it.
    /// - Throws: `GetError.closed` if the queue was shut down and is empty, `GetError.empty` if nothing came in time.
    @inlinable public func get(timeout: Duration? = nil) throws(GetError) -> sending Element {
        try beginGet(timeout)
        let element = unsafe ring.value.pointee.removeFirst()
        endGet()
        return element
    }

    /// Takes the item that was put first, if there is one: Python's `get_nowait`.
    ///
    /// - Returns: the item.
    /// - Throws: as `get(timeout:)`.
    @inlinable public func tryGet() throws(GetError) -> sending Element { try get(timeout: .zero) }

    /// Gets an item, lets `body` work with it, and reports it as done, whether `body` returns or throws.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for an item; nil for no limit, zero or less to try once.
    ///   - body: gets the item.
    /// - Returns: what `body` returned.
    /// - Throws: `GetError` as `get(timeout:)`, or what `body` threw.
    @inlinable public func withItem<Result: ~Copyable>(
        timeout: Duration? = nil, _ body: (consuming sending Element) throws -> Result
    ) throws -> Result {
        let element = try get(timeout: timeout)
        defer { endTask() }
        return try body(element)
    }

    /// Closes the queue as `shutdown()` does, and takes out what nobody has got.
    ///
    /// What is taken out counts as done; what was got before still needs its `taskDone()`.
    ///
    /// - Parameter body: gets each item, the one that was put first at first, after the queue has been closed.
    @inlinable public func shutdown(undelivered body: (consuming sending Element) -> Void) {
        beginShutdown()
        var items = RingBuffer<Element>()
        unsafe swap(&items, &ring.value.pointee)
        endShutdown(removed: items.count)
        while items.count > 0 { body(items.removeFirst()) }
    }
}

extension Queue {
    /// Closes the queue as `shutdown()` does, and takes out what nobody has got if that is asked for: Python's
    /// `Queue.shutdown(immediate:)`, which drops it.
    ///
    /// What is taken out counts as done; what was got before still needs its `taskDone()`.
    ///
    /// - Parameter immediate: whether to take it out.
    /// - Returns: what was taken out, in the order in which it would have been got.
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
