import Futures
import Linux
import Threading

/// Handing out tasks, with the lock held.
extension PoolEngine {
    /// How much work may wait at a worker, beyond what it does: in nanoseconds, and in tasks.
    private static let prefetchTime: UInt64 = 400_000
    private static let prefetchCount: UInt64 = 127
    /// How many workers may die that have a task and have not begun with it.
    static let mostReturns = 3

    /// How many tasks a worker may have at the same time. Short ones are sent several at a time, so that neither side
    /// waits for the other one; a long one is sent to whoever is free.
    private var depth: Int {
        guard let pace else { return 1 }
        return 1 + Int(min(PoolEngine.prefetchCount, PoolEngine.prefetchTime / max(pace, 1)))
    }

    func takeInbox() {
        inboxLock.withLock {
            guard !inbox.tasks.isEmpty else { return }
            queue.append(contentsOf: inbox.tasks)
            inbox.tasks.removeAll(keepingCapacity: inbox.tasks.count <= 4096)
        }
    }

    /// Gives the workers what they can take, and says how many are missing.
    func handOut() {
        takeInbox()
        let depth = depth
        var able = 0
        for member in members where member.canWork { able += 1 }
        if able > 0 {
            serveIdle(depth, able)
            countMissing()
            if depth > 1 { serveBusy(depth, able) }
            if queue.isEmpty, able > 1 { share() }
        } else {
            countMissing()
        }
    }

    private func serveIdle(_ depth: Int, _ able: Int) {
        for member in members where member.canWork && member.outstanding.isEmpty {
            if queue.isEmpty { return }
            fill(member, min(depth, (queue.count + able - 1) / able))
        }
    }

    private func serveBusy(_ depth: Int, _ able: Int) {
        for member in members where member.canWork && member.outstanding.count <= depth / 2 {
            if queue.isEmpty { return }
            fill(member, min(depth - member.outstanding.count, (queue.count + able - 1) / able))
        }
    }

    /// Gives those who have nothing half of what others have not begun.
    private func share() {
        for idle in members where idle.canWork && idle.outstanding.isEmpty {
            guard let rich = members.filter({ $0.canWork }).max(by: { $0.outstanding.count < $1.outstanding.count }),
                rich.outstanding.count > 1
            else { return }
            queue.prepend(rich.recall())
            fill(idle, (queue.count + 1) / 2)
            fill(rich, queue.count)
            if !queue.isEmpty { return }
        }
    }

    /// How many workers are to be started: for what is in the queue, or waits at a worker behind something else, beyond
    /// those that start already.
    private func countMissing() {
        missing = 0
        if isTerminated || brokenBy != nil { return }
        var live = 0
        var starting = 0
        var waiting = queue.count
        for member in members where member.isLive {
            live += 1
            waiting += max(0, member.outstanding.count - 1)
            if member.phase == .starting { starting += 1 }
        }
        let needed = max(waiting - starting, wanted - live)
        guard needed > 0, live < settings.maxWorkers else { return }
        if live > 0, MonotonicClock.now() < startsFrom { return }
        missing = min(needed, settings.maxWorkers - live)
    }

    // MARK: - Sending

    private func fill(_ member: PoolMember, _ count: Int) {
        var left = count
        if let most = settings.maxTasksPerWorker { left = min(left, most - member.taken) }
        while left > 0, member.canWork {
            let tasks = takeBatch(left, startsAtHead: member.outstanding.isEmpty)
            if tasks.isEmpty { return }
            send(tasks, to: member)
            left -= tasks.count
        }
    }

    /// Takes tasks that fit into one packet. One that is large, or that has handles, goes by itself.
    private func takeBatch(_ most: Int, startsAtHead: Bool) -> [PoolTask] {
        var tasks: [PoolTask] = []
        var size = 0
        while tasks.count < most, let task = queue.popFirst() {
            guard task.future.place == PoolPlace.queue else {
                if stale > 0 { stale -= 1 }
                continue
            }
            let length = task.work.bytes.count
            let isAlone = length > PacketKind.longestWhole / 2 || !task.work.descriptors.isEmpty
            if !tasks.isEmpty, isAlone || size + length > PacketKind.longestWhole {
                queue.prepend(CollectionOfOne(task))
                break
            }
            // What a worker does at once runs from now on; what waits there can still be cancelled.
            if startsAtHead, tasks.isEmpty, !task.hasBegun {
                task.hasBegun = task.future.beginOutside()
                guard task.hasBegun else { continue }
            }
            tasks.append(task)
            size += length
            if isAlone { break }
        }
        return tasks
    }

    private func send(_ tasks: [PoolTask], to member: PoolMember) {
        batch.fill(tasks, from: member.next)
        do throws(ConnectionError) {
            try unsafe member.socket.send(
                batch.contents, descriptors: tasks.count == 1 ? tasks[0].work.descriptors : [],
                until: Deadline(after: .zero))
        } catch {
            switch error {
            case .timedOut:
                member.isBlocked = true
                queue.prepend(tasks)
            case .closed:
                // Its end is told soon.
                member.phase = .hungUp
                queue.prepend(tasks)
            case _:
                for task in tasks { failing.append((task, .failed(error))) }
            }
            return
        }
        for task in tasks {
            task.future.place = member.number
            member.outstanding.append(PoolMember.Sent(serial: member.next, task: task))
            member.next += 1
        }
        member.taken += tasks.count
    }
}

/// Several tasks in one packet, in memory that is used again.
final class PoolBatch {
    private var bytes = GrowingBytes(capacity: PacketKind.longestWhole)

    var contents: UnsafeRawBufferPointer { unsafe bytes.contents }

    func fill(_ tasks: [PoolTask], from serial: UInt64) {
        // A large one was an exception.
        if bytes.count > 4 * PacketKind.longestWhole { bytes = GrowingBytes(capacity: PacketKind.longestWhole) }
        bytes.truncate(to: 0)
        var serial = serial
        for task in tasks {
            let start = bytes.count
            unsafe task.work.bytes.withUnsafeBytes { unsafe bytes.append($0) }
            unsafe bytes.base.storeBytes(of: serial, toByteOffset: start + PoolFrame.serialPlace, as: UInt64.self)
            serial += 1
        }
    }
}
