/// TOML 1.0, read by hand so that every key and value knows its place and one reading reports every error.
enum TOML {
    static let sizeLimit = 1 << 20
    static let nestingLimit = 64
    /// A file with more syntax errors than this is no TOML at all; the rest is not looked at.
    static let errorLimit = 100

    /// A place in a file. Both count from 1; columns count Unicode scalars.
    struct Position: Hashable, Comparable, Sendable {
        var line: Int
        var column: Int

        static func < (left: Position, right: Position) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }
    }

    struct SyntaxError: Error, Equatable {
        var position: Position
        /// The key whose value was being read, if it got that far.
        var path: [String] = []
        var message: String
        var fix: String?
    }

    /// What could be read of a file, and what could not.
    struct Document {
        var root: Table
        var errors: [SyntaxError]
    }

    struct Key {
        var name: String
        var position: Position
    }

    struct Value {
        enum Kind {
            case string(String)
            case integer(Int64)
            case float(Double)
            case boolean(Bool)
            case date(DateKind, text: String)
            case array([Value])
            case table(Table)
            /// `[[name]]` tables.
            case tables([Table])
        }

        var kind: Kind
        var position: Position
    }

    enum DateKind: String {
        case offsetDateTime = "datetime with offset"
        case localDateTime = "datetime"
        case localDate = "date"
        case localTime = "time"
    }

    /// A table in the order of the file. A class, because headers and dotted keys reopen tables anywhere in the tree.
    final class Table {
        struct Entry {
            let key: Key
            var value: Value
        }

        /// What made this table, which decides who may still add to it.
        enum Origin: Equatable {
            /// A longer header, as `a` by `[a.b]`: its own header may still come.
            case implied
            case header
            /// A dotted key in this section: only that section may add to it.
            case dotted(section: Int)
            /// `{ … }`, which is complete as it stands.
            case inline
        }

        let position: Position
        let depth: Int
        var origin: Origin
        private(set) var entries: [Entry] = []
        private var indices: [String: Int] = [:]

        init(position: Position, depth: Int, origin: Origin) {
            self.position = position
            self.depth = depth
            self.origin = origin
        }

        func entry(_ name: String) -> Entry? { indices[name].map { entries[$0] } }

        /// - Precondition: the key is new.
        func append(_ key: Key, _ value: Value) {
            precondition(indices[key.name] == nil, "the parser refuses a second \(key.name)")
            indices[key.name] = entries.count
            entries.append(Entry(key: key, value: value))
        }

        /// Adds an element to the array of tables `name`. False when that is something else.
        func append(_ table: Table, toTablesOf name: String) -> Bool {
            guard let index = indices[name], case .tables(var tables) = entries[index].value.kind else { return false }
            entries[index].value.kind = .tables([])  // else `tables` would be copied for each element
            tables.append(table)
            entries[index].value.kind = .tables(tables)
            return true
        }
    }
}
