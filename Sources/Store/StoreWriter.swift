import Scheduling
import SupervisorCore
import Threading

/// The store's thread: takes what waits, commits it at once, and tells what became of it.
struct StoreWriter: Sendable {
    /// As much as the log may grow before it is moved into the tables: about 4 MiB, of small tasks or of large ones.
    private static let changesBetweenCheckpoints = 1000
    private static let bytesBetweenCheckpoints = 4 << 20

    let directory: String
    let inbox: Monitor<StoreInbox>
    let deliver: @Sendable ([TaskStore.Answer]) -> Void

    func run() {
        var database = inbox.withLock { inbox in
            let database = inbox.database
            inbox.database = .closed
            return database
        }
        var changes = 0
        var bytes = 0
        var untidy: StoreError?
        while let batch = take() {
            var answers = write(batch, to: &database)
            answers[0].untidy = untidy.take()
            deliver(answers)
            changes += batch.reduce(0) { $0 + $1.changes.count }
            bytes += batch.reduce(0) { $0 + $1.size }
            if changes >= Self.changesBetweenCheckpoints || bytes >= Self.bytesBetweenCheckpoints {
                changes = 0
                bytes = 0
                // Between commits, so that no ticket waits for it. It is tried again after as many changes.
                if case .open(let database) = database {
                    do throws(StoreError) { try database.tidyUp() } catch { untidy = error }
                }
            }
        }
        if case .open(let database) = database { try? database.tidyUp(givingRoomBack: true) }
    }

    /// Waits for something to do. Nil when the store is to be closed and all is done.
    private func take() -> [StoreInbox.Request]? {
        inbox.wait(until: { !$0.requests.isEmpty || $0.isClosing }) { inbox in
            if inbox.requests.isEmpty { return nil }
            defer {
                inbox.requests = []
                inbox.bytes = 0
            }
            return inbox.requests
        } ?? nil
    }

    private func write(
        _ batch: [StoreInbox.Request], to database: inout StoreInbox.Database
    ) -> [TaskStore.Answer] {
        let tables: TaskDatabase
        do throws(StoreError) {
            tables = try open(&database)
        } catch {
            return batch.map { TaskStore.Answer(ticket: $0.ticket, error: error) }
        }
        do throws(StoreError) {
            try tables.commit(batch.lazy.flatMap(\.changes))
            return batch.map { TaskStore.Answer(ticket: $0.ticket, error: nil) }
        } catch {
            return writeSingly(batch, to: tables, after: error)
        }
    }

    /// One change that cannot be stored must not take its neighbours with it, and a small one may fit where all
    /// together do not. What concerns the store as a whole is not tried again for each.
    private func writeSingly(
        _ batch: [StoreInbox.Request], to tables: TaskDatabase, after first: StoreError
    ) -> [TaskStore.Answer] {
        // What the log holds already may free room.
        if first.reason == .diskFull { try? tables.tidyUp(givingRoomBack: true) }
        // A commit that failed at its last step may lie whole in the log; what is written next lies over it.
        if first.reason == .inputOutput { try? tables.commit([.reserve(TaskID(0))]) }
        var failure: StoreError? = first.isOfOneChange && batch.count > 1 || first.reason == .diskFull ? nil : first
        return batch.map { request in
            if let failure { return TaskStore.Answer(ticket: request.ticket, error: failure) }
            do throws(StoreError) {
                try tables.commit(request.changes)
                return TaskStore.Answer(ticket: request.ticket, error: nil)
            } catch {
                if !error.isOfOneChange { failure = error }
                return TaskStore.Answer(ticket: request.ticket, error: error)
            }
        }
    }

    private func open(_ database: inout StoreInbox.Database) throws(StoreError) -> TaskDatabase {
        switch database {
        case .open(let tables):
            return tables
        case .unopened:
            let tables = try TaskDatabase(in: directory)
            database = .open(tables)
            return tables
        case .unread:
            let tables = try TaskDatabase(in: directory)
            guard try tables.isEmpty() else {
                throw StoreError(.unread, "write to", path: Opening(directory: directory).path)
            }
            database = .open(tables)
            return tables
        case .closed:
            throw StoreError(.closed, "write to", path: Opening(directory: directory).path)
        }
    }
}
