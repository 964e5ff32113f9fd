import CLinux
import Futures
import Linux
import Subprocesses
import Threading

/// A worker of a pool, as the pool sees it. The pool's lock guards everything that changes.
final class PoolMember: @unchecked Sendable {
    enum Phase {
        /// It has not said yet that it is ready.
        case starting
        case ready
        /// It gets no more tasks, and is to end.
        case retiring
        /// It cannot be talked to any more.
        case hungUp
    }

    struct Sent {
        let serial: UInt64
        let task: PoolTask
    }

    /// From 2 on, and never used again in this pool: what `AnyFuture.place` says of tasks that it has.
    let number: UInt64
    let process: Process
    let socket: PacketSocket
    let page: ClaimPage
    var phase = Phase.starting
    /// Whether it ever was ready.
    var wasReady = false
    /// The tasks that were sent to it and not answered, in their order. The first one is what it does, or will do next.
    var outstanding: [Sent] = []
    /// The number of the next task that is sent to it.
    var next: UInt64 = 0
    /// How many tasks it has had, with those that it has now.
    var taken = 0
    /// Whether there was no room in its socket.
    var isBlocked = false
    /// Whether the dispatcher was told to watch for room.
    var isWatchedForRoom = false

    init(number: UInt64, process: Process, socket: PacketSocket, page: ClaimPage) {
        self.number = number
        self.process = process
        self.socket = socket
        self.page = page
    }

    var raw: Int32 { socket.descriptor.descriptor.raw }
    var pidfd: Int32 { process.handle.descriptor.raw }

    /// Whether it counts as a worker: it does work, or will.
    var isLive: Bool { phase == .starting || phase == .ready }
    var canWork: Bool { phase == .ready && !isBlocked }

    /// Takes back what it has not begun, in its order.
    func recall() -> [PoolTask] {
        if outstanding.isEmpty { return [] }
        let begun = page.recall(next: next)
        var recalled: [PoolTask] = []
        let first = outstanding.firstIndex { $0.serial >= begun } ?? outstanding.count
        for sent in outstanding[first...] {
            sent.task.future.place = PoolPlace.queue
            recalled.append(sent.task)
        }
        outstanding.removeSubrange(first...)
        taken -= recalled.count
        // It may have been quicker than the news of it.
        for sent in outstanding where !sent.task.hasBegun { sent.task.hasBegun = sent.task.future.beginOutside() }
        return recalled
    }

    /// Takes out the task that was answered, which is the first one; nil if it is another one.
    func takeAnswered(_ serial: UInt64) -> PoolTask? {
        guard let first = outstanding.first, first.serial == serial else { return nil }
        outstanding.removeFirst()
        first.task.future.place = PoolPlace.nowhere
        if let head = outstanding.first?.task, !head.hasBegun { head.hasBegun = head.future.beginOutside() }
        return first.task
    }

    /// Lets it end: it finds the end of its tasks.
    func retire() {
        phase = .retiring
        shutdown(raw, Int32(SHUT_WR))
    }
}

/// Where a task is, beside the numbers of members.
enum PoolPlace {
    static let queue: UInt64 = 0
    /// Somebody is cancelling it.
    static let nowhere: UInt64 = 1
}

/// The tasks that nobody has, first come, first served; those that come back go before all others.
struct PoolQueue {
    /// From the last to the first.
    private var front: [PoolTask] = []
    private var back: [PoolTask?] = []
    private var head = 0

    var count: Int { front.count + back.count - head }
    var isEmpty: Bool { front.isEmpty && head == back.count }

    mutating func append(contentsOf tasks: [PoolTask]) {
        if tasks.count == 1 { back.append(tasks[0]) } else { back.append(contentsOf: tasks) }
    }

    mutating func prepend(_ tasks: some BidirectionalCollection<PoolTask>) {
        front.append(contentsOf: tasks.reversed())
    }

    mutating func popFirst() -> PoolTask? {
        if let task = front.popLast() { return task }
        guard head < back.count else { return nil }
        defer {
            head += 1
            // What was taken is let go in large pieces.
            if head == back.count {
                back.removeAll(keepingCapacity: head <= 4096)
                head = 0
            } else if head >= 4096, head * 2 > back.count {
                back.removeFirst(head)
                head = 0
            }
        }
        return back[head].take()
    }

    /// Takes out all of them, in their order.
    mutating func takeAll() -> [PoolTask] {
        var all: [PoolTask] = []
        all.reserveCapacity(count)
        while let task = popFirst() { all.append(task) }
        return all
    }
}
