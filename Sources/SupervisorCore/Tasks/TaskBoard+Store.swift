import Scheduling

/// The store's mirror image of the board: what it was asked for, what it has not taken yet.
struct StoreMirror: Sendable {
    /// What a ticket was about, in order.
    enum Purpose: Equatable, Sendable {
        case accept(TaskID)
        case start(TaskID)
        case requeue(TaskID)
        case progress(TaskID)
        case forget([TaskID])
        case pause(String)
        case reserve(upTo: UInt64)
        case answer(RequestID)
    }

    struct Trouble: Equatable, Sendable {
        var reason: String
        var attempt: Int
        /// When it is tried again.
        var until: Instant
    }

    /// How many numbers are reserved at once for tasks that are never stored.
    static let numberBlock: UInt64 = 1024
    static let backoff = Backoff(first: .milliseconds(500), factor: 2, ceiling: .seconds(30), jitter: 0.1)

    var lastTicket: UInt64 = 0
    var open: [StoreTicket: [Purpose]] = [:]
    /// What this event has come to so far.
    var batch: [StoreChange] = []
    var purposes: [Purpose] = []
    /// Tasks whose stored progress is behind.
    var unsaved: Set<TaskID> = []
    var unsavedForgets: Set<TaskID> = []
    var unsavedPauses: Set<String> = []
    /// Queues of which the store knows whether they are paused, perhaps from another life.
    var pauses: Set<String> = []
    var trouble: Trouble?
    var timer: TimerWheel<TaskTimer>.Handle?
    /// Numbers up to this one never come again.
    var reserved: UInt64 = 0
    /// The ticket that reserves more, and up to where.
    var reserving: (ticket: StoreTicket, upTo: UInt64)?

    /// The ticket that this event's changes will leave with.
    var nextTicket: StoreTicket { StoreTicket(lastTicket + 1) }

    mutating func add(_ change: StoreChange, _ purpose: Purpose) {
        batch.append(change)
        purposes.append(purpose)
    }
}

extension TaskBoard {
    /// Stores where a task stands now, if the store knows it at all.
    mutating func saveProgress(_ id: TaskID) {
        guard let entry = tasks[id], entry.isDurable else { return }
        store.add(.change(id, entry.record.progress), .progress(id))
    }

    /// Sends off what this event has come to, as one ticket: with what the store failed to take before, unless it would
    /// most likely fail again, and with it what came now.
    mutating func flushStore(effects: inout [Effect]) {
        guard !store.batch.isEmpty else { return }
        if !isStoreResting { addUnsaved() }
        let ticket = store.nextTicket
        store.lastTicket = ticket.number
        store.open[ticket] = store.purposes
        effects.append(.store(ticket, store.batch))
        store.batch = []
        store.purposes = []
    }

    mutating func addUnsaved() {
        let written = Set(store.purposes.compactMap(\.task))
        for id in store.unsaved.sorted() where !written.contains(id) { saveProgress(id) }
        store.unsaved = []
        if !store.unsavedForgets.isEmpty {
            let tasks = store.unsavedForgets.sorted()
            store.add(.forget(tasks), .forget(tasks))
            store.unsavedForgets = []
        }
        for name in store.unsavedPauses.sorted() {
            guard let queue = queueIndex[name] else { continue }
            store.add(.pause(queue: name, queues[queue].isPaused), .pause(name))
        }
        store.unsavedPauses = []
    }

    mutating func savePause(_ queue: Int) {
        let name = queues[queue].name
        store.pauses.insert(name)
        store.add(.pause(queue: name, queues[queue].isPaused), .pause(name))
    }

    // MARK: - Answers

    /// Answers a request, whose effect was at once, when all that was changed so far is stored: what is promised then
    /// survives roostd.
    mutating func replyOnceStored(_ request: RequestID, _ reply: Reply, effects: inout [Effect]) {
        // Answers come in the order of the tickets, so the last one is for all.
        let last = StoreTicket(store.lastTicket)
        if !store.batch.isEmpty {
            store.purposes.append(.answer(request))
        } else if store.open[last] != nil {
            store.open[last]?.append(.answer(request))
        } else {
            return effects.append(.reply(request, reply))
        }
        requests[request] = .change(reply)
    }

    private mutating func replyChange(_ request: RequestID, effects: inout [Effect]) {
        guard case .change(let reply)? = requests[request] else { return }
        requests[request] = nil
        effects.append(.reply(request, reply))
    }

    mutating func stored(_ ticket: StoreTicket, at now: Instant, effects: inout [Effect]) {
        guard let purposes = store.open.removeValue(forKey: ticket) else { return }
        for purpose in purposes {
            switch purpose {
            case .accept(let id), .requeue(let id): accepted(id, ticket, at: now, effects: &effects)
            case .start(let id): startStored(id, ticket, at: now, effects: &effects)
            case .progress(let id): endStored(id, ticket, at: now, effects: &effects)
            case .reserve(let number): reservationEnded(ticket, upTo: number)
            case .answer(let request): replyChange(request, effects: &effects)
            case .forget, .pause: break
            }
        }
        answerRetries(purposes, at: now, effects: &effects)
        // Last, so that what is written now is where each task stands after this answer.
        endTrouble(effects: &effects)
    }

