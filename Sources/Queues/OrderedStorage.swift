/// A storage that gives first what precedes all others in an order of the user's, which may throw; among equals what
/// came first.
///
///     let jobs = StoredQueue(storage: OrderedStorage<Job, Incomparable>(by: { (a, b) throws(Incomparable) in … }))
///
/// Python's `PriorityQueue` keeps an item whose comparison failed, and miscounts. Here all comparisons are made before
/// anything is stored or removed.
///
/// - Complexity: inserting and removing take O(log n) comparisons.
public struct OrderedStorage<Element: Sendable, Failure: Error>: QueueStorage, ~Copyable {
    /// Whether the first item is to be got before the second one, and is not equal to it.
    public typealias Order = @Sendable (borrowing Element, borrowing Element) throws(Failure) -> Bool

    private let precedes: Order
    private var heap = StableHeap<Element>()

    /// An empty storage.
    ///
    /// - Parameter precedes: whether its first argument is to be got before its second one; false for equals.
    public init(by precedes: @escaping Order) { self.precedes = precedes }

    /// Stores an item.
    ///
    /// - Throws: what the order throws; the item is not stored then.
    public mutating func insert(_ element: Element) throws(Failure) { try heap.insert(element, by: precedes) }

    /// Takes out the item that precedes all others.
    ///
    /// - Throws: what the order throws; the item stays then.
    public mutating func remove() throws(Failure) -> Element { try heap.removeFirst(by: precedes) }

    /// Takes out everything, in order; as far as it can be told, if comparisons fail.
    public mutating func removeAll() -> [Element] {
        var items: [Element] = []
        while heap.count > 0 {
            // An item that cannot be compared must not keep the others back.
            let next = (try? heap.removeFirst(by: precedes)) ?? heap.removeFirst { _, _ in false }
            items.append(next)
        }
        return items
    }
}
