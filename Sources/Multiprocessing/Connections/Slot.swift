import Threading

/// Keeps one object for whoever needs one next. Others make their own meanwhile.
final class Slot<Kept: AnyObject>: @unchecked Sendable {
    private let lock = FutexLock()
    private var kept: Kept?

    /// Takes what is kept, if anything is.
    func take() -> Kept? {
        lock.withLock {
            defer { kept = nil }
            return kept
        }
    }

    func put(_ object: Kept) { lock.withLock { kept = object } }
}
