import ControlProtocol
import Glibc
import Linux
import Logging
import Reactor
import Scheduling
import Store
import SupervisorCore

/// The loop's side of the store: opens it when there is something to keep, and brings its answers back as events.
final class TaskKeeper {
    /// How long a slow disk may hold up the end.
    private static let closingTime = Duration.seconds(10)
    /// For each ticket that is under way at most one message waits: those in the inbox, and those being committed.
    private static let mailboxCapacity = 4 * TaskStore.Limits().tickets

    private let directory: String
    private let loop: EventLoop
    private let logger: Logger
    private var opened: TaskStore?
    /// Is told `.stored` and `.storeFailed`.
    var answered: (Event) -> Void = { _ in }

    init(directory: String, loop: EventLoop, logger: Logger) {
        self.directory = directory
        self.loop = loop
        self.logger = logger
    }

    struct Found {
        var tasks = StoredTasks()
        /// Whether these are all tasks that an earlier roostd left.
        var isWhole = true
    }

    /// What an earlier roostd left. Opens nothing where there is nothing and nothing is needed.
    ///
    /// Where that cannot be known, numbers begin at the seconds since 1970, which are above those that were given out:
    /// a number must not come to mean another task, nor a log hold the output of two.
    func takeUp(isNeeded: Bool) -> Found {
        guard isNeeded || TaskStore.exists(in: directory) else { return Found() }
        let fresh = TaskID(UInt64(max(0, WallClock.now() / 1_000_000_000)))
        let nothing = Found(tasks: StoredTasks(lastTask: fresh.number), isWhole: false)
        do throws(SystemError) {
            let store = try open()
            let began = MonotonicClock.now()
            let contents = store.read(at: Timestamp(nanoseconds: WallClock.now()).description, above: fresh)
            if let damage = contents.damage { logger.critical("\(damage)") }
            if let error = contents.error {
                logger.critical("\(error); queues that are durable take no tasks until this is mended")
                return nothing
            }
            if !contents.tasks.records.isEmpty {
                let milliseconds = (MonotonicClock.now() - began) / 1_000_000
                logger.notice("\(contents.tasks.records.count) tasks read from \(store.path) in \(milliseconds) ms")
            }
            return Found(tasks: contents.tasks, isWhole: contents.damage == nil)
        } catch {
            logger.critical("cannot keep tasks in \(directory): \(error)")
            return nothing
        }
    }

    /// Hands changes to the store, whose answer comes as an event. Never waits for the disk.
    ///
    /// - Returns: why they are not taken.
    func store(_ ticket: StoreTicket, _ changes: [StoreChange]) -> String? {
        do throws(SystemError) {
            return try open().store(ticket, changes)?.description
        } catch {
            return "cannot keep tasks in \(directory): \(error)"
        }
    }

    private func open() throws(SystemError) -> TaskStore {
        if let opened { return opened }
        let mailbox = try loop.makeMailbox(of: [TaskStore.Answer].self, capacity: Self.mailboxCapacity) {
            [unowned self] answers in
            for answer in answers { tell(answer) }
        }
        let store = TaskStore(in: directory) { answers in
            let isDelivered = mailbox.post(answers)
            precondition(isDelivered, "the mailbox holds an answer to every ticket that can be under way")
        }
        opened = store
        return store
    }

    private func tell(_ answer: TaskStore.Answer) {
        if let error = answer.untidy { logger.error("\(error); tasks are stored all the same, but \(directory) grows") }
        if let error = answer.error {
            answered(.storeFailed(answer.ticket, reason: error.description))
        } else {
            answered(.stored(answer.ticket))
        }
    }

    /// Waits until what was handed over is on the disk.
    func close() {
        guard let opened else { return }
        if !opened.close(timeout: Self.closingTime) {
            logger.error("the disk of \(opened.path) takes nothing; the last changes of tasks may be lost")
        }
    }
}
