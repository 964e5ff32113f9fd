import Scheduling

/// How a task comes in: looked at, given a number, stored, and only then accepted.
extension TaskBoard {
    mutating func submit(
        _ submission: TaskSubmission, to name: String, waitForRoom: Bool, id: RequestID, at now: Instant,
        effects: inout [Effect]
    ) throws(RefusedTask) {
        guard let queue = queueIndex[name] else { throw RefusedTask(.unknownName(name, nearest: nil)) }
        if queues[queue].isLeaving { throw RefusedTask(.queueIsLeaving(name)) }
        if try answerByKey(submission, queue, id: id, effects: &effects) { return }
        let submission = try examined(submission, queue)
        if let full = whyFull(queue) {
            guard waitForRoom else { throw RefusedTask(full) }
            guard queues[queue].waitingBytes + submission.size <= QueueDefinition.waitingBytesLimit else {
                throw RefusedTask(.queueHoldsTooMuch(name, bytes: QueueDefinition.waitingBytesLimit))
            }
            requests[id] = .room(queue: name, submission)
            queues[queue].waiting.append(id)
            queues[queue].waitingBytes += submission.size
            return
        }
        take(submission, queue, id: id, at: now, effects: &effects)
    }

    func hasRoom(_ queue: Int) -> Bool { whyFull(queue) == nil }

    /// Why a queue cannot take so many tasks, of so many bytes, besides those that it has; nil when it can.
    func whyFull(_ queue: Int, adding count: Int = 1, bytes: Int = 0) -> Reply.Refusal? {
        let capacity = queues[queue].definition.capacity
        guard unfinished(queue) + count <= capacity else {
            return .queueIsFull(queues[queue].name, capacity: capacity)
        }
        let held = queues[queue].bytes - queues[queue].forgettableBytes
        return held + bytes < QueueDefinition.bytesLimit
            ? nil : .queueHoldsTooMuch(queues[queue].name, bytes: QueueDefinition.bytesLimit)
    }

    /// Those that are being stored count too: they have been promised a place.
    func unfinished(_ queue: Int) -> Int { queues[queue].counts.unfinished + queues[queue].submitting }

    /// The same key of the same user is the same task, as long as that is remembered.
    private mutating func answerByKey(
        _ submission: TaskSubmission, _ queue: Int, id: RequestID, effects: inout [Effect]
    ) throws(RefusedTask) -> Bool {
        guard let key = submission.key, let task = queues[queue].keys[key], let entry = tasks[task] else {
            return false
        }
        let known = entry.record.submission
        guard known.work.isSame(as: submission.work), known.submitter.user == submission.submitter.user else {
            throw RefusedTask(.keyInUse(key, task))
        }
        if entry.isBeingSubmitted {
            requests[id] = .submission(task, isNew: false)
            tasks[task]?.waiters.append(id)
        } else {
            effects.append(.reply(id, .submitted(task, isNew: false)))
        }
        return true
    }

    /// What a queue lets through of a submission, or why it lets nothing through.
    private func examined(_ submission: TaskSubmission, _ queue: Int) throws(RefusedTask) -> TaskSubmission {
        let definition = queues[queue].definition
        guard case .command(var command) = submission.work else {
            throw RefusedTask(.wrongWork(queue: definition.name))
        }
        var submission = submission
        command.adopt(submission.submitter, by: definition)
        submission.submitter = Submitter(user: submission.submitter.user)
        submission.work = .command(command)
        if let problem = submission.problem { throw RefusedTask(.badTask(problem)) }
        guard submission.size <= QueueDefinition.taskSizeLimit else {
            throw RefusedTask(.taskTooLarge(bytes: submission.size, limit: QueueDefinition.taskSizeLimit))
        }
        guard submission.after.count <= QueueDefinition.dependencyLimit else {
            let limit = QueueDefinition.dependencyLimit
            throw RefusedTask(.tooManyDependencies(submission.after.count, limit: limit))
        }
        try checkDependencies(submission)
        return submission
    }

    /// They must exist already, so there are no circles; and they must still be able to succeed.
    private func checkDependencies(_ submission: TaskSubmission) throws(RefusedTask) {
        for id in submission.after {
            guard let entry = known(id) else { throw RefusedTask(.unknownTask(id)) }
            let state = entry.publicState
            guard submission.afterAny || !entry.isFinished || state == .done else {
                throw RefusedTask(.dependencyFailed(id, state))
            }
        }
    }