    mutating func storeFailed(_ ticket: StoreTicket, reason: String, at now: Instant, effects: inout [Effect]) {
        guard let purposes = store.open.removeValue(forKey: ticket) else { return }
        for purpose in purposes {
            switch purpose {
            case .accept(let id): refuse(id, ticket, reason, at: now, effects: &effects)
            case .requeue(let id): takeBackRetry(id, ticket, reason, at: now, effects: &effects)
            case .start(let id): takeBackStart(id, ticket, "its start cannot be stored: \(reason)", at: now)
            case .progress(let id):
                endStored(id, ticket, at: now, effects: &effects)
                if tasks[id] != nil { store.unsaved.insert(id) }
            case .forget(let tasks): store.unsavedForgets.formUnion(tasks)
            case .pause(let name): store.unsavedPauses.insert(name)
            // Numbers that may come again in another life are better than no tasks at all in this one.
            case .reserve(let number): reservationEnded(ticket, upTo: number)
            // It is so in this life, and stored as soon as the store takes anything.
            case .answer(let request): replyChange(request, effects: &effects)
            }
        }
        tellUnstored(purposes, reason, effects: &effects)
        beginTrouble(reason, at: now, effects: &effects)
    }

    /// Ends that could not be stored are told once a queue and trouble: were roostd to end now, they would be lost.
    private mutating func tellUnstored(
        _ purposes: [StoreMirror.Purpose], _ reason: String, effects: inout [Effect]
    ) {
        for case .progress(let id) in purposes {
            guard tasks[id]?.isFinished == true, let queue = queue(of: id), !queues[queue].saidStalled else { continue }
            queues[queue].saidStalled = true
            let text = "the end of task \(id) cannot be stored, and others perhaps not: \(reason)"
            announce(.queueStalled, queue: queues[queue].name, text, effects: &effects)
        }
    }

    /// The daemon ends, and what the store has not taken is lost: the next life will take these tasks for interrupted.
    func tellLost(effects: inout [Effect]) {
        let lost = store.unsaved.filter { tasks[$0]?.isFinished == true }.sorted()
        guard let first = lost.first, let queue = queue(of: first) else { return }
        let text =
            "roostd ends, and the store has not taken the ends of \(lost.count) task\(lost.count == 1 ? "" : "s"): "
            + lost.prefix(20).map(\.description).joined(separator: ", ") + (lost.count > 20 ? " and more" : "")
            + "; the next roostd takes them for interrupted"
        announce(.queueStalled, queue: queues[queue].name, text, effects: &effects)
    }

    private mutating func reservationEnded(_ ticket: StoreTicket, upTo number: UInt64) {
        store.reserved = max(store.reserved, number)
        if store.reserving?.ticket == ticket { store.reserving = nil }
    }

    // MARK: - A store that does not take anything

    /// Whether a durable start would only fail again.
    var isStoreResting: Bool { store.trouble != nil && store.timer != nil }

    private mutating func beginTrouble(_ reason: String, at now: Instant, effects: inout [Effect]) {
        // One failure more while the timer runs is the same trouble.
        if store.timer != nil {
            store.trouble?.reason = reason
            return
        }
        let attempt = (store.trouble?.attempt ?? 0) + 1
        let until = now + StoreMirror.backoff.delay(attempt: attempt, using: &random)
        store.trouble = StoreMirror.Trouble(reason: reason, attempt: attempt, until: until)
        guard !isShuttingDown else { return }
        store.timer = wheel.insert(.store, at: until)
        markAllDirty()
    }

    private mutating func endTrouble(effects: inout [Effect]) {
        guard store.trouble != nil else { return }
        store.trouble = nil
        if let timer = store.timer.take() { wheel.cancel(timer) }
        for queue in queues.indices where queues[queue].saidStalled {
            queues[queue].saidStalled = false
            announce(.queueRecovered, queue: queues[queue].name, "the store takes tasks again", effects: &effects)
        }
        addUnsaved()
        markAllDirty()
    }

    /// Its rest is over: what it has not taken is offered again, and starts are tried.
    mutating func retryStore(at now: Instant) {
        store.timer = nil
        addUnsaved()
        markAllDirty()
        // With nothing to offer and nothing to start, there is nothing left that could show its recovery.
        guard store.batch.isEmpty, !queues.contains(where: { !$0.ready.isEmpty }) else { return }
        store.trouble = nil
        for queue in queues.indices { queues[queue].saidStalled = false }
    }
}

extension StoreMirror.Purpose {
    /// The task whose progress is written with it.
    var task: TaskID? {
        switch self {
        case .accept(let id), .start(let id), .requeue(let id), .progress(let id): id
        case .forget, .pause, .reserve, .answer: nil
        }
    }
}
