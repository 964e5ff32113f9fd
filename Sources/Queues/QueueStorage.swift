/// Where a `StoredQueue` keeps its items, and in which order it gives them back: Python's `Queue._put` and
/// `Queue._get`, which subclasses override.
///
///     /// First in, first out, and nothing twice.
///     struct Distinct: QueueStorage {
///         private var items: [String] = []
///
///         mutating func insert(_ item: String) throws(Duplicate) {
///             if items.contains(item) { throw Duplicate() }
///             items.append(item)
///         }
///         mutating func remove() throws(Duplicate) -> String { items.removeFirst() }
///         mutating func removeAll() -> [String] { defer { items = [] }; return items }
///     }
///
/// Its methods are called with the queue's lock held, one at a time, in any thread. They should be quick, and they must
/// not use the queue.
public protocol QueueStorage<Element>: ~Copyable {
    /// What is stored.
    associatedtype Element: Sendable
    /// What inserting and removing throws; `Never` if they cannot fail.
    associatedtype Failure: Error = Never

    /// Stores one more item.
    ///
    /// - Throws: if it is not stored. Everything must be as before then.
    mutating func insert(_ element: Element) throws(Failure)

    /// Takes out the item that is to be got next. Called only if an item is stored.
    ///
    /// - Throws: if nothing was taken out. Everything must be as before then.
    mutating func remove() throws(Failure) -> Element

    /// Takes out everything, in the order in which `remove` would.
    mutating func removeAll() -> [Element]
}

/// Why nothing was put into a `StoredQueue`.
public enum StoredPutError<Failure: Error>: Error {
    /// As `PutError`: the queue is full, or was shut down.
    case queue(PutError)
    /// The storage threw this. The queue is as it was.
    case storage(Failure)
}

/// Why nothing was got from a `StoredQueue`.
public enum StoredGetError<Failure: Error>: Error {
    /// As `GetError`: the queue is empty, or was shut down as well.
    case queue(GetError)
    /// The storage threw this. The queue is as it was.
    case storage(Failure)
}
