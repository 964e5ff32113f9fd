import Synchronization
import Threading

/// All pools that have workers, so that the end of the program can end them: it waits for their threads, and an idle
/// worker would otherwise wait for ever.
internal final class PoolRegistry: @unchecked Sendable {
    internal static let shared = PoolRegistry()

    private let lock = FutexLock()
    private var pools: [ObjectIdentifier: PoolCore] = [:]
    private var hasHandler = false
    private var isEnding = false

    /// - Returns: false if the program is ending: no worker can be started any more.
    internal func add(_ pool: PoolCore) -> Bool {
        let (isKnown, mustInstall) = lock.withLock {
            if isEnding { return (pools[ObjectIdentifier(pool)] != nil, false) }
            pools[ObjectIdentifier(pool)] = pool
            defer { hasHandler = true }
            return (true, !hasHandler)
        }
        guard mustInstall else { return isKnown }
        do {
            try Thread.atExit { PoolRegistry.shared.end() }
            return true
        } catch {
            lock.withLock { isEnding = true }
            remove(pool)
            return false
        }
    }

    internal func remove(_ pool: PoolCore) {
        lock.withLock {
            // Another worker may have been started meanwhile.
            guard Crew(pool.crew.load(ordering: .sequentiallyConsistent)).total == 0 else { return }
            pools[ObjectIdentifier(pool)] = nil
        }
    }

    /// The program ends: pools take no more tasks, finish those they have, and let their workers go.
    private func end() {
        let all = lock.withLock {
            isEnding = true
            return Array(pools.values)
        }
        for pool in all { pool.close() }
    }
}
