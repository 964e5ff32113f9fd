import CSQLite

/// Why something could not be stored or read back: what, where, and how to mend it.
package struct StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What an operator can do something about, and what decides how the store goes on.
    package enum Reason: Equatable, Sendable {
        case diskFull
        case readOnly
        case notPermitted
        /// The disk or its driver failed.
        case inputOutput
        case inUse
        case corrupt
        case cannotOpen
        /// A value was too large, or broke a rule of the schema: the change itself is at fault.
        case badChange
        case outOfMemory
        case newerVersion
        case foreign
        /// The store was not read when roostd started, and holds tasks.
        case unread
        case tooManyWaiting
        case closed
        case other
    }

    package let reason: Reason
    /// What was attempted, as the object of "cannot …".
    package let operation: String
    package let path: String
    /// SQLite's own words, or the kernel's.
    package let detail: String

    package init(_ reason: Reason, _ operation: String, path: String, detail: String = "") {
        self.reason = reason
        self.operation = operation
        self.path = path
        self.detail = detail
    }

    package var description: String {
        let words = detail.isEmpty ? "" : " (\(detail))"
        return "cannot \(operation) \(path): \(explanation)\(words)\(advice.map { "; \($0)" } ?? "")"
    }

    /// Whether another change, tried by itself, may fare better.
    var isOfOneChange: Bool {
        switch reason {
        case .badChange, .diskFull, .outOfMemory: true
        case .readOnly, .notPermitted, .inputOutput, .inUse, .corrupt, .cannotOpen, .newerVersion, .foreign, .unread,
            .tooManyWaiting, .closed, .other:
            false
        }
    }

    private var explanation: String {
        switch reason {
        case .diskFull: "the disk is full"
        case .readOnly: "it is read-only"
        case .notPermitted: "roostd may not do this"
        case .inputOutput: "the disk failed"
        case .inUse: "another program has it open"
        case .corrupt: "it is damaged"
        case .cannotOpen: "it cannot be opened"
        case .badChange: "SQLite refuses the change"
        case .outOfMemory: "there is no memory left"
        case .newerVersion: "a newer roostd wrote it"
        case .foreign: "it is a database of another program"
        case .unread: "it holds tasks that could not be read when roostd started"
        case .tooManyWaiting: "too many changes wait for the disk"
        case .closed: "it is closed"
        case .other: "SQLite failed"
        }
    }

    private var advice: String? {
        switch reason {
        case .diskFull: "make room on that file system"
        case .readOnly: "mount the file system for writing, or name another state_directory in [daemon]"
        case .notPermitted, .cannotOpen: "let roostd's user write to the directory, or name another state_directory"
        case .inputOutput: "look at the kernel's log"
        case .inUse: "stop the other roostd, or the program that looks at it"
        case .corrupt: "restart roostd, which sets it aside and begins a new one"
        case .newerVersion: "upgrade roostd, or move the file away"
        case .foreign: "move it away, or name another state_directory in [daemon]"
        case .unread: "restart roostd, which takes them up"
        case .tooManyWaiting: "submit more slowly, or put state_directory on a faster disk"
        case .badChange, .outOfMemory, .closed, .other: nil
        }
    }
}

extension StoreError {
    /// - Parameter code: an extended result code of SQLite.
    init(code: Int32, _ operation: String, path: String, detail: String) {
        self.init(StoreError.reason(for: code), operation, path: path, detail: detail)
    }

    private static func reason(for code: Int32) -> Reason {
        switch code {
        case SQLITE_READONLY | 8 << 8, SQLITE_CANTOPEN | 5 << 8: return .cannotOpen
        case SQLITE_IOERR | 12 << 8: return .outOfMemory
        default: break
        }
        switch code & 0xff {
        case SQLITE_FULL: return .diskFull
        case SQLITE_READONLY: return .readOnly
        case SQLITE_PERM, SQLITE_AUTH: return .notPermitted
        case SQLITE_IOERR, SQLITE_PROTOCOL: return .inputOutput
        case SQLITE_BUSY, SQLITE_LOCKED: return .inUse
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: return .corrupt
        case SQLITE_CANTOPEN: return .cannotOpen
        case SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE: return .badChange
        case SQLITE_NOMEM: return .outOfMemory
        default: return .other
        }
    }
}
