import DequeModule
import Scheduling

/// All queues and their tasks: what waits, what runs where, what is being stored, and who asked for what.
///
/// The truth is here; the store mirrors it. An event changes what is known; then the queues that it touched settle
/// (`+Settle`), and all durable changes that came of it leave as one ticket (`+Store`). Only what the store has
/// acknowledged is promised: a submission is answered and a start is carried out when its ticket comes back.
struct TaskBoard: Sendable {
    var queues: [TaskQueue] = []
    var queueIndex: [String: Int] = [:]
    var tasks: [TaskID: TaskEntry] = [:]
    /// Requests that wait for tasks, for room or for the store.
    var requests: [RequestID: TaskRequest] = [:]
    /// Of those, the ones that wait for tasks of pools.
    var poolWaiters: [TaskID: [RequestID]] = [:]
    var wheel = TimerWheel<TaskTimer>()
    var random: SplitMix64
    var store = StoreMirror()
    /// The last number that was given to a task.
    var lastTask: UInt64 = 0
    var lastStamp: UInt64 = 0
    /// The highest run number of slots that are gone, so that numbers never repeat.
    var retiredRuns: [InstanceID: UInt64] = [:]
    /// Queues whose logs do not take what finished runs wrote.
    var logsHeldUp: Set<String> = []
    var isShuttingDown = false
    var isHastening = false
    /// Tasks that ended in this event: what waits for them has not been looked at yet.
    var ended: Deque<TaskID> = []
    /// Queues to be settled, in order.
    var dirty: Deque<String> = []
    /// Slots with a process that a shutdown waits for.
    var activeSlots: Int { queues.reduce(0) { $0 + $1.busy - $1.stuck } }

    init(seed: UInt64) { random = SplitMix64(seed: seed) }
}

enum TaskTimer: Equatable, Sendable {
    case slot(InstanceID)
    case retry(TaskID)
    case store
}

/// One queue of the plan, or one that has left it and still has tasks.
struct TaskQueue: Sendable {
    var definition: QueueDefinition
    /// It has left the plan: what runs is let finish, what waits stays.
    var isLeaving = false
    var isPaused: Bool
    var slots: [TaskSlot] = []
    /// Slots that can take a task, the lowest first.
    var free = IndexedHeap<Int, Int>()
    /// Tasks whose turn comes next, in the queue's order.
    var ready = IndexedHeap<TaskID, TaskOrder>()
    var counts = TaskCounts()
    var busy = 0
    /// Slots that have a task, running or about to.
    var taken = 0
    var stuck = 0
    /// Tasks whose submission is being stored.
    var submitting = 0
    /// Finished tasks that nobody waits for, the first to be forgotten first. A stamp that is not the task's is stale.
    var finished: Deque<(task: TaskID, stamp: UInt64)> = []
    /// How many of them are not stale.
    var forgettable = 0
    var keys: [String: TaskID] = [:]
    /// Bytes of all tasks, and of those of them that may be forgotten.
    var bytes = 0
    var forgettableBytes = 0
    /// Submissions that wait for room.
    var waiting: Deque<RequestID> = []
    var waitingBytes = 0
    /// Runs of an earlier life that must be gone first; nil once they are.
    var sweeping: [RunID]?
    /// It was told that the store holds it up.
    var saidStalled = false
    var isDirty = false

    var name: String { definition.name }

    init(definition: QueueDefinition) {
        self.definition = definition
        isPaused = definition.paused
    }
}

struct TaskSlot: Sendable {
    var shot: OneShot
    /// What runs in it, or whose start is being stored.
    var task: TaskID?
    var timer: (handle: TimerWheel<TaskTimer>.Handle, deadline: Instant)?
    var isStuck = false
}

/// What decides whose turn it is: the least first.
struct TaskOrder: Comparable, Sendable {
    let rank: Int
    let position: UInt64

    static func < (left: TaskOrder, right: TaskOrder) -> Bool {
        (left.rank, left.position) < (right.rank, right.position)
    }
}

/// A task, and where it stands.
struct TaskEntry: Sendable {
    enum Phase: Equatable, Sendable {
        /// Its submission, or its retry by hand, is being stored.
        case accepting(StoreTicket)
        case held
        /// It ran when roostd died, and its queue is not in the plan: what becomes of it is decided when that is back.
        case undecided
        case queued
        /// It has a slot, and its start is being stored.
        case starting(StoreTicket, slot: Int)
        case running(slot: Int)
        case backoff(until: Instant)
        case finished
    }

