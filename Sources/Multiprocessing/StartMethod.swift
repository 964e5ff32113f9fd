/// How a process of this library comes to be. Corresponds to `multiprocessing.get_context`'s names.
public enum StartMethod: String, Sendable, CaseIterable {
    /// The program executes itself anew. Nothing is inherited but what is passed.
    case spawn
    /// A small process without threads, started early, makes copies of itself. Faster than `spawn`.
    case forkserver
}
