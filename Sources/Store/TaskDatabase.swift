import Scheduling
import SupervisorCore

/// The tables of tasks: changes in, contents out.
///
/// For one thread at a time: whoever opens it may hand it on, and then leaves it alone.
final class TaskDatabase: @unchecked Sendable {
    private let connection: Connection
    private let add: Statement
    private let change: Statement
    private let forget: Statement
    private let reserve: Statement
    private let pause: Statement

    init(in directory: String) throws(StoreError) {
        connection = try Opening(directory: directory).connect()
        add = try connection.prepare(
            "INSERT INTO task VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
        change = try connection.prepare(
            """
            UPDATE task SET state = ?2, attempts = ?3, failures = ?4, retries = ?5, interruptions = ?6, run_slot = ?7,
            run_number = ?8, started_at = ?9, finished_at = ?10, status = ?11, answer = ?12, reason = ?13 WHERE id = ?1
            """)
        forget = try connection.prepare("DELETE FROM task WHERE id = ?")
        reserve = try connection.prepare("UPDATE number SET value = max(value, ?) WHERE name = 'last_task'")
        pause = try connection.prepare("INSERT OR REPLACE INTO paused VALUES (?, ?)")
    }

    // MARK: - Writing

    /// Makes all of them durable, or none.
    func commit(_ changes: some Sequence<StoreChange>) throws(StoreError) {
        let clock = StoreClock()
        try connection.transaction { () throws(StoreError) in
            for next in changes { try write(next, clock) }
        }
    }

    /// Moves the log into the tables.
    func tidyUp(givingRoomBack: Bool = false) throws(StoreError) {
        try connection.checkpoint(truncates: givingRoomBack)
    }

    private func write(_ next: StoreChange, _ clock: StoreClock) throws(StoreError) {
        switch next {
        case .add(let record):
            try add.bind(record, clock, path: connection.path)
            try add.run()
        case .change(let id, let progress):
            try change.bind(1, Int64(bitPattern: id.number))
            try change.bind(progress, from: 2, clock)
            try change.run()
        case .forget(let ids):
            for id in ids {
                try forget.bind(1, Int64(bitPattern: id.number))
                try forget.run()
            }
        case .reserve(let id):
            try reserve.bind(1, Int64(bitPattern: id.number))
            try reserve.run()
        case .pause(let queue, let isPaused):
            try pause.bind(1, queue)
            try pause.bind(2, isPaused ? 1 : 0)
            try pause.run()
        }
    }

    // MARK: - Reading

    func read() throws(StoreError) -> StoredTasks {
        let clock = StoreClock()
        var stored = StoredTasks()
        let rows = try connection.prepare("SELECT * FROM task ORDER BY id")
        while try rows.step() { stored.records.append(try rows.record(clock, path: connection.path)) }
        let paused = try connection.prepare("SELECT queue, is_paused FROM paused")
        while try paused.step() { stored.paused[paused.text(0)] = paused.integer(1) != 0 }
        let last = try connection.number("SELECT value FROM number WHERE name = 'last_task'")
        stored.lastTask = max(UInt64(max(0, last)), stored.records.last?.id.number ?? 0)
        return stored
    }

    func isEmpty() throws(StoreError) -> Bool { try connection.number("SELECT count(*) FROM task") == 0 }
}
