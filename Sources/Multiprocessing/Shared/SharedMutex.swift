import Linux
import Threading

/// A robust mutex together with the memory in which it is: what `SharedLock` and `SharedRLock` have in common.
///
/// The kernel writes to the memory of a lock when its holder dies, so a lock that is held keeps its memory mapped.
final class SharedMutex: Sendable {
    let region: SharedRegion
    let offset: Int
    let mutex: RobustMutex
    /// Whether the region is there for the lock alone.
    let isAlone: Bool

    init(_ kind: SharedRegion.Kind) throws(SharedMemoryError) {
        region = try SharedRegion(kind, size: RobustMutex.size)
        offset = SharedRegion.labelSize
        mutex = RobustMutex(in: region, at: offset)
        isAlone = true
        try mutex.make(recursive: kind == .recursiveLock)
    }

    init(_ kind: SharedRegion.Kind, from decoder: any Decoder) throws {
        region = try SharedRegion(from: decoder, kind, size: { _ in RobustMutex.size })
        offset = SharedRegion.labelSize
        mutex = RobustMutex(in: region, at: offset)
        isAlone = true
    }

    init(in region: SharedRegion, at offset: Int) {
        self.region = region
        self.offset = offset
        mutex = RobustMutex(in: region, at: offset)
        isAlone = false
    }

    deinit { if mutex.isHeldHere { region.stayMapped() } }

    @inline(__always) func acquire(until deadline: Deadline) -> Acquisition {
        mutex.acquire(until: deadline)
    }

    @inline(__always) func release() throws(SharedLockError) {
        guard mutex.release() else { throw .notOwner }
    }

    func releaseCompletely() -> Int {
        precondition(mutex.isMine, "a lock was released by a thread that does not hold it")
        let levels = mutex.depth
        for _ in 0..<levels { try? release() }
        return levels
    }

    func acquire(levels: Int) -> Acquisition {
        precondition(levels >= 1, "a lock is held once at least, or not at all")
        let first = acquire(until: Deadline(after: nil))
        for _ in 1..<levels { _ = acquire(until: Deadline(after: nil)) }
        return first
    }
}
