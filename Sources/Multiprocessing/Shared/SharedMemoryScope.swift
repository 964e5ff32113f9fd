import Threading

/// Named memory that loses its names together: Python's `SharedMemoryManager`.
///
///     try withSharedMemory { scope in
///         let picture = try scope.create(size: 1 << 20)
///         …                                       // other programs open picture.name
///     }                                           // no name is left here
///
/// There is no server process: the names belong to this process, and are gone with it in any case.
public final class SharedMemoryScope: Sendable {
    private struct State {
        var names: [String] = []
        var hasEnded = false
    }

    private let state = Monitor(State())

    /// A scope without memory.
    public init() {}

    deinit { end() }

    /// New memory that other programs of this user can open by its name, until the scope ends.
    ///
    /// - Parameters:
    ///   - name: as for `SharedMemory.create(name:size:)`.
    ///   - size: how many bytes, at least 1.
    /// - Throws: as `SharedMemory.create(name:size:)`, and `SharedMemoryError.closed` if the scope has ended.
    public func create(name: String? = nil, size: Int) throws(SharedMemoryError) -> SharedMemory {
        let memory = try SharedMemory.create(name: name, size: size)
        let isKept = state.withLock { state in
            if !state.hasEnded, let name = memory.name { state.names.append(name) }
            return !state.hasEnded
        }
        if isKept { return memory }
        try? memory.unlink()
        throw .closed
    }

    /// Takes away all names. The memory stays for those who have it. More often than once is fine.
    public func end() {
        let names = state.withLock { state in
            defer { state = State(names: [], hasEnded: true) }
            return state.names
        }
        // One that somebody has taken away before needs nothing.
        for name in names { try? SharedMemory.unlink(name: name) }
    }
}

/// Runs `body` with a scope of named memory, and takes all names away, whether `body` returns or throws.
///
/// - Returns: what `body` returned.
/// - Throws: what `body` threw.
public func withSharedMemory<Result: ~Copyable, Failure: Error>(
    _ body: (SharedMemoryScope) throws(Failure) -> Result
) throws(Failure) -> Result {
    let scope = SharedMemoryScope()
    defer { scope.end() }
    return try body(scope)
}