    private mutating func take(
        _ submission: TaskSubmission, _ queue: Int, id: RequestID, at now: Instant, effects: inout [Effect]
    ) {
        lastTask += 1
        let task = TaskID(lastTask)
        let isDurable = queues[queue].definition.durable
        var record = TaskRecord(
            id: task, queue: queues[queue].name, submission: submission, submittedAt: now)
        record.progress.reason = "submitted"
        let ticket = isDurable ? store.nextTicket : reservation(of: task)
        var entry = TaskEntry(record: record, phase: .accepting(ticket ?? store.nextTicket), isDurable: isDurable)
        record.progress.state = stateToCome(of: entry)
        entry.record = record
        tasks[task] = entry
        queues[queue].bytes += entry.weight
        queues[queue].submitting += 1
        if let key = submission.key { queues[queue].keys[key] = task }
        setPins(of: task, true)
        if isDurable {
            store.add(.add(record), .accept(task))
        } else if ticket == nil {
            return accept(task, reply: id, isNew: true, at: now, effects: &effects)
        }
        requests[id] = .submission(task, isNew: true)
        tasks[task]?.waiters.append(id)
    }

    /// The ticket that a number has to wait for so that it never comes again; nil when it need not.
    private mutating func reservation(of task: TaskID) -> StoreTicket? {
        keepReserve(aheadOf: task)
        guard task.number > store.reserved, let reserving = store.reserving else { return nil }
        if reserving.ticket == store.nextTicket {
            store.purposes.append(.accept(task))
        } else {
            store.open[reserving.ticket]?.append(.accept(task))
        }
        return reserving.ticket
    }

    /// A number for a task that is never stored, as a pool's are. Keeps the reserve ahead of it.
    mutating func takeNumber() -> TaskID {
        lastTask += 1
        keepReserve(aheadOf: TaskID(lastTask))
        return TaskID(lastTask)
    }

    private mutating func keepReserve(aheadOf task: TaskID) {
        let ahead = task.number + StoreMirror.numberBlock / 2
        guard ahead > max(store.reserved, store.reserving?.upTo ?? 0) else { return }
        let mark = task.number + StoreMirror.numberBlock
        store.add(.reserve(TaskID(mark)), .reserve(upTo: mark))
        store.reserving = (store.nextTicket, mark)
    }

    // MARK: - The store's answer

    /// A submission or a retry is durable.
    mutating func accepted(_ id: TaskID, _ ticket: StoreTicket, at now: Instant, effects: inout [Effect]) {
        guard tasks[id]?.phase == .accepting(ticket) else {
            return answerStored(id, effects: &effects)
        }
        accept(id, reply: nil, isNew: true, at: now, effects: &effects)
    }

    private mutating func accept(
        _ id: TaskID, reply: RequestID?, isNew: Bool, at now: Instant, effects: inout [Effect]
    ) {
        guard let queue = queue(of: id), let entry = tasks[id] else { return }
        if entry.isBeingSubmitted { queues[queue].submitting -= 1 }
        let isRetry = entry.before != nil
        if isRetry, let state = tasks[id]?.publicState { queues[queue].counts[state] -= 1 }
        tasks[id]?.before = nil
        tasks[id]?.phase = .queued
        queues[queue].counts[tasks[id]?.publicState ?? .queued] += 1
        let reason = isRetry ? "to be run again by request" : "submitted"
        announce(.taskAccepted, id, reason, effects: &effects)
        enqueue(id, reason, at: now, effects: &effects)
        if let reply { effects.append(.reply(reply, .submitted(id, isNew: isNew))) }
        answerStored(id, effects: &effects)
    }

    /// Answers those who wait for the submission or the retry of a task to be durable.
    private mutating func answerStored(_ id: TaskID, effects: inout [Effect]) {
        answer(id, effects: &effects) { request in
            if case .submission(_, let isNew) = request { return .submitted(id, isNew: isNew) }
            return nil
        }
    }

    /// A submission that the store did not take: nothing of it is left.
    mutating func refuse(
        _ id: TaskID, _ ticket: StoreTicket, _ reason: String, at now: Instant, effects: inout [Effect]
    ) {
        guard let entry = tasks[id], entry.phase == .accepting(ticket), entry.isBeingSubmitted else { return }
        // One that is never stored only needed its number, and has it.
        guard entry.isDurable else { return accept(id, reply: nil, isNew: true, at: now, effects: &effects) }
        guard let queue = queue(of: id) else { return }
        answer(id, effects: &effects) { _ in .refused(.notStored(reason: reason)) }
        setPins(of: id, false)
        if let key = entry.record.submission.key { queues[queue].keys[key] = nil }
        queues[queue].submitting -= 1
        queues[queue].bytes -= entry.weight
        tasks[id] = nil
        markDirty(queue)
    }