    var record: TaskRecord
    var phase: Phase
    /// Whether the store knows it, or is being told of it.
    let isDurable: Bool
    /// Roughly the bytes of memory that it takes.
    let weight: Int
    /// Its end is made durable; those who wait are told then.
    var telling: StoreTicket?
    /// Tasks that are, or were, held and name this one.
    var dependents: Set<TaskID> = []
    /// Unfinished tasks that name this one: it is not forgotten before them.
    var pins = 0
    /// It keeps those that it depends on from being forgotten.
    var isPinning = false
    var waiters: [RequestID] = []
    /// Set while it may be forgotten: its place among those.
    var stamp: UInt64?
    /// Its attempt in hand is the last, whatever comes of it.
    var isCancelled = false
    var timer: TimerWheel<TaskTimer>.Handle?
    /// As it was before the start, or the retry by hand, that is being stored.
    var before: TaskProgress?

    init(record: TaskRecord, phase: Phase, isDurable: Bool) {
        self.record = record
        self.phase = phase
        self.isDurable = isDurable
        weight = record.submission.size + 512
    }
}

/// A request that is answered later.
enum TaskRequest: Sendable {
    /// Waits for room in a queue.
    case room(queue: String, TaskSubmission)
    /// Its submission is being stored.
    case submission(TaskID, isNew: Bool)
    /// Its retry is being stored.
    case retry([TaskID])
    /// What it has changed is being stored; its answer.
    case change(Reply)
    /// Waits for the ends of tasks.
    case ends([TaskID], remaining: Int, known: [TaskID: TaskReport])
}

extension TaskBoard {
    func queue(_ name: String) -> Int? { queueIndex[name] }

    /// The queue of a task: tasks are never without.
    func queue(of id: TaskID) -> Int? { tasks[id].flatMap { queueIndex[$0.record.queue] } }

    /// The task as it is known to others: one that is being submitted is not.
    func known(_ id: TaskID) -> TaskEntry? {
        guard let entry = tasks[id], !entry.isBeingSubmitted else { return nil }
        return entry
    }

    mutating func markDirty(_ queue: Int) {
        guard !queues[queue].isDirty else { return }
        queues[queue].isDirty = true
        dirty.append(queues[queue].name)
    }

    mutating func markAllDirty() {
        for queue in queues.indices { markDirty(queue) }
    }

    /// Changes where a task stands, and keeps the counts in step. To be used for every change of phase or state.
    mutating func move(_ id: TaskID, to phase: TaskEntry.Phase, _ state: TaskState, _ reason: String) {
        guard let queue = queue(of: id) else { return }
        if let before = tasks[id]?.publicState, tasks[id]?.isBeingSubmitted == false {
            queues[queue].counts[before] -= 1
        }
        tasks[id]?.phase = phase
        tasks[id]?.record.progress.state = state
        tasks[id]?.record.progress.reason = reason
        if let after = tasks[id]?.publicState, tasks[id]?.isBeingSubmitted == false {
            queues[queue].counts[after] += 1
        }
        markDirty(queue)
    }

    func announce(
        _ kind: Announcement.Kind, _ id: TaskID, slot: Int? = nil, status: ExitStatus? = nil, _ message: String,
        effects: inout [Effect]
    ) {
        guard let entry = tasks[id], let queue = queueIndex[entry.record.queue] else { return }
        let shot = slot.map { queues[queue].slots[$0].shot }
        effects.append(
            .announce(
                Announcement(
                    kind, instance: shot?.machine.id, run: shot?.run.number, pid: shot?.machine.pid, status: status,
                    queue: entry.record.queue, task: id, taskState: entry.publicState, message: message)))
    }

    func announce(_ kind: Announcement.Kind, queue: String, _ message: String, effects: inout [Effect]) {
        effects.append(.announce(Announcement(kind, queue: queue, message: message)))
    }
}

extension TaskEntry {
    var id: TaskID { record.id }

    /// It was never acknowledged, so nobody may rely on it.
    var isBeingSubmitted: Bool {
        if case .accepting = phase { return before == nil }
        return false
    }

    /// What others see: a start that is not durable yet has not happened.
    var publicState: TaskState {
        switch phase {
        case .starting: .queued
        case .accepting, .held, .undecided, .queued, .running, .backoff, .finished: record.progress.state
        }
    }

    var isFinished: Bool { phase == .finished }
}
