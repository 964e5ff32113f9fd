/// How a process of this library comes to be: the names of Python's `multiprocessing.get_context`.
public enum StartMethod: String, Hashable, Codable, Sendable, CaseIterable {
    /// The program executes itself anew. Nothing is inherited but what is passed.
    case spawn
    /// A small process without threads, started early, makes copies of itself. Faster than `spawn`.
    case forkserver
}

/// Why there is no such way to start processes.
public enum StartMethodError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Copying a program while its other threads are in the middle of something leaves their locks locked for ever.
    case forkIsUnsafe
    /// There is no method of this name.
    case unknown(String)

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .forkIsUnsafe:
            "cannot start processes by fork: the copy of a program with threads stands still at the first lock that "
                + "one of them held; use spawn, or forkserver, which is as fast"
        case .unknown(let name):
            "cannot start processes by \(name): there is no such method; use spawn or forkserver"
        }
    }
}
