import Futures
import Linux
import Subprocesses
import Threading

/// What the pool's thread learns of the workers and does about them; it holds no lock when it calls these.
extension PoolEngine {
    /// How many workers in a row may end before they are ready.
    static let mostEarlyDeaths = 3

    struct Plan {
        var failing: [(task: PoolTask, error: FutureError<any Error>)]
        var missing: Int
        var waitForRoom: [PoolMember]
        var killAt: Int64?
        var isOver: Bool
    }

    /// Hands out what there is, and says what is left for the thread to do.
    func plan() -> Plan {
        let isClosed = inboxLock.withLock {
            inbox.isRung = false
            return inbox.isClosed
        }
        return lock.withLock {
            handOut()
            let isIdle = isClosed && queue.isEmpty
            for member in members where member.isLive && member.outstanding.isEmpty {
                let isWornOut = settings.maxTasksPerWorker.map { member.taken >= $0 } ?? false
                if isIdle || isWornOut { member.retire() }
            }
            // Those that have retired just now make room for others.
            if !queue.isEmpty { handOut() }
            let blocked = members.filter { $0.isBlocked && !$0.isWatchedForRoom }
            for member in blocked { member.isWatchedForRoom = true }
            defer { (failing, killAt) = ([], nil) }
            return Plan(
                failing: failing, missing: missing, waitForRoom: blocked, killAt: killAt,
                isOver: isIdle && members.isEmpty && failing.isEmpty)
        }
    }

    /// Whether there is nothing to do; from then on, whoever has something rings.
    func mayGoToSleep() -> Bool {
        inboxLock.withLock {
            inbox.isAsleep = inbox.tasks.isEmpty && !inbox.isRung
            return inbox.isAsleep
        }
    }

    func hasWokenUp() { inboxLock.withLock { inbox.isAsleep = false } }

    func member(_ number: UInt64) -> PoolMember? { lock.withLock { members.first { $0.number == number } } }

    func hasOutstanding(_ member: PoolMember) -> Bool { lock.withLock { !member.outstanding.isEmpty } }

    // MARK: - Start

    func makeMember() throws(ProcessStartError) -> PoolMember {
        let page: ClaimPage
        let (ours, theirs): (SharedDescriptor, SharedDescriptor)
        do throws(SystemError) {
            page = try ClaimPage()
            (ours, theirs) = try PacketSocket.pair()
        } catch {
            throw .connection(ConnectionError(error))
        }
        made += 1
        let job = PoolJob(
            socket: PassedDescriptor(theirs), page: PassedDescriptor(page.file),
            hasInitializer: settings.initializer != nil)
        let process: Process
        do {
            process = try Process(
                PoolService.function, job, name: "\(settings.name)-\(made - 1)", in: settings.context)
        } catch let error as ProcessStartError {
            throw error
        } catch {
            // A job can be encoded, unless there is no memory for it.
            throw .connection(.refused("encode a job", errno: 12))
        }
        let socket = PacketSocket(descriptor: ours)
        if let initializer = settings.initializer {
            do throws(ConnectionError) {
                try unsafe initializer.bytes.withUnsafeBytes { bytes in
                    Result { () throws(ConnectionError) in
                        try unsafe socket.send(
                            bytes, descriptors: initializer.descriptors, until: Deadline(after: .zero))
                    }
                }.get()
            } catch {
                // If it has ended already, that is found out like any other end.
                if error != .closed {
                    _ = try? process.kill()
                    _ = process.handle.wait(until: Deadline(after: nil))
                    _ = process.exitStatus
                    throw .connection(error)
                }
            }
        }
        return PoolMember(number: made, process: process, socket: socket, page: page)
    }

    func add(_ member: PoolMember) {
        let isUnwanted = lock.withLock {
            members.append(member)
            return isTerminated
        }
        if isUnwanted { _ = try? member.process.kill() }
        life.withLock { $0.started += 1 }
    }

    /// A worker could not be started. If there is none at all, nobody will do what is in the queue.
    func hasNotStarted(_ error: ProcessStartError) {
        lock.withLock {
            wanted = 0
            if members.contains(where: \.isLive) {
                startsFrom = MonotonicClock.now() + 100_000_000
            } else {
                takeInbox()
                let reason = BrokenReason.worker(PoolFailure.cannotStart(error))
                failing += queue.takeAll().map { ($0, .broken(reason)) }
            }
        }
        life.withLock { $0.startError = error }
    }

    func isReady(_ member: PoolMember) {
        lock.withLock {
            if member.phase == .starting { member.phase = .ready }
            member.wasReady = true
            earlyDeaths = 0
        }
    }

    // MARK: - Answers

    /// Takes out a task that was answered, and gives its worker more to do before anybody looks at the answer.
    ///
    /// - Returns: the task, and whether the worker has no other; nil if it answered what it was not asked.
    func takeAnswered(_ member: PoolMember, _ frame: PoolFrame) -> (PoolTask, isIdle: Bool)? {
        lock.withLock {
            guard let task = member.takeAnswered(frame.serial) else { return nil }
            pace = pace.map { ($0 &* 7 &+ min(frame.nanoseconds, 1 << 40)) / 8 } ?? min(frame.nanoseconds, 1 << 40)
            let isIdle = member.outstanding.isEmpty
            if isIdle, settings.maxTasksPerWorker.map({ member.taken < $0 }) ?? true { handOut() }
            return (task, isIdle && member.outstanding.isEmpty)
        }
    }

    func hasLostAnswer(of member: PoolMember, _ error: ConnectionError) {
        lock.withLock {
            guard let first = member.outstanding.first, let task = member.takeAnswered(first.serial) else { return }
            failing.append((task, .failed(error)))
        }
    }

    // MARK: - End

    /// A worker's connection has ended. It is of no use any more, and is going to end, or is made to.
    func hasHungUp(_ member: PoolMember) {
        let isExpected = lock.withLock {
            defer { member.phase = .hungUp }
            return member.phase == .retiring && member.outstanding.isEmpty
        }
        if !isExpected { _ = try? member.process.kill() }
    }

    /// A worker has ended. What it had begun is lost; what it had not goes to others.
    func hasEnded(_ member: PoolMember, _ status: TerminationStatus) {
        var breaking: BrokenReason?
        lock.withLock {
            members.removeAll { $0 === member }
            let begun = member.page.next
            var returned: [PoolTask] = []
            for (serial, task) in member.outstanding.map({ ($0.serial, $0.task) }) {
                task.future.place = PoolPlace.queue
                if serial >= begun, !isTerminated {
                    task.returns += 1
                    if task.returns < PoolEngine.mostReturns {
                        returned.append(task)
                    } else {
                        failing.append((task, .broken(.worker(PoolFailure.neverBegan(status)))))
                    }
                } else if task.retries > 0, !isTerminated {
                    task.retries -= 1
                    returned.append(task)
                } else {
                    failing.append((task, .broken(.worker(PoolFailure.workerDied(status)))))
                }
            }
            member.outstanding = []
            queue.prepend(returned)
            if let brokenBy {
                failing += queue.takeAll().map { ($0, .broken(brokenBy)) }
            } else if !member.wasReady, !isTerminated, !isClosed || !queue.isEmpty {
                earlyDeaths += 1
                if earlyDeaths >= PoolEngine.mostEarlyDeaths { breaking = .worker(PoolFailure.neverReady(status)) }
            }
        }
        if let breaking { breakDown(breaking) }
    }
}
