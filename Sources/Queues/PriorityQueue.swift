/// A queue between threads from which the item with the lowest priority is got first: Python's `queue.PriorityQueue`.
///
///     let alarms = PriorityQueue<Alarm, Int>()
///     try alarms.put(fire, priority: 0)
///     try alarms.put(drizzle, priority: 9)
///     let first = try alarms.get()                // fire
///
/// Items of equal priority are got in the order in which they were put. Items themselves are never compared, so they
/// can be anything; where the item is its own priority, `put(_:timeout:)` is enough. For the highest first, put the
/// negative, or use a `StoredQueue` of `OrderedStorage`, which takes any order, also one that may throw.
///
/// Priorities are compared with the queue's lock held: `<` must not use the queue. In everything else this is as
/// `Queue`.
///
/// - Complexity: putting and getting take O(log n).
public final class PriorityQueue<Element: ~Copyable, Priority: Comparable>: TaskQueue, @unchecked Sendable {
    @usableFromInline internal struct Ranked: ~Copyable {
        @usableFromInline internal let element: Element
        @usableFromInline internal let priority: Priority

        @inlinable internal init(element: consuming Element, priority: consuming Priority) {
            self.element = element
            self.priority = priority
        }

        @inlinable internal consuming func take() -> Element { element }
    }

    @usableFromInline internal let heap: Cell<StableHeap<Ranked>>

    /// An empty queue.
    ///
    /// - Parameter capacity: how many items it holds at most; nil, zero or less for no limit.
    @inlinable public override init(capacity: Int? = nil) {
        heap = Cell(StableHeap())
        super.init(capacity: capacity)
    }

    /// Adds an item, waiting for room if there is none. As `Queue.put(_:timeout:)`.
    ///
    /// - Parameters:
    ///   - element: the item.
    ///   - priority: the lower, the sooner it is got.
    ///   - timeout: how long to wait for room; nil for no limit, zero or less to try once.
    /// - Throws: as `Queue.put(_:timeout:)`.
    @inlinable public func put(
        _ element: consuming sending Element, priority: sending Priority, timeout: Duration? = nil
    ) throws(PutError) {
        try beginPut(timeout)
        unsafe heap.value.pointee.insert(Ranked(element: element, priority: priority)) { $0.priority < $1.priority }
        endPut()
    }

    /// Adds the item that a variable holds, which still holds it if this throws. As `Queue.put(from:timeout:)`.
    @inlinable public func put(
        from source: inout sending Element?, priority: sending Priority, timeout: Duration? = nil
    ) throws(PutError) {
        try beginPut(timeout)
        let ranked = Ranked(element: source.take()!, priority: priority)
        unsafe heap.value.pointee.insert(ranked) { $0.priority < $1.priority }
        endPut()
    }

    /// Adds an item if there is room at once. As `Queue.tryPut(_:)`.
    @inlinable public func tryPut(
        _ element: consuming sending Element, priority: sending Priority
    ) throws(PutError) {
        try put(element, priority: priority, timeout: .zero)
    }

    /// Takes the item with the lowest priority, waiting for one if there is none. As `Queue.get(timeout:)`.
    @inlinable public func get(timeout: Duration? = nil) throws(GetError) -> sending Element {
        try beginGet(timeout)
        let ranked = unsafe heap.value.pointee.removeFirst { $0.priority < $1.priority }
        endGet()
        return ranked.take()
    }

    /// Takes the item with the lowest priority, if there is one. As `Queue.tryGet()`.
    @inlinable public func tryGet() throws(GetError) -> sending Element { try get(timeout: .zero) }

    /// Gets an item, lets `body` work with it, and reports it as done. As `Queue.withItem(timeout:_:)`.
    @inlinable public func withItem<Result: ~Copyable>(
        timeout: Duration? = nil, _ body: (consuming sending Element) throws -> Result
    ) throws -> Result {
        let element = try get(timeout: timeout)
        defer { endTask() }
        return try body(element)
    }

    /// Closes the queue as `shutdown()` does, and takes out what nobody has got, the lowest priority first. As
    /// `Queue.shutdown(undelivered:)`.
    @inlinable public func shutdown(undelivered body: (consuming sending Element) -> Void) {
        beginShutdown()
        var items = StableHeap<Ranked>()
        unsafe swap(&items, &heap.value.pointee)
        endShutdown(removed: items.count)
        while items.count > 0 { body(items.removeFirst { $0.priority < $1.priority }.take()) }
    }
}

extension PriorityQueue {
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

extension PriorityQueue where Element == Priority {
    /// Adds an item that is its own priority, waiting for room if there is none. As `Queue.put(_:timeout:)`.
    @inlinable public func put(_ element: sending Element, timeout: Duration? = nil) throws(PutError)
    where Element: Sendable {
        try put(element, priority: element, timeout: timeout)
    }

    /// Adds an item that is its own priority, if there is room at once. As `Queue.tryPut(_:)`.
    @inlinable public func tryPut(_ element: sending Element) throws(PutError) where Element: Sendable {
        try put(element, priority: element, timeout: .zero)
    }
}
