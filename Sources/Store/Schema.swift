/// The tables, and the way to them from those of earlier versions.
enum Schema {
    /// What PRAGMA user_version says of a store that is up to date.
    static var version: Int { migrations.count }

    /// Each makes of the version that is its place the next one. Only ever appended to.
    private static let migrations = [
        """
        CREATE TABLE task (
            id INTEGER PRIMARY KEY,
            queue TEXT NOT NULL,
            is_json INTEGER NOT NULL,
            work BLOB NOT NULL,
            directory TEXT,
            environment BLOB NOT NULL,
            label TEXT,
            key TEXT,
            priority INTEGER,
            timeout INTEGER,
            attempt_limit INTEGER,
            after TEXT NOT NULL,
            after_any INTEGER NOT NULL,
            user INTEGER,
            submitted_at INTEGER NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            failures INTEGER NOT NULL,
            retries INTEGER NOT NULL,
            interruptions INTEGER NOT NULL,
            run_slot INTEGER,
            run_number INTEGER,
            started_at INTEGER,
            finished_at INTEGER,
            status TEXT,
            answer TEXT,
            reason TEXT NOT NULL
        ) STRICT;
        CREATE TABLE paused (queue TEXT PRIMARY KEY, is_paused INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO number VALUES ('last_task', 0);
        PRAGMA application_id = \(Opening.applicationID);
        """
    ]

    /// Takes one step after the other, each wholly or not at all.
    static func bringUpToDate(_ connection: borrowing Connection) throws(StoreError) {
        let found = Int(try connection.number("PRAGMA user_version"))
        guard (0...version).contains(found) else {
            throw StoreError(
                .newerVersion, "open", path: connection.path, detail: "its schema is \(found), ours \(version)")
        }
        for step in found..<version {
            try connection.transaction { () throws(StoreError) in
                try connection.execute(migrations[step])
                try connection.execute("PRAGMA user_version = \(step + 1)")
            }
        }
    }
}

extension Connection {
    /// Makes all that `body` does durable at its end, or nothing of it.
    func transaction(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        try execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            try body()
            try execute("COMMIT")
        } catch {
            // Some errors have ended it already.
            if isInTransaction { try? execute("ROLLBACK") }
            throw error
        }
    }
}
