import CSQLite

/// A prepared statement. Parameters are numbered from 1 and columns from 0, as SQLite does.
///
/// It may outlive its connection, whose file then stays open until the last statement is gone.
@safe struct Statement: ~Copyable {
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private let path: String

    init(_ handle: OpaquePointer, of connection: OpaquePointer, path: String) {
        unsafe self.handle = unsafe handle
        unsafe self.connection = unsafe connection
        self.path = path
    }

    deinit { unsafe sqlite3_finalize(handle) }

    // MARK: - Parameters

    func bind(_ index: Int32, _ value: Int64) throws(StoreError) {
        try check(unsafe sqlite3_bind_int64(handle, index, value))
    }

    func bind(_ index: Int32, _ value: String) throws(StoreError) {
        var text = value
        let code = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe roost_sqlite_bind_text(handle, index, characters.baseAddress, UInt64(bytes.count))
            }
        }
        try check(code)
    }

    func bind(_ index: Int32, _ bytes: [UInt8]) throws(StoreError) {
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe roost_sqlite_bind_blob(handle, index, buffer.baseAddress, UInt64(buffer.count))
        }
        try check(code)
    }

    func bindNull(_ index: Int32) throws(StoreError) { try check(unsafe sqlite3_bind_null(handle, index)) }

    func bind(_ index: Int32, _ value: Int64?) throws(StoreError) {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    func bind(_ index: Int32, _ value: String?) throws(StoreError) {
        if let value { try bind(index, value) } else { try bindNull(index) }
    }

    // MARK: - Running

    /// Goes on to the next row. False when there are no more.
    func step() throws(StoreError) -> Bool {
        let code = unsafe sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw error(code)
        }
    }

    /// Runs a statement that gives no rows, and makes it ready to run again.
    func run() throws(StoreError) {
        // The reset gives the error of the step once more.
        defer { reset() }
        while try step() {}
    }

    func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }

    // MARK: - Columns

    func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

    func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func bytes(_ column: Int32) -> [UInt8] {
        // Before the length, for it may convert.
        guard let start = unsafe sqlite3_column_blob(handle, column) else { return [] }
        let count = unsafe sqlite3_column_bytes(handle, column)
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }

    // MARK: - Errors

    private func check(_ code: Int32) throws(StoreError) {
        guard code == SQLITE_OK else { throw error(code) }
    }

    private func error(_ code: Int32) -> StoreError {
        StoreError(code: code, "write to", path: path, detail: unsafe String(cString: sqlite3_errmsg(connection)))
    }
}
