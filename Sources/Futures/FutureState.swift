/// How far a future has come. Corresponds to `concurrent.futures.Future`'s states; cancelled is one state here, not two.
public enum FutureState: Sendable, Equatable {
    /// Nobody has begun to work on it.
    case pending
    /// Somebody works on it; it can no longer be cancelled.
    case running
    /// Cancelled before anybody began. Nothing more will happen to it.
    case cancelled
    /// It has a value or an error.
    case finished
}
