import DequeModule
import Scheduling

/// The tasks of one pool: what waits, which process has which task, and who waits for which answer. A pure value.
///
///     submit ──▶ queued ──▶ running ──answer──▶ finished ──▶ callers
///                  ▲           │ crash, timeout, garbage
///                  └──backoff──┘ while attempts are left
///
/// First in, first out. A process has one task at a time. Processes are the supervisor's: this says what is to be done
/// with them, and is told what they are.
struct PoolMachine: Sendable {
    /// Somebody who waits for room, with the number that the task will have.
    struct RoomWaiter: Sendable {
        let request: RequestID
        var task: PoolTask
        let wantsAnswer: Bool
    }

    struct Caller: Sendable {
        /// Nil while it waits for room.
        var task: TaskID?
        var timer: TimerWheel<PoolTimer>.Handle?
    }

    let name: String
    var settings: PoolSettings
    var tasks: [TaskID: PoolTask] = [:]
    /// In the order of their turn. A task that was cancelled leaves its number behind, which is passed over.
    var queue: Deque<TaskID> = []
    var queuedCount = 0
    /// Queued, running and waiting to be tried again.
    var unfinishedCount = 0
    var unfinishedBytes = 0
    var hands: [PoolHand] = []
    /// Slots without a task, the one that was busy last at the end: its memory is warm. Some may be gone by now.
    var idle: [Int] = []
    var busyCount = 0
    var keys: [String: TaskID] = [:]
    var callers: [RequestID: Caller] = [:]
    var room: Deque<RoomWaiter> = []
    /// How many of those in `room` are still there.
    var roomCount = 0
    /// Finished tasks that can be asked for, the oldest first.
    var kept: Deque<TaskID> = []
    var keptBytes = 0
    var wheel = TimerWheel<PoolTimer>()
    /// Why it takes nothing any more.
    var closed: String?
    /// Something has changed since tasks were handed out.
    var isDirty = false
    /// Finished since the supervisor looked, of those that are watched.
    var endedWatched: [TaskReport] = []

    init(name: String, settings: PoolSettings) {
        self.name = name
        self.settings = settings
    }

    var hasRoom: Bool {
        unfinishedCount < settings.capacity && unfinishedBytes < PoolSettings.unfinishedBytes
    }

    private var whyFull: Reply.Refusal {
        unfinishedBytes < PoolSettings.unfinishedBytes
            ? .queueIsFull(name, capacity: settings.capacity)
            : .queueHoldsTooMuch(name, bytes: PoolSettings.unfinishedBytes)
    }
}

// MARK: - Submitting

extension PoolMachine {
    /// What became of a submission.
    enum Acceptance: Equatable {
        case accepted
        /// The key is known: nothing was added, and the caller has joined this task.
        case known(TaskID)
        case waits
        case refused(Reply.Refusal)
    }

    /// What will become of a submission. Changes nothing, so that only what is taken costs a number.
    func verdict(on line: [UInt8], key: String?, wantsAnswer: Bool, waitsForRoom: Bool) -> Acceptance {
        if let key, let id = keys[key], let known = tasks[id] {
            guard known.line == line else { return .refused(.keyInUse(key, id)) }
            guard !wantsAnswer || known.callerCount < PoolSettings.callersOfOneTask else {
                return .refused(.tooManyRequests(limit: PoolSettings.callersOfOneTask))
            }
            return .known(id)
        }
        if let closed { return .refused(.poolIsDown(name, reason: closed)) }
        guard line.count <= PoolSettings.lineLimit else {
            return .refused(.taskTooLarge(bytes: line.count, limit: PoolSettings.lineLimit))
        }
        if hasRoom, roomCount == 0 { return .accepted }
        guard waitsForRoom else { return .refused(whyFull) }
        return roomCount < PoolSettings.roomLimit
            ? .waits : .refused(.tooManyRequests(limit: PoolSettings.roomLimit))
    }

    /// Takes a task on which the verdict was good: it is queued, or waits for room.
    mutating func take(
        _ task: PoolTask, from request: RequestID, wantsAnswer: Bool, timeout: Duration?, at now: Instant,
        effects: inout [Effect]
    ) {
        guard hasRoom, roomCount == 0 else {
            addCaller(request, of: nil, timeout: timeout, at: now)
            room.append(RoomWaiter(request: request, task: task, wantsAnswer: wantsAnswer))
            roomCount += 1
            return
        }
        if wantsAnswer {
            addCaller(request, of: task.id, timeout: timeout, at: now)
            admit(task, from: request)
        } else {
            admit(task, from: nil)
            effects.append(.reply(request, .submitted(task.id, isNew: true)))
        }
    }

