package import Linux
import Threading

/// What can be waited for together with others: a connection, the end of a process, a listener.
public protocol Waitable: Sendable {
    /// What the kernel watches.
    ///
    /// - Throws: `ConnectionError.closedHere` if there is nothing to watch any more.
    var waitHandle: WaitHandle { get throws(ConnectionError) }
}

/// A descriptor that becomes readable.
public struct WaitHandle: Sendable {
    /// Keeps the descriptor open.
    private let keeper: (any AnyObject & Sendable)?
    let raw: Int32

    package init(_ shared: SharedDescriptor) {
        keeper = shared
        raw = shared.descriptor.raw
    }

    init(_ raw: Int32, keptBy keeper: any AnyObject & Sendable) {
        self.keeper = keeper
        self.raw = raw
    }

    /// Watches a descriptor of somebody else, who keeps it open meanwhile.
    public init(watching raw: Int32) {
        keeper = nil
        self.raw = raw
    }
}

extension WaitHandle: Waitable {
    /// Itself.
    public var waitHandle: WaitHandle { self }
}

extension Connection: Waitable {
    /// Ready when there is a message, or the other end is closed.
    public var waitHandle: WaitHandle {
        get throws(ConnectionError) { WaitHandle(try readable()) }
    }
}

/// Waits for the first of several things: Python's `multiprocessing.connection.wait`.
///
///     let ready = try wait(on: [connection, process], timeout: .seconds(1))
///
/// - Parameters:
///   - items: what to wait for. The same one may be there twice.
///   - timeout: how long to wait at most; nil for no limit, zero or less to look once.
/// - Returns: the places in `items` of all that are ready, in order; none if the timeout passed first.
/// - Throws: `ConnectionError` if one of them is closed, or cannot be received from.
/// - Complexity: O(n) for n items.
public func wait(on items: [any Waitable], timeout: Duration? = nil) throws(ConnectionError) -> [Int] {
    let deadline = Deadline(after: timeout)
    var handles: [WaitHandle] = []
    handles.reserveCapacity(items.count)
    for item in items { handles.append(try item.waitHandle) }
    var watches = handles.map { Watch($0.raw, .read) }
    return withExtendedLifetime(handles) {
        guard Watch.wait(&watches, until: deadline.nanoseconds) else { return [] }
        return watches.indices.filter { !watches[$0].ready.isEmpty }
    }
}

/// Things to wait for, each with a name of one's choice.
///
///     var set = WaitSet<String>()
///     set["worker"] = process
///     set["orders"] = connection
///     for name in try set.wait() { … }
public struct WaitSet<Name: Hashable & Sendable>: Sendable {
    private var names: [Name] = []
    private var items: [any Waitable] = []

    /// An empty set.
    public init() {}

    /// How many there are.
    public var count: Int { names.count }
    /// Whether there are none.
    public var isEmpty: Bool { names.isEmpty }

    /// What is waited for under a name; nil for nothing.
    ///
    /// - Complexity: O(n).
    public subscript(name: Name) -> (any Waitable)? {
        get { names.firstIndex(of: name).map { items[$0] } }
        set {
            let place = names.firstIndex(of: name)
            switch (place, newValue) {
            case (let place?, let item?): items[place] = item
            case (let place?, nil):
                names.remove(at: place)
                items.remove(at: place)
            case (nil, let item?):
                names.append(name)
                items.append(item)
            case (nil, nil): break
            }
        }
    }

    /// Waits until at least one is ready.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: the names of all that are ready, in the order in which they were added; none if the timeout passed
    ///   first, or if the set is empty.
    /// - Throws: `ConnectionError` if one of them is closed, or cannot be received from.
    public func wait(timeout: Duration? = nil) throws(ConnectionError) -> [Name] {
        if items.isEmpty { return [] }
        return try Multiprocessing.wait(on: items, timeout: timeout).map { names[$0] }
    }
}
