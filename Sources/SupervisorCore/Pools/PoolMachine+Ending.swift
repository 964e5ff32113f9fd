import DequeModule
import Scheduling

/// How tasks end, and what is remembered of them.
extension PoolMachine {
    // MARK: - Failures

    /// An attempt has failed without an answer: tries again, or ends the task.
    mutating func fail(
        _ id: TaskID, _ failure: PoolFailure, _ why: String, at now: Instant, random: inout SplitMix64,
        effects: inout [Effect]
    ) {
        guard let task = tasks[id] else { return }
        cancelTimer(of: id)
        guard task.attempts < task.attemptLimit, closed == nil else {
            finish(id, .failed(failure, why), at: now, effects: &effects)
            return tell(.taskFinished, id, .failed, why, effects: &effects)
        }
        let delay = settings.retry.backoff.delay(attempt: max(1, task.attempts), using: &random)
        let text = "\(why); attempt \(task.attempts + 1) of \(task.attemptLimit) in \(delay.text)"
        tasks[id]?.reason = text
        if delay > .zero {
            tasks[id]?.state = .backoff(until: now + delay)
            tasks[id]?.timer = wheel.insert(.attempt(id), at: now + delay)
        } else {
            requeue(id)
        }
        tell(.taskRetrying, id, delay > .zero ? .backoff : .queued, text, effects: &effects)
    }

    /// At the end of the queue: what fails again and again must not hold up the others.
    private mutating func requeue(_ id: TaskID) {
        tasks[id]?.state = .queued
        queue.append(id)
        queuedCount += 1
        isDirty = true
    }

    /// Only what is out of the ordinary is announced: a pool answers tens of thousands of tasks a second.
    private func tell(
        _ kind: Announcement.Kind, _ id: TaskID, _ state: TaskState, _ message: String, effects: inout [Effect]
    ) {
        effects.append(.announce(Announcement(kind, queue: name, task: id, taskState: state, message: message)))
    }

    // MARK: - Time

    /// Something that the wheel was set for is due. Returns the process that has had its time, if that is it.
    mutating func timePassed(
        _ timer: PoolTimer, at now: Instant, effects: inout [Effect]
    ) -> (slot: Int, demand: Demand)? {
        switch timer {
        case .caller(let request):
            callerTimedOut(request, effects: &effects)
            return nil
        case .attempt(let id):
            guard let task = tasks[id] else { return nil }
            tasks[id]?.timer = nil
            switch task.state {
            case .backoff:
                tasks[id]?.reason = "waits for its turn"
                requeue(id)
                return nil
            case .running(let slot):
                let limit = task.timeout ?? settings.taskTimeout ?? .zero
                let took = task.startedAt.map { now - $0 } ?? limit
                let rule = task.timeout == nil ? " (task_timeout)" : ""
                stop(id, in: slot, .fails(.timedOut, "took longer than \(max(limit, .zero).text)\(rule)"))
                return (slot, .kill("task \(id) has taken \(took.text)\(rule)", isItsFault: false))
            case .queued, .stopping, .finished:
                return nil
            }
        }
    }

    // MARK: - Cancelling

    /// Cancels what is not finished. Returns the process that must be killed for it, if one has it.
    mutating func cancel(
        _ id: TaskID, _ why: String, at now: Instant, effects: inout [Effect]
    ) -> (slot: Int, demand: Demand)? {
        guard let task = tasks[id] else { return nil }
        switch task.state {
        case .queued, .backoff:
            finish(id, .cancelled(why), at: now, effects: &effects)
            tell(.taskCancelled, id, .cancelled, why, effects: &effects)
            return nil
        case .running(let slot):
            stop(id, in: slot, .cancelled(why))
            tell(.taskStopping, id, .stopping, why, effects: &effects)
            return (slot, .kill("task \(id) was cancelled", isItsFault: false))
        case .stopping, .finished:
            return nil
        }
    }

    /// Takes no more tasks, and drops those that have not begun. Those that have may end.
    mutating func close(_ why: String, at now: Instant, effects: inout [Effect]) {
        guard closed == nil else { return }
        closed = why
        dropWaiting(.cancelled(why), at: now, effects: &effects)
        let refused = room
        room = []
        roomCount = 0
        for waiter in refused where callers[waiter.request] != nil {
            forget(waiter.request)
            effects.append(.reply(waiter.request, .refused(.poolIsDown(name, reason: why))))
        }
    }

    /// Ends all that waits for its turn.
    mutating func dropWaiting(_ outcome: PoolAnswer.Outcome, at now: Instant, effects: inout [Effect]) {
        guard unfinishedCount > busyCount else { return }
        let waiting = tasks.values.filter { task in
            switch task.state {
            case .queued, .backoff: true
            case .running, .stopping, .finished: false
            }
        }.map(\.id).sorted()
        for id in waiting { finish(id, outcome, at: now, effects: &effects) }
        queue = []
    }

    // MARK: - The end

    /// The task has its end: tells who waits, and keeps it if somebody may come back for it.
    mutating func finish(_ id: TaskID, _ outcome: PoolAnswer.Outcome, at now: Instant, effects: inout [Effect]) {
        guard var task = tasks[id] else { return }
        switch task.state {
        case .queued:
            queuedCount -= 1
            if queue.count > 2 * queuedCount + 64 { dropStale(but: id) }
        case .running, .stopping, .backoff: break
        case .finished: return
        }
        if let timer = task.timer { wheel.cancel(timer) }
        unfinishedCount -= 1
        unfinishedBytes -= task.line.count
        isDirty = true
        for request in task.callers {
            forget(request)
            effects.append(.reply(request, .called(PoolAnswer(task: id, outcome: outcome))))
        }
        guard task.isKept || task.key != nil || task.isWatched else {
            tasks[id] = nil
            return
        }
        task.timer = nil
        task.caller = nil
        task.otherCallers = []
        task.state = .finished(outcome)
        task.finishedAt = now
        task.reason = outcome.reason
        tasks[id] = task
        if task.isWatched { endedWatched.append(report(task)) }
        kept.append(id)
        keptBytes += task.line.count + outcome.size
        trim(effects: &effects)
    }

    /// Takes out of the queue what was cancelled while it waited there. Amortized O(1) for each cancellation.
    private mutating func dropStale(but last: TaskID) {
        let known = tasks
        queue.removeAll { $0 == last || known[$0]?.state != .queued }
    }

    /// Forgets the oldest, when there are more than are to be kept.
    mutating func trim(effects: inout [Effect]) {
        while kept.count > settings.keep || keptBytes > PoolSettings.keptBytes, let oldest = kept.popFirst() {
            // What finishes in this moment may be the oldest, but is still to be told.
            guard let task = tasks[oldest], case .finished(let outcome) = task.state else { continue }
            keptBytes -= task.line.count + outcome.size
            if let key = task.key { keys[key] = nil }
            tasks[oldest] = nil
        }
    }
}

extension PoolTask {
    fileprivate var callers: [RequestID] { caller.map { [$0] + otherCallers } ?? otherCallers }
}

extension PoolAnswer.Outcome {
    var size: Int {
        switch self {
        case .done(let bytes), .error(let bytes): bytes.count
        case .failed(_, let why), .cancelled(let why): why.utf8.count
        }
    }

    var state: TaskState {
        switch self {
        case .done: .done
        case .error, .failed: .failed
        case .cancelled: .cancelled
        }
    }

    var reason: String {
        switch self {
        case .done: "done"
        case .error: "its worker answered with an error"
        case .failed(_, let why), .cancelled(let why): why
        }
    }
}
