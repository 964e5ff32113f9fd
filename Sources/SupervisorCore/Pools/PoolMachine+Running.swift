import DequeModule
import Scheduling

/// Handing tasks out, and what comes back.
extension PoolMachine {
    /// What the supervisor must do with a process.
    enum Demand: Equatable {
        case nothing
        /// It has done its share: replace it in an orderly way.
        case replace(String)
        /// End it at once and replace it; `isItsFault` counts as its failure.
        case kill(String, isItsFault: Bool)
    }

    // MARK: - Handing out

    /// Gives the oldest tasks to processes without one.
    mutating func handOut(at now: Instant, effects: inout [Effect]) {
        while queuedCount > 0, let slot = takeIdle(), let id = takeQueued() {
            begin(id, in: slot, at: now, effects: &effects)
        }
    }

    private mutating func begin(_ id: TaskID, in slot: Int, at now: Instant, effects: inout [Effect]) {
        guard let timeout = tasks[id]?.timeout ?? settings.taskTimeout else {
            return begin(id, in: slot, timer: nil, at: now, effects: &effects)
        }
        let timer = wheel.insert(.attempt(id), at: now + timeout)
        begin(id, in: slot, timer: timer, at: now, effects: &effects)
    }

    private mutating func begin(
        _ id: TaskID, in slot: Int, timer: TimerWheel<PoolTimer>.Handle?, at now: Instant, effects: inout [Effect]
    ) {
        let run = RunID(instance: InstanceID(worker: name, index: slot), number: hands[slot].run)
        hands[slot].task = id
        busyCount += 1
        tasks[id]?.state = .running(slot: slot)
        tasks[id]?.attempts += 1
        tasks[id]?.startedAt = now
        tasks[id]?.run = run
        tasks[id]?.timer = timer
        effects.append(.sendTask(run, id, tasks[id]?.line ?? []))
    }

    private mutating func takeQueued() -> TaskID? {
        while let id = queue.popFirst() {
            guard tasks[id]?.state == .queued else { continue }
            queuedCount -= 1
            return id
        }
        return nil
    }

    private mutating func takeIdle() -> Int? {
        while let slot = idle.popLast() {
            hands[slot].isListed = false
            if canTake(slot) { return slot }
        }
        return nil
    }

    func canTake(_ slot: Int) -> Bool {
        hands[slot].isUsable && hands[slot].task == nil && !hands[slot].isBroken && !hands[slot].isDeaf
            && hands[slot].limit.map { hands[slot].answered < $0 } ?? true
    }

    private mutating func list(_ slot: Int) {
        guard canTake(slot), !hands[slot].isListed else { return }
        hands[slot].isListed = true
        idle.append(slot)
        isDirty = true
    }

    // MARK: - Processes come and go

    /// What the process in a slot is now; `run` is 0 when there is none, and `end` says how the last one ended.
    mutating func sync(
        _ slot: Int, run: UInt64, isUsable: Bool, slots: Int, end: () -> (PoolFailure, String), at now: Instant,
        random: inout SplitMix64, effects: inout [Effect]
    ) {
        while hands.count <= slot { hands.append(PoolHand()) }
        if hands[slot].run != run {
            let old = hands[slot]
            hands[slot] = PoolHand(isListed: old.isListed, isSeasoned: old.isSeasoned || old.run > 0)
            hands[slot].run = run
            hands[slot].limit = settings.tasksPerProcess.map { all in
                // The first ones get fewer, so that not all are replaced in the same moment.
                old.isSeasoned || old.run > 0 ? all : max(1, all - all * slot / max(1, slots))
            }
            if let id = old.task { lost(id, old, end(), at: now, random: &random, effects: &effects) }
        }
        hands[slot].isUsable = isUsable
        // Whether any process will come back is looked at when tasks are handed out.
        if run == 0 { isDirty = true }
        list(slot)
    }

    /// The process that had a task is gone.
    private mutating func lost(
        _ id: TaskID, _ hand: PoolHand, _ end: (PoolFailure, String), at now: Instant, random: inout SplitMix64,
        effects: inout [Effect]
    ) {
        busyCount -= 1
        guard let task = tasks[id] else { return }
        if case .stopping(_, let verdict) = task.state {
            switch verdict {
            case .fails(let failure, let why): fail(id, failure, why, at: now, random: &random, effects: &effects)
            case .cancelled(let why): finish(id, .cancelled(why), at: now, effects: &effects)
            }
            return
        }
        let rest = hand.unfinishedLine.isEmpty ? "" : ", after an unfinished line: \(Self.excerpt(hand.unfinishedLine))"
        fail(id, end.0, end.1 + rest, at: now, random: &random, effects: &effects)
    }

    // MARK: - Answers

