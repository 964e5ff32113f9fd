import Queues

/// A queue in a server, for several processes: Python's `Queue` and `JoinableQueue` of a manager.
///
/// It does what `Queue` does in one process. Waiting calls are served in the order in which they came, and cost the
/// server no thread. A process that is killed while it waits leaves nothing behind; an item that is on its way to a
/// process that is killed at that moment is lost with it.
public struct RemoteQueue<Element: Codable & Sendable>: Codable, Hashable, Sendable {
    let reference: ObjectReference

    /// Puts an item at the end.
    ///
    /// - Parameters:
    ///   - element: the item.
    ///   - timeout: how long to wait for room at most; nil for no limit, zero or less to try once.
    /// - Throws: `PutError.full`, `PutError.closed`; `ObjectError`.
    public func put(_ element: Element, timeout: Duration? = nil) throws {
        switch try reference.ask(.put, [], [reference.encode(element)], timeout: timeout).status {
        case .timedOut: throw PutError.full
        case .closed: throw PutError.closed
        case _: return
        }
    }

    /// Puts an item at the end if there is room.
    ///
    /// - Throws: as `put`.
    public func tryPut(_ element: Element) throws { try put(element, timeout: .zero) }

    /// Takes the first item.
    ///
    /// - Parameter timeout: how long to wait for one at most; nil for no limit, zero or less to try once.
    /// - Throws: `GetError.empty`, `GetError.closed`; `ObjectError`.
    public func get(timeout: Duration? = nil) throws -> Element {
        let answer = try reference.ask(.take, timeout: timeout)
        switch answer.status {
        case .timedOut: throw GetError.empty
        case .closed: throw GetError.closed
        case _: return try answer.value()
        }
    }

    /// Takes the first item if there is one.
    ///
    /// - Throws: as `get`.
    public func tryGet() throws -> Element { try get(timeout: .zero) }

    /// Takes the first item, runs `body` with it, and reports it as done, whether `body` returns or throws.
    ///
    /// - Throws: as `get`; what `body` throws.
    public func withItem<Result>(timeout: Duration? = nil, _ body: (Element) throws -> Result) throws -> Result {
        let element = try get(timeout: timeout)
        defer { _ = try? reference.ask(.taskDone) }
        return try body(element)
    }

    /// Reports an item as done that was taken before.
    ///
    /// - Throws: `TaskDoneError.calledTooOften`; `ObjectError`.
    public func taskDone() throws {
        if try reference.ask(.taskDone).status == .calledTooOften { throw TaskDoneError.calledTooOften }
    }

    /// Waits until all items that were put are done.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: whether they are.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(ObjectError) -> Bool {
        try reference.ask(.join, timeout: timeout).status == .done
    }

    /// Lets nobody put anything any more. Calls that wait end.
    ///
    /// - Parameter immediate: whether items that are there are not to be taken any more, either.
    /// - Returns: those items.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func shutdown(immediate: Bool = false) throws(ObjectError) -> [Element] {
        try reference.ask(.shutDown, [immediate ? 1 : 0]).values()
    }

    /// How many items there are.
    public var count: Int {
        get throws(ObjectError) { try reference.ask(.state).number() }
    }

    /// Whether there are none.
    public var isEmpty: Bool {
        get throws(ObjectError) { try count == 0 }
    }

    /// Whether there is no room.
    public var isFull: Bool {
        get throws(ObjectError) {
            let answer = try reference.ask(.state)
            return answer.number(1) > 0 && answer.number() >= answer.number(1)
        }
    }

    /// How many items there may be; nil for no limit.
    public var capacity: Int? {
        get throws(ObjectError) {
            let capacity = try reference.ask(.state).number(1)
            return capacity > 0 ? capacity : nil
        }
    }

    /// How many items were put and are not done.
    public var pendingCount: Int {
        get throws(ObjectError) { try reference.ask(.state).number(2) }
    }

    /// Whether it was shut down.
    public var isShutDown: Bool {
        get throws(ObjectError) { try reference.ask(.state).number(3) != 0 }
    }
}
