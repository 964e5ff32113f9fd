import Linux
import Scheduling
package import SupervisorCore
import Threading

/// What survives roostd: the tasks of its queues, in a database that only this room touches.
///
///     loop ──store(ticket, changes)──▶ inbox ──▶ own thread: one transaction for all that wait ──▶ deliver(answers)
///
/// A commit takes as long as the disk takes, and the loop must not wait for it. What comes while one commit is on its
/// way goes into the next: the slower the disk, the more changes share one. The thread starts with the first change;
/// a roostd without queues has none.
package final class TaskStore: Sendable {
    package struct Limits: Sendable {
        /// Tickets that may wait for the disk, and the bytes in them.
        package var tickets = 4096
        package var bytes = 32 << 20

        package init() {}
    }

    package struct Answer: Sendable {
        package let ticket: StoreTicket
        /// Nil when it is on the disk.
        package let error: StoreError?
        /// What has gone wrong besides, since the last answers: the log could not be moved into the tables. Commits go
        /// on, but the log grows.
        package var untidy: StoreError?

        init(ticket: StoreTicket, error: StoreError?) {
            self.ticket = ticket
            self.error = error
        }
    }

    /// What was found when the store was read.
    package struct Contents: Sendable {
        package var tasks = StoredTasks()
        /// Loud: a damaged store was set aside.
        package var damage: String?
        /// The store cannot be used as it is.
        package var error: StoreError?
    }

    private let directory: String
    private let limits: Limits
    private let inbox: Monitor<StoreInbox>
    private let deliver: @Sendable ([Answer]) -> Void

    /// - Parameter deliver: is told what became of each ticket, on the store's thread, and must not wait.
    package init(
        in directory: String, limits: Limits = Limits(), deliver: @escaping @Sendable ([Answer]) -> Void
    ) {
        self.directory = directory
        self.limits = limits
        self.deliver = deliver
        inbox = Monitor(StoreInbox())
    }

    /// Whether there is a store in this directory already.
    package static func exists(in directory: String) -> Bool {
        FileSystem.exists(Opening(directory: directory).path)
    }

    package var path: String { Opening(directory: directory).path }

    /// Opens the store and reads it all, on the caller's thread. Once, before anything is stored.
    ///
    /// A damaged store is set aside and a new one begun.
    /// - Parameter time: goes into the name of what is set aside.
    /// - Parameter number: after damage, no number up to this one is given to a task.
    package func read(at time: String, above number: TaskID = TaskID(0)) -> Contents {
        var contents = Contents()
        do throws(StoreError) {
            do throws(StoreError) {
                try open(into: &contents)
            } catch  where error.reason == .corrupt {
                let aside = try Opening(directory: directory).setAside(at: time)
                contents.damage = """
                    \(error.description.prefix { $0 != ";" }): it is set aside as \(aside), and a new one is begun; \
                    the tasks in it are lost unless sqlite3's .recover finds them
                    """
                try open(into: &contents, reserving: number)
            }
        } catch {
            contents.error = error
            inbox.withLock { $0.database = .unread(error) }
        }
        return contents
    }

    private func open(into contents: inout Contents, reserving number: TaskID? = nil) throws(StoreError) {
        let database = try TaskDatabase(in: directory)
        if let number { try database.commit([.reserve(number)]) }
        contents.tasks = try database.read()
        inbox.withLock { $0.database = .open(database) }
    }

    /// Takes changes to be made durable, all or none, after those of earlier tickets. Never waits.
    ///
    /// - Returns: why they are not taken; then no answer comes.
    package func store(_ ticket: StoreTicket, _ changes: [StoreChange]) -> StoreError? {
        let size = changes.reduce(64) { $0 + $1.size }
        let refusal = inbox.withLock { inbox -> StoreError? in
            if inbox.isClosing { return StoreError(.closed, "write to", path: path) }
            guard inbox.requests.count < limits.tickets, inbox.bytes + size <= limits.bytes else {
                return StoreError(.tooManyWaiting, "write to", path: path)
            }
            inbox.requests.append(StoreInbox.Request(ticket: ticket, changes: changes, size: size))
            inbox.bytes += size
            return nil
        }
        if refusal == nil, let problem = startThread() {
            // Without a thread there is nobody to answer; only this ticket can be waiting.
            inbox.withLock { inbox in
                inbox.requests = []
                inbox.bytes = 0
            }
            return problem
        }
        return refusal
    }

    private static let stackSize = 256 << 10

    private func startThread() -> StoreError? {
        let mustStart = inbox.withLock { inbox in
            defer { inbox.hasThread = true }
            return !inbox.hasThread
        }
        guard mustStart else { return nil }
        do {
            let options = ThreadOptions(stackSize: Self.stackSize, atExit: .detach)
            let writer = StoreWriter(directory: directory, inbox: inbox, deliver: deliver)
            let thread = try Thread(name: "store", options: options) { writer.run() }
            inbox.withLock { $0.thread = thread }
            return nil
        } catch {
            inbox.withLock { $0.hasThread = false }
            return StoreError(.other, "write to", path: path, detail: "\(error)")
        }
    }

    /// Makes durable what still waits, then closes the file.
    ///
    /// - Parameter timeout: how long a disk may take for that.
    /// - Returns: whether all is done.
    package func close(timeout: Duration) -> Bool {
        let thread = inbox.withLock { inbox in
            inbox.isClosing = true
            return inbox.thread
        }
        guard let thread else {
            inbox.withLock { $0.database = .closed }
            return true
        }
        return (try? thread.join(timeout: timeout)) != nil
    }
}

/// What the loop's thread and the store's share.
struct StoreInbox: Sendable {
    struct Request: Sendable {
        let ticket: StoreTicket
        let changes: [StoreChange]
        let size: Int
    }

    enum Database: Sendable {
        /// Nobody has looked yet.
        case unopened
        case open(TaskDatabase)
        /// It could not be read when roostd started. What it holds would be overwritten by tasks of the same numbers.
        case unread(StoreError)
        case closed
    }

    var requests: [Request] = []
    var bytes = 0
    var isClosing = false
    var hasThread = false
    var thread: Thread<Void, Never>?
    var database = Database.unopened
}

extension StoreChange {
    /// About how much memory it takes while it waits.
    fileprivate var size: Int {
        switch self {
        case .add(let record):
            let work =
                switch record.submission.work {
                case .command(let command):
                    command.arguments.reduce(0) { $0 + $1.utf8.count + 16 }
                        + command.environment.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
                case .json(let line): line.utf8.count
                }
            return 512 + work + 8 * record.submission.after.count
        case .change(_, let progress): return 256 + progress.reason.utf8.count + (progress.answer?.utf8.count ?? 0)
        case .forget(let ids): return 64 + 8 * ids.count
        case .reserve: return 64
        case .pause(let queue, _): return 64 + queue.utf8.count
        }
    }
}
