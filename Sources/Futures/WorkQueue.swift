import Synchronization
import Threading

/// The tasks that nobody has begun, first come, first served.
///
/// Whoever submits only pushes onto the inbox, a stack without a lock. Workers take tasks from `ready` with the lock
/// held; when that is empty, one of them takes all of the inbox and turns it round. So those who submit and those who
/// work meet once for many tasks. Each task in either list holds one reference to itself, and the links are in the
/// tasks: nothing is allocated here.
@safe internal final class WorkQueue: @unchecked Sendable {
    private static let empty: UInt = 0
    private static let closed: UInt = 1

    private let lock = FutexLock()
    /// The task that was pushed last, `empty` or `closed`.
    private let inbox = Atomic<UInt>(WorkQueue.empty)
    private var first = WorkQueue.empty
    private var last = WorkQueue.empty
    /// How many tasks are in `ready`; changed with the lock held.
    private let readyCount = Atomic<Int>(0)

    /// Whether nothing can be pushed any more.
    internal var isClosed: Bool { inbox.load(ordering: .sequentiallyConsistent) == WorkQueue.closed }

    /// Whether there is no task at this moment. While tasks are moved it says that there are some.
    internal var seemsEmpty: Bool {
        inbox.load(ordering: .sequentiallyConsistent) <= WorkQueue.closed
            && readyCount.load(ordering: .sequentiallyConsistent) == 0
    }

    /// How many tasks there are, with those that were cancelled and not yet taken out.
    internal var count: Int {
        lock.withLock {
            takeInbox()
            return readyCount.load(ordering: .relaxed)
        }
    }

    /// Adds a task.
    ///
    /// - Returns: false if the queue is closed.
    internal func push(_ item: AnyFuture) -> Bool {
        let bits = UInt(bitPattern: unsafe Unmanaged.passRetained(item).toOpaque())
        var head = inbox.load(ordering: .relaxed)
        while head != WorkQueue.closed {
            item.next = head
            let (isPushed, found) = inbox.weakCompareExchange(
                expected: head, desired: bits, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed)
            if isPushed { return true }
            head = found
        }
        _ = WorkQueue.take(bits)
        return false
    }

    /// Takes the task that was pushed first.
    internal func pop() -> AnyFuture? {
        lock.acquire()
        if first == WorkQueue.empty { takeInbox() }
        if first == WorkQueue.empty {
            lock.release()
            return nil
        }
        let item = WorkQueue.take(first)
        first = item.next
        readyCount.store(readyCount.load(ordering: .relaxed) - 1, ordering: .relaxed)
        lock.release()
        return item
    }

    /// Refuses tasks from now on; those that are there stay.
    internal func close() {
        lock.withLock {
            let count = announceMove()
            let head = inbox.exchange(WorkQueue.closed, ordering: .sequentiallyConsistent)
            append(head == WorkQueue.closed ? WorkQueue.empty : head, to: count)
        }
    }

    /// Takes all tasks out, in their order.
    internal func takeAll() -> [AnyFuture] {
        lock.withLock {
            takeInbox()
            var items: [AnyFuture] = []
            while first != WorkQueue.empty {
                let item = WorkQueue.take(first)
                first = item.next
                items.append(item)
            }
            readyCount.store(0, ordering: .relaxed)
            return items
        }
    }

    /// Takes out the tasks that are no longer pending.
    internal func sweep() {
        // Let go without the lock: nobody knows what goes with them.
        let gone = lock.withLock {
            takeInbox()
            var gone: [AnyFuture] = []
            var kept = 0
            var next = first
            first = WorkQueue.empty
            while next != WorkQueue.empty {
                let bits = next
                let item = WorkQueue.peek(bits)
                next = item.next
                if item.isDone {
                    gone.append(WorkQueue.take(bits))
                } else {
                    link(item, bits)
                    kept += 1
                }
            }
            readyCount.store(kept, ordering: .relaxed)
            return gone
        }
        withExtendedLifetime(gone) {}
    }

    // MARK: With the lock held

    private func takeInbox() {
        var head = inbox.load(ordering: .relaxed)
        if head <= WorkQueue.closed { return }
        let count = announceMove()
        while true {
            let (isTaken, found) = inbox.weakCompareExchange(
                expected: head, desired: WorkQueue.empty, successOrdering: .sequentiallyConsistent,
                failureOrdering: .relaxed)
            if isTaken { return append(head, to: count) }
            head = found
        }
    }

    /// Sees to it that the queue does not seem empty while tasks are on their way from the inbox: somebody who gives up
    /// looking for work might look at this very moment.
    ///
    /// - Returns: how many are ready.
    private func announceMove() -> Int {
        let count = readyCount.load(ordering: .relaxed)
        readyCount.store(count + 1, ordering: .sequentiallyConsistent)
        return count
    }

    /// Puts a stack, the last one first, behind the `count` that are ready.
    private func append(_ stack: UInt, to count: Int) {
        var count = count
        var turned = WorkQueue.empty
        var next = stack
        while next != WorkQueue.empty {
            let item = WorkQueue.peek(next)
            let after = item.next
            item.next = turned
            turned = next
            next = after
            count += 1
        }
        if stack != WorkQueue.empty {
            if first == WorkQueue.empty { first = turned } else { WorkQueue.peek(last).next = turned }
            last = stack
        }
        readyCount.store(count, ordering: .relaxed)
    }

    private func link(_ item: AnyFuture, _ bits: UInt) {
        item.next = WorkQueue.empty
        if first == WorkQueue.empty { first = bits } else { WorkQueue.peek(last).next = bits }
        last = bits
    }

    // MARK: References

    /// Takes over the reference that a task in the queue holds.
    private static func take(_ bits: UInt) -> AnyFuture {
        unsafe Unmanaged<AnyFuture>.fromOpaque(pointer(bits)).takeRetainedValue()
    }

    private static func peek(_ bits: UInt) -> AnyFuture {
        unsafe Unmanaged<AnyFuture>.fromOpaque(pointer(bits)).takeUnretainedValue()
    }

    private static func pointer(_ bits: UInt) -> UnsafeRawPointer {
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: bits) else {
            preconditionFailure("a queue of tasks has lost its end")
        }
        return unsafe pointer
    }
}
