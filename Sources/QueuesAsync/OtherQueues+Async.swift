public import Queues

extension LifoQueue where Element: ~Copyable {
    /// Takes the item that was put last; the task is suspended until there is one. As `Queue.get(timeout:)`.
    public func get(timeout: Duration? = nil) async throws -> sending Element {
        try await attempt(at: self, for: .item, timeout: timeout, exhausted: GetError.empty) {
            do throws(GetError) { return try self.tryGet() } catch .empty { return nil }
        }
    }

    /// Adds an item; the task is suspended until there is room. As `Queue.put(_:timeout:)`.
    public func put(_ element: consuming sending Element, timeout: Duration? = nil) async throws {
        // Only this call has it, and the compiler cannot see that the closure stays within.
        nonisolated(unsafe) var source: Element? = element
        try await attempt(at: self, for: .room, timeout: timeout, exhausted: PutError.full) {
            do throws(PutError) { return try self.put(from: &source, timeout: .zero) } catch .full { return nil }
        }
    }
}

extension PriorityQueue where Element: ~Copyable {
    /// Takes the item with the lowest priority; the task is suspended until there is one. As `Queue.get(timeout:)`.
    public func get(timeout: Duration? = nil) async throws -> sending Element {
        try await attempt(at: self, for: .item, timeout: timeout, exhausted: GetError.empty) {
            do throws(GetError) { return try self.tryGet() } catch .empty { return nil }
        }
    }

    /// Adds an item; the task is suspended until there is room. As `Queue.put(_:timeout:)`.
    public func put(
        _ element: consuming sending Element, priority: Priority, timeout: Duration? = nil
    ) async throws where Priority: Sendable {
        // Only this call has it, and the compiler cannot see that the closure stays within.
        nonisolated(unsafe) var source: Element? = element
        try await attempt(at: self, for: .room, timeout: timeout, exhausted: PutError.full) {
            do throws(PutError) {
                return try self.put(from: &source, priority: priority, timeout: .zero)
            } catch .full { return nil }
        }
    }
}

extension SimpleQueue where Element: ~Copyable {
    /// Takes the item that was put first; the task is suspended until there is one. As `Queue.get(timeout:)`.
    ///
    /// There is no such form of `put`, because that never waits.
    public func get(timeout: Duration? = nil) async throws -> sending Element {
        try await attempt(at: self, for: .item, timeout: timeout, exhausted: GetError.empty) {
            do throws(GetError) { return try self.tryGet() } catch .empty { return nil }
        }
    }
}

extension StoredQueue where Storage: ~Copyable {
    /// Takes the item that the storage gives first; the task is suspended until there is one.
    ///
    /// - Throws: `StoredGetError` as the form for threads does, or `CancellationError`.
    public func get(timeout: Duration? = nil) async throws -> Element {
        let exhausted = StoredGetError<Storage.Failure>.queue(.empty)
        return try await attempt(at: self, for: .item, timeout: timeout, exhausted: exhausted) {
            do throws(StoredGetError<Storage.Failure>) {
                return try self.tryGet()
            } catch .queue(.empty) { return nil }
        }
    }

    /// Adds an item; the task is suspended until there is room.
    ///
    /// - Throws: `StoredPutError` as the form for threads does, or `CancellationError`; then nothing was put.
    public func put(_ element: Element, timeout: Duration? = nil) async throws {
        let exhausted = StoredPutError<Storage.Failure>.queue(.full)
        try await attempt(at: self, for: .room, timeout: timeout, exhausted: exhausted) {
            do throws(StoredPutError<Storage.Failure>) {
                return try self.tryPut(element)
            } catch .queue(.full) { return nil }
        }
    }
}
