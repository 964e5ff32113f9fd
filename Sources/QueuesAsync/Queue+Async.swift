public import Queues

extension Queue where Element: ~Copyable {
    /// Takes the item that was put first; the task is suspended until there is one.
    ///
    /// Threads and tasks may wait at the same queue, and are served in the order in which they came.
    ///
    /// - Parameter timeout: how long to wait for an item; nil for no limit, zero or less to try once.
    /// - Returns: the item.
    /// - Throws: `GetError` as the form for threads does, or `CancellationError`. If the task is cancelled in the
    ///   moment in which it gets an item, it gets it: an item is never lost.
    public func get(timeout: Duration? = nil) async throws -> sending Element {
        try await attempt(at: self, for: .item, timeout: timeout, exhausted: GetError.empty) {
            do throws(GetError) { return try self.tryGet() } catch .empty { return nil }
        }
    }

    /// Adds an item; the task is suspended until there is room.
    ///
    /// - Parameters:
    ///   - element: the item. If this throws it is gone, unless the caller has a copy.
    ///   - timeout: how long to wait for room; nil for no limit, zero or less to try once.
    /// - Throws: `PutError` as the form for threads does, or `CancellationError`; then nothing was put.
    public func put(_ element: consuming sending Element, timeout: Duration? = nil) async throws {
        // Only this call has it, and the compiler cannot see that the closure stays within.
        nonisolated(unsafe) var source: Element? = element
        try await attempt(at: self, for: .room, timeout: timeout, exhausted: PutError.full) {
            do throws(PutError) { return try self.put(from: &source, timeout: .zero) } catch .full { return nil }
        }
    }
}
