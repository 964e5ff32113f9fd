import Linux
import Threading

/// Who has got how many items and not reported them as done, in shared memory: a slot for each thread that has any.
///
/// While a thread has items it holds the lock of its slot. So whoever waits for the items waits for that lock, and is
/// woken when the last one is done, or when the thread is dead. What was got and what is done are counted in two words
/// that only grow: each is changed by one store, so a death in between leaves nothing half done. A slot belongs to one
/// thread after another, and the words go on from there.
@safe final class Claims: @unchecked Sendable {
    static let capacity = 256
    private static let slotSize = 128
    static let size = slotSize * capacity

    private let region: SharedRegion
    private let base: UnsafeMutableRawPointer
    /// The slots of this process's threads, by `ThreadNumber`.
    private var slots: [UInt: Int] = [:]
    private let lock = FutexLock()

    init(_ ring: MessageRing) {
        region = ring.region
        unsafe base = region.start + MessageRing.Offset.extra + 64
    }

    /// Where a thread has items its lock is held, and the kernel writes to that when the thread dies.
    deinit { if slots.values.contains(where: { mutex($0).isHeldHere }) { region.stayMapped() } }

    /// Makes them of zeroed memory.
    func make() throws(SharedMemoryError) {
        for slot in 0..<Claims.capacity { try mutex(slot).make() }
    }

    /// Counts one more item for the calling thread, before it counts as got.
    ///
    /// - Parameter number: of the item; if the thread dies before the item counts as got, `forget` finds it by that.
    /// - Returns: false if there is no slot.
    func add(_ number: UInt32) -> Bool {
        guard let slot = mine ?? take() else { return false }
        // In this order, so that `forget` can tell whether the last store was done.
        let count = word(slot, 0).value &+ 1
        word(slot, 3).store(count)
        word(slot, 2).store(number)
        word(slot, 0).store(count)
        return true
    }

    /// Counts one item of the calling thread as done.
    ///
    /// - Returns: false if it has none.
    func finish() -> Bool {
        guard let slot = mine else { return false }
        word(slot, 1).store(word(slot, 1).value &+ 1)
        if outstanding(slot) == 0 {
            lock.withLock { slots[ThreadNumber.current] = nil }
            mutex(slot).release()
        }
        return true
    }

    /// Takes back what a thread counted that died before its item counted as got. With the lock of consumers held.
    func forget(_ number: UInt32) {
        for slot in 0..<Claims.capacity where word(slot, 2).value == number && outstanding(slot) > 0 {
            let count = word(slot, 0).value
            if word(slot, 3).value == count { word(slot, 0).store(count &- 1) }
        }
    }

    /// How many items were done, of all that ever were.
    var done: UInt32 { (0..<Claims.capacity).reduce(0) { $0 &+ word($1, 1).value } }

    /// A slot that has items; nil if nobody has any.
    var busy: Int? { (0..<Claims.capacity).first { outstanding($0) > 0 } }

    /// Waits until a slot has no items, or its thread is dead.
    ///
    /// - Parameter settle: is called first if it is dead; false if the deadline passed.
    /// - Returns: what the dead one left, which counts as done from now on; nil if the deadline passed.
    func wait(for slot: Int, until deadline: Deadline, settle: () -> Bool) -> (items: Int, owner: LockOwner?)? {
        let acquisition = mutex(slot).acquire(until: deadline)
        guard acquisition.isHeld else { return nil }
        defer { mutex(slot).release() }
        if case .abandoned(let owner) = acquisition, let owner { setDead(slot, owner) }
        if outstanding(slot) == 0 { return (0, nil) }
        // Whoever has items has the lock; as it could be had, this is one of the dead.
        guard settle() else { return nil }
        let items = outstanding(slot)
        word(slot, 1).store(word(slot, 0).value)
        return (items, dead(slot))
    }

    /// How many items the calling thread has.
    var ownCount: Int { mine.map { outstanding($0) } ?? 0 }

    private var mine: Int? { lock.withLock { slots[ThreadNumber.current] } }

    /// Makes a slot without items the calling thread's.
    private func take() -> Int? {
        let first = Int(ThreadNumber.current % UInt(Claims.capacity)) * 7
        for step in 0..<Claims.capacity {
            let slot = (first + step) % Claims.capacity
            if outstanding(slot) > 0 { continue }
            let acquisition = mutex(slot).tryAcquire()
            if !acquisition.isHeld { continue }
            if outstanding(slot) == 0 {
                lock.withLock { slots[ThreadNumber.current] = slot }
                return slot
            }
            // One of the dead, whose items somebody is going to wait for.
            if case .abandoned(let owner) = acquisition, let owner { setDead(slot, owner) }
            mutex(slot).release()
        }
        return nil
    }

    private func outstanding(_ slot: Int) -> Int { Int(word(slot, 0).value &- word(slot, 1).value) }

    private func dead(_ slot: Int) -> LockOwner? { unsafe LockOwner((address(slot) + 80).load(as: UInt64.self)) }
    private func setDead(_ slot: Int, _ owner: LockOwner) {
        let word = UInt64(UInt32(bitPattern: owner.process)) << 32 | UInt64(UInt32(bitPattern: owner.thread))
        unsafe (address(slot) + 80).storeBytes(of: word, as: UInt64.self)
    }
    private func address(_ slot: Int) -> UnsafeMutableRawPointer { unsafe base + slot * Claims.slotSize }
    private func mutex(_ slot: Int) -> RobustMutex { unsafe RobustMutex(at: address(slot)) }
    /// 0: how many items were got. 1: how many of them are done. 2: the number of the last one. 3: what 0 is with it.
    private func word(_ slot: Int, _ index: Int) -> SharedFutex {
        unsafe SharedFutex(at: address(slot) + 64 + 4 * index)
    }
}
