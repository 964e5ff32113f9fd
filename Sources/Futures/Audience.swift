import Threading

/// Those who are to be told when a future is done. The future's lock guards it.
///
/// It exists from the first one who wants to be told until the last callback has run, so that callbacks which are added
/// while others run are run after them, by the same thread.
internal final class Audience {
    internal typealias Callback = @Sendable (AnyFuture) throws -> Void

    /// Those who wait for several futures, and tasks of Swift concurrency. They are told first: it takes them no time.
    internal var observers = WaitQueue()
    /// What users want to be called, in the order in which they said so.
    internal var callbacks: [Callback] = []
}
