import CSQLite

/// A connection to a database file, for one thread at a time. Nothing else of this process may open the file: closing
/// any descriptor on it would drop SQLite's locks.
@safe struct Connection: ~Copyable {
    let path: String
    private let handle: OpaquePointer

    /// Opens or creates the file. Whether it is a database shows only when it is first read.
    init(opening path: String) throws(StoreError) {
        self.path = path
        unsafe handle = unsafe try Connection.open(path)
    }

    private static func open(_ path: String) throws(StoreError) -> OpaquePointer {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        // Nil only when there was no memory even for the handle.
        guard let handle = unsafe opened else { throw StoreError(.outOfMemory, "open", path: path) }
        // Without the right to write SQLite opens for reading only, and says so by itself much later.
        let isReadOnly = code == SQLITE_OK && (unsafe sqlite3_db_readonly(handle, "main")) == 1
        if code == SQLITE_OK, !isReadOnly { return unsafe handle }
        // A failed open leaves a handle, too.
        let detail = isReadOnly ? "" : unsafe String(cString: sqlite3_errmsg(handle))
        unsafe sqlite3_close_v2(handle)
        throw StoreError(code: isReadOnly ? SQLITE_READONLY : code, "open", path: path, detail: detail)
    }

    /// Closes, once the last of its statements is gone. The last transaction is on the disk already.
    deinit { unsafe sqlite3_close_v2(handle) }

    /// Runs statements that give no rows, or whose rows do not matter.
    func execute(_ sql: String, to operation: String = "write to") throws(StoreError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(operation, code) }
    }

    /// The number in the first column of the first row.
    func number(_ sql: String) throws(StoreError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// The text in the first column of the first row.
    func text(_ sql: String) throws(StoreError) -> String {
        let statement = try prepare(sql)
        return try statement.step() ? statement.text(0) : ""
    }

    func prepare(_ sql: String) throws(StoreError) -> Statement {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let statement = unsafe prepared else { throw error("read", code) }
        return unsafe Statement(statement, of: handle, path: path)
    }

    /// How long to wait for another program's lock before it is an error.
    func setPatience(milliseconds: Int32) { unsafe sqlite3_busy_timeout(handle, milliseconds) }

    /// Moves what is in the log into the database file.
    ///
    /// - Parameter truncates: also gives the log's room on the disk back.
    func checkpoint(truncates: Bool = false) throws(StoreError) {
        let mode = truncates ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, mode, nil, nil)
        guard code == SQLITE_OK else { throw error("tidy up", code) }
    }

    /// Whether a transaction is open. SQLite ends one by itself when it meets certain errors.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    private func error(_ operation: String, _ code: Int32) -> StoreError {
        StoreError(code: code, operation, path: path, detail: unsafe String(cString: sqlite3_errmsg(handle)))
    }
}
