import Glibc
import Linux

/// Opens a store: makes what is missing, checks what is there, and brings an old schema up to date.
struct Opening {
    /// "ROST": tells our files from those of other programs (PRAGMA application_id).
    static let applicationID: Int64 = 0x524f_5354
    static let fileName = "tasks.db"
    /// A roostd that was killed may hold its locks until the kernel is done with it.
    private static let patience: Int32 = 5000
    private static let largeLog: Int64 = 1 << 20

    let directory: String
    var path: String { "\(directory)/\(Opening.fileName)" }

    /// A connection that is ready for use, and alone.
    func connect() throws(StoreError) -> Connection {
        let isNew = try makeFile()
        let connection = try Connection(opening: path)
        connection.setPatience(milliseconds: Opening.patience)
        // Before anything else: the file is ours alone for as long as it is open, and its index needs no shared memory.
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE", to: "open")
        if !isNew {
            try checkWhose(connection)
            closeToOthers()
        }
        try setUp(connection)
        if !isNew { try checkWhole(connection) }
        try Schema.bringUpToDate(connection)
        tidyUp(connection)
        return connection
    }

    /// A roostd that is killed again and again never comes to move its log into the tables. If there is no room for
    /// that now, the log is as good.
    private func tidyUp(_ connection: borrowing Connection) {
        let status = try? FileStatus(path: "\(path)-wal")
        if let size = status?.size, size > Self.largeLog { try? connection.checkpoint(truncates: true) }
    }

    // MARK: - The file

    /// Makes the directory and the file, readable by roostd's user alone: commands may hold secrets.
    ///
    /// - Returns: whether it was not there.
    private func makeFile() throws(StoreError) -> Bool {
        do {
            try FilePlaces.makeDirectories(directory, mode: 0o755)
            // SQLite gives its log the mode of the database. Closed again before SQLite opens it.
            _ = try FileSystem.open(path, [.readAndWrite, .create, .exclusive], mode: 0o600)
            return true
        } catch  where error.errno == EEXIST {
            let status = try? FileStatus(path: path)
            return status?.size == 0
        } catch {
            throw StoreError(error, "make", path: path)
        }
    }

    /// What an operator has copied or restored may have become readable for others. Not ours to change is not ours to
    /// refuse: then it stays as it is.
    private func closeToOthers() {
        for file in [path, "\(path)-wal"] where FileSystem.exists(file) { _ = unsafe chmod(file, 0o600) }
    }

    // MARK: - What is in it

    private func checkWhose(_ connection: borrowing Connection) throws(StoreError) {
        let id = try connection.number("PRAGMA application_id")
        let tables = try connection.number("SELECT count(*) FROM sqlite_schema")
        guard id == Opening.applicationID || tables == 0 else { throw StoreError(.foreign, "open", path: path) }
    }

    private func setUp(_ connection: borrowing Connection) throws(StoreError) {
        guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
            throw StoreError(.cannotOpen, "open", path: path, detail: "its file system takes no write-ahead log")
        }
        // FULL: a commit is on the disk when it returns. The log is tidied up by the store's own thread, between
        // commits. 256 KiB of cache are plenty for rows that are written once and seldom read. What is forgotten, which
        // may hold secrets, is written over where that costs no further page.
        try connection.execute(
            """
            PRAGMA synchronous = FULL;
            PRAGMA wal_autocheckpoint = 0;
            PRAGMA journal_size_limit = 4194304;
            PRAGMA cache_size = -256;
            PRAGMA temp_store = MEMORY;
            PRAGMA trusted_schema = OFF;
            PRAGMA secure_delete = FAST;
            """, to: "open")
    }

    private func checkWhole(_ connection: borrowing Connection) throws(StoreError) {
        let verdict = try connection.text("PRAGMA quick_check(1)")
        guard verdict == "ok" else { throw StoreError(.corrupt, "read", path: path, detail: verdict) }
    }

    // MARK: - Damage

    /// Gives a damaged store another name, so that a new one can be begun.
    ///
    /// - Parameter time: part of the new name.
    /// - Returns: the new path.
    func setAside(at time: String) throws(StoreError) -> String {
        var aside = "\(path).corrupt-\(time)"
        var attempt = 1
        while FileSystem.exists(aside) {
            attempt += 1
            aside = "\(path).corrupt-\(time).\(attempt)"
        }
        do {
            // The log first: a database without its log is older, a log without its database would be applied to the
            // next one of that name.
            for suffix in ["-wal", "-journal", "-shm", ""] where FileSystem.exists(path + suffix) {
                try FileSystem.rename(path + suffix, to: aside + suffix)
            }
        } catch {
            throw StoreError(error, "set aside", path: path)
        }
        return aside
    }
}

extension StoreError {
    init(_ error: SystemError, _ operation: String, path: String) {
        let reason: Reason
        switch error.errno {
        case ENOSPC, EDQUOT: reason = .diskFull
        case EROFS: reason = .readOnly
        case EACCES, EPERM: reason = .notPermitted
        case EIO: reason = .inputOutput
        case ENOMEM: reason = .outOfMemory
        default: reason = .cannotOpen
        }
        self.init(reason, operation, path: path, detail: error.description)
    }
}
