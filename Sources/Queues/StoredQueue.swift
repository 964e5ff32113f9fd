/// A queue between threads that keeps its items in a storage of the user's, which decides their order and may refuse
/// them: what subclassing `queue.Queue` is for in Python.
///
///     let jobs = StoredQueue(storage: OrderedStorage<Job, any Error>(by: { try $0.isMoreUrgent(than: $1) }))
///     try jobs.put(job)
///
/// When the storage throws, the caller gets its error, and the queue is as before: the count, what is pending, and who
/// waits. In everything else it is as `Queue`.
public final class StoredQueue<Storage: QueueStorage & ~Copyable>: TaskQueue, @unchecked Sendable {
    /// What is put and got.
    public typealias Element = Storage.Element

    @usableFromInline internal let storage: Cell<Storage>

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - storage: where items are to be kept; empty.
    ///   - capacity: how many items the queue holds at most; nil, zero or less for no limit.
    @inlinable public init(storage: consuming sending Storage, capacity: Int? = nil) {
        self.storage = Cell(storage)
        super.init(capacity: capacity)
    }

    /// Adds an item, waiting for room if there is none.
    ///
    /// - Parameters:
    ///   - element: the item.
    ///   - timeout: how long to wait for room; nil for no limit, zero or less to try once.
    /// - Throws: `.queue` with what `Queue.put(_:timeout:)` throws, or `.storage` with what the storage threw.
    @inlinable public func put(
        _ element: Element, timeout: Duration? = nil
    ) throws(StoredPutError<Storage.Failure>) {
        do { try beginPut(timeout) } catch { throw .queue(error) }
        do {
            try unsafe storage.value.pointee.insert(element)
        } catch {
            abandon()
            throw .storage(error)
        }
        endPut()
    }

    /// Adds an item if there is room at once.
    ///
    /// - Throws: as `put(_:timeout:)`.
    @inlinable public func tryPut(_ element: Element) throws(StoredPutError<Storage.Failure>) {
        try put(element, timeout: .zero)
    }

    /// Takes the item that the storage gives first, waiting for one if there is none.
    ///
    /// - Parameter timeout: how long to wait for an item; nil for no limit, zero or less to try once.
    /// - Returns: the item.
    /// - Throws: `.queue` with what `Queue.get(timeout:)` throws, or `.storage` with what the storage threw.
    @inlinable public func get(timeout: Duration? = nil) throws(StoredGetError<Storage.Failure>) -> Element {
        do { try beginGet(timeout) } catch { throw .queue(error) }
        let element: Element
        do {
            element = try unsafe storage.value.pointee.remove()
        } catch {
            abandon()
            throw .storage(error)
        }
        endGet()
        return element
    }

    /// Takes the item that the storage gives first, if there is one.
    ///
    /// - Throws: as `get(timeout:)`.
    @inlinable public func tryGet() throws(StoredGetError<Storage.Failure>) -> Element { try get(timeout: .zero) }

    /// Closes the queue as `shutdown()` does, and takes out what nobody has got if that is asked for.
    ///
    /// - Parameter immediate: whether to take it out. It counts as done.
    /// - Returns: what was taken out, in the order in which it would have been got.
    @inlinable @discardableResult public func shutdown(immediate: Bool) -> [Element] {
        beginShutdown()
        let items = immediate ? unsafe storage.value.pointee.removeAll() : []
        endShutdown(removed: items.count)
        return items
    }
}