    /// Waits for the answer to a task that another has submitted.
    mutating func join(
        _ id: TaskID, _ request: RequestID, timeout: Duration?, at now: Instant, effects: inout [Effect]
    ) {
        guard let task = tasks[id] else { return }
        if case .finished(let outcome) = task.state {
            effects.append(.reply(request, .called(PoolAnswer(task: id, outcome: outcome))))
            return
        }
        addCaller(request, of: id, timeout: timeout, at: now)
        tasks[id]?.addCaller(request)
    }

    private mutating func addCaller(_ request: RequestID, of task: TaskID?, timeout: Duration?, at now: Instant) {
        let timer = timeout.map { wheel.insert(.caller(request), at: now + $0) }
        callers[request] = Caller(task: task, timer: timer)
    }

    private mutating func admit(_ task: PoolTask, from request: RequestID?) {
        var task = task
        if let request { task.addCaller(request) }
        task.reason = "waits for its turn"
        if let key = task.key { keys[key] = task.id }
        unfinishedCount += 1
        unfinishedBytes += task.line.count
        queue.append(task.id)
        queuedCount += 1
        tasks[task.id] = task
        isDirty = true
    }

    /// Lets in those who wait for room, in order. Returns whether anybody came in.
    mutating func admitWaiting(effects: inout [Effect]) -> Bool {
        var hasAdmitted = false
        while hasRoom, let waiter = room.popFirst() {
            guard var caller = callers[waiter.request] else { continue }
            roomCount -= 1
            hasAdmitted = true
            // Another with its key may have come in before it.
            let verdict = verdict(
                on: waiter.task.line, key: waiter.task.key, wantsAnswer: waiter.wantsAnswer, waitsForRoom: true)
            if case .refused(let refusal) = verdict {
                forget(waiter.request)
                effects.append(.reply(waiter.request, .refused(refusal)))
            } else if case .known(let known) = verdict {
                joinFromRoom(waiter, caller, known, effects: &effects)
            } else if waiter.wantsAnswer {
                caller.task = waiter.task.id
                callers[waiter.request] = caller
                admit(waiter.task, from: waiter.request)
            } else {
                forget(waiter.request)
                admit(waiter.task, from: nil)
                effects.append(.reply(waiter.request, .submitted(waiter.task.id, isNew: true)))
            }
        }
        return hasAdmitted
    }

    private mutating func joinFromRoom(
        _ waiter: RoomWaiter, _ caller: Caller, _ known: TaskID, effects: inout [Effect]
    ) {
        if waiter.wantsAnswer, tasks[known]?.isFinished == false {
            callers[waiter.request] = Caller(task: known, timer: caller.timer)
            tasks[known]?.addCaller(waiter.request)
            return
        }
        forget(waiter.request)
        if waiter.wantsAnswer, case .finished(let outcome)? = tasks[known]?.state {
            effects.append(.reply(waiter.request, .called(PoolAnswer(task: known, outcome: outcome))))
        } else {
            effects.append(.reply(waiter.request, .submitted(known, isNew: false)))
        }
    }

    // MARK: - Callers who give up

    /// The client is gone. What nobody can ask for any more is not begun; what has begun goes on.
    ///
    /// - Returns: whether the request was one of this pool.
    mutating func abandon(_ request: RequestID, at now: Instant, effects: inout [Effect]) -> Bool {
        guard let caller = callers[request] else { return false }
        forget(request)
        guard let id = caller.task else {
            roomCount -= 1
            isDirty = true
            return true
        }
        tasks[id]?.removeCaller(request)
        if let task = tasks[id], !task.hasCallers, !task.isKept, !task.isWatched {
            switch task.state {
            case .queued, .backoff:
                finish(id, .cancelled("its caller has gone"), at: now, effects: &effects)
            case .running, .stopping, .finished: break
            }
        }
        return true
    }

    /// A caller has waited long enough. The task goes on, and its end is remembered: the caller is told its number.
    mutating func callerTimedOut(_ request: RequestID, effects: inout [Effect]) {
        guard let caller = callers.removeValue(forKey: request) else { return }
        guard let id = caller.task else {
            roomCount -= 1
            isDirty = true
            effects.append(.reply(request, .refused(whyFull)))
            return
        }
        tasks[id]?.removeCaller(request)
        tasks[id]?.isKept = true
        effects.append(.reply(request, .refused(.callTimedOut(id))))
    }

    mutating func forget(_ request: RequestID) {
        guard let caller = callers.removeValue(forKey: request), let timer = caller.timer else { return }
        wheel.cancel(timer)
    }
}