    /// Replies to those of a task's waiters for whom there is an answer, in the order in which they came.
    mutating func answer(_ id: TaskID, effects: inout [Effect], _ reply: (TaskRequest) -> Reply?) {
        guard let waiters = tasks[id]?.waiters, !waiters.isEmpty else { return }
        var left: [RequestID] = []
        for waiter in waiters {
            guard let request = requests[waiter] else { continue }
            guard let reply = reply(request) else {
                left.append(waiter)
                continue
            }
            requests[waiter] = nil
            effects.append(.reply(waiter, reply))
        }
        tasks[id]?.waiters = left
    }

    // MARK: - Room

    /// Lets in those who wait for room, in the order in which they came.
    mutating func admit(_ queue: Int, at now: Instant, effects: inout [Effect]) {
        while let id = queues[queue].waiting.first {
            guard case .room(let name, let submission)? = requests[id] else {
                queues[queue].waiting.removeFirst()
                continue
            }
            let isClosed = isShuttingDown || queues[queue].isLeaving
            guard isClosed || hasRoom(queue) else { return }
            queues[queue].waiting.removeFirst()
            queues[queue].waitingBytes -= submission.size
            requests[id] = nil
            if isShuttingDown {
                effects.append(.reply(id, .refused(.shuttingDown)))
            } else {
                // Looked at anew: what it depends on may have failed, and its key may be taken by now.
                do throws(RefusedTask) {
                    try submit(submission, to: name, waitForRoom: true, id: id, at: now, effects: &effects)
                } catch {
                    effects.append(.reply(id, .refused(error.refusal)))
                }
            }
        }
    }
}

struct RefusedTask: Error {
    let refusal: Reply.Refusal

    init(_ refusal: Reply.Refusal) { self.refusal = refusal }
}

extension TaskWork {
    /// For keys: an environment that differs, as each login's does, makes no other task.
    func isSame(as other: TaskWork) -> Bool {
        switch (self, other) {
        case (.command(let one), .command(let two)): one.arguments == two.arguments
        case (.json(let one), .json(let two)): one == two
        case (.command, .json), (.json, .command): false
        }
    }
}

extension TaskCommand {
    /// Takes from its submitter what the queue lets through. What was asked for by name is stronger.
    mutating func adopt(_ submitter: Submitter, by definition: QueueDefinition) {
        if directory == nil, definition.submitterDirectory, definition.launch.directory == nil {
            directory = submitter.directory
        }
        let own = Set(environment.map(\.name))
        environment =
            submitter.environment.filter { variable in
                !own.contains(variable.name) && definition.lets(through: variable.name)
            } + environment
    }
}

extension QueueDefinition {
    /// Whether a task gets this variable of its submitter.
    package func lets(through name: String) -> Bool {
        submitterEnvironment.contains { pattern in
            pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
        }
    }
}

extension TaskSubmission {
    /// Bytes of all that it carries.
    var size: Int {
        let text = (label?.utf8.count ?? 0) + (key?.utf8.count ?? 0)
        switch work {
        case .json(let line): return text + line.utf8.count
        case .command(let command):
            let environment = command.environment.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 2 }
            let arguments = command.arguments.reduce(0) { $0 + $1.utf8.count + 1 }
            return text + arguments + environment + (command.directory?.utf8.count ?? 0)
        }
    }

    /// What is wrong with it in itself.
    var problem: String? {
        if case .command(let command) = work {
            if command.arguments.isEmpty || command.arguments[0].isEmpty { return "there is no command" }
            let texts = command.arguments + command.environment.map(\.value) + [command.directory ?? ""]
            if texts.contains(where: { $0.utf8.contains(0) }) { return "a NUL cannot be in a command" }
            let names = command.environment.map(\.name)
            if let bad = names.first(where: { $0.isEmpty || $0.utf8.contains(0) || $0.contains("=") }) {
                return "\"\(bad)\" cannot be the name of an environment variable"
            }
            if let directory = command.directory, !directory.hasPrefix("/") {
                return "the directory \"\(directory)\" must be absolute"
            }
        }
        if let attempts, attempts < 1 { return "\(attempts) attempts are not enough; give 1 or more" }
        if let timeout, timeout <= .zero { return "a timeout must be longer than 0s" }
        if let priority, !QueueDefinition.priorities.contains(priority) {
            let range = QueueDefinition.priorities
            return "a priority must be from \(range.lowerBound) to \(range.upperBound)"
        }
        return nil
    }
}