    /// A process has written a line.
    mutating func answered(
        _ slot: Int, _ line: [UInt8], extra: [UInt8], at now: Instant, effects: inout [Effect]
    ) -> Demand {
        guard !hands[slot].isBroken else { return .nothing }
        guard let id = hands[slot].task, let task = tasks[id] else {
            return condemn(slot, "wrote a line without having a task: \(Self.excerpt(line))", at: now)
        }
        // One that is being killed may still say something; its fate is decided.
        guard case .running = task.state else { return .nothing }
        guard line.count <= PoolSettings.lineLimit, let value = JSONText.value(in: line) else {
            return condemn(slot, "answered with what is no JSON: \(Self.excerpt(line))", at: now)
        }
        hands[slot].task = nil
        hands[slot].answered += 1
        busyCount -= 1
        finish(id, Self.outcome(line, value), at: now, effects: &effects)
        // It must not become the answer to the next task.
        guard extra.isEmpty else {
            return condemn(slot, "wrote more than one line for a task: \(Self.excerpt(extra))", at: now)
        }
        if let limit = hands[slot].limit, hands[slot].answered >= limit {
            return .replace("recycled after \(limit) task\(limit == 1 ? "" : "s") (tasks_per_process)")
        }
        list(slot)
        return .nothing
    }

    private static func outcome(_ line: [UInt8], _ value: Range<Int>) -> PoolAnswer.Outcome {
        if line[value.lowerBound] == UInt8(ascii: "{"), let members = JSONText.members(in: line, value),
            members.count == 1, line[members[0].key].elementsEqual("error".utf8)
        {
            return .error(Array(line[members[0].value]))
        }
        return .done(value == line.indices ? line : Array(line[value]))
    }

    /// Its lines are out of order: it gets no more tasks, and is to be killed.
    private mutating func condemn(_ slot: Int, _ why: String, at now: Instant) -> Demand {
        hands[slot].isBroken = true
        if let id = hands[slot].task { stop(id, in: slot, .fails(.badAnswer, "its process \(why)")) }
        return .kill(why, isItsFault: true)
    }

    mutating func broken(_ slot: Int, _ fault: PoolFault, at now: Instant, effects: inout [Effect]) -> Demand {
        guard !hands[slot].isBroken else { return .nothing }
        switch fault {
        case .unfinishedLine(let line):
            hands[slot].unfinishedLine = line
            return .nothing
        case .lineTooLong(let line):
            let limit = PoolSettings.lineLimit
            return condemn(slot, "wrote a line of more than \(limit) bytes: \(Self.excerpt(line))", at: now)
        case .unasked(let line):
            if let id = hands[slot].task { takeBack(id, from: slot, at: now, effects: &effects) }
            return condemn(slot, "wrote a line without having a task: \(Self.excerpt(line))", at: now)
        case .outputClosed:
            return condemn(slot, "closed its standard output", at: now)
        case .inputClosed(let taken):
            hands[slot].isDeaf = true
            guard let id = hands[slot].task else { return .nothing }
            if !taken { takeBack(id, from: slot, at: now, effects: &effects) }
            // It is about to end, nearly always; if it does not, that is told as a fault of its own.
            return .nothing
        case .system(let what):
            return condemn(slot, what, at: now)
        }
    }

    /// The process never saw it, so it goes to the head of the queue, as if nothing had been. Unless the process is
    /// being killed because of it: then the end of that decides.
    private mutating func takeBack(_ id: TaskID, from slot: Int, at now: Instant, effects: inout [Effect]) {
        guard let task = tasks[id], case .running = task.state else { return }
        hands[slot].task = nil
        busyCount -= 1
        cancelTimer(of: id)
        tasks[id]?.state = .queued
        tasks[id]?.attempts -= 1
        tasks[id]?.reason = "waits for its turn: the process that it was meant for had gone"
        queue.prepend(id)
        queuedCount += 1
        isDirty = true
        if let closed { finish(id, .cancelled(closed), at: now, effects: &effects) }
    }

    mutating func stop(_ id: TaskID, in slot: Int, _ verdict: PoolTask.Verdict) {
        cancelTimer(of: id)
        tasks[id]?.state = .stopping(slot: slot, verdict)
        switch verdict {
        case .fails(_, let why), .cancelled(let why): tasks[id]?.reason = why
        }
    }

    mutating func cancelTimer(of id: TaskID) {
        if let timer = tasks[id]?.timer {
            wheel.cancel(timer)
            tasks[id]?.timer = nil
        }
    }

    /// The beginning of a line, for people.
    static func excerpt(_ line: [UInt8]) -> String {
        let limit = 120
        let text = String(decoding: line.prefix(limit), as: UTF8.self)
        let plain = String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : Character($0) })
        return "\"\(plain)\(line.count > limit ? "…" : "")\""
    }
}
