// Which key may go where. A table is defined once; what may be added to it later depends on what made it.
extension TOML.Parser {
    /// The table of `[a.b.c]`.
    func openTable(_ keys: [TOML.Key]) throws(TOML.SyntaxError) -> TOML.Table {
        let (parent, key) = try parent(ofHeader: keys)
        guard let existing = parent.entry(key.name) else {
            return try add(key, to: parent, origin: .header)
        }
        guard case .table(let table) = existing.value.kind, table.origin == .implied else {
            throw redefinition(key, of: existing)
        }
        table.origin = .header
        return table
    }

    /// A new element of the array of tables `[[a.b.c]]`.
    func appendTable(_ keys: [TOML.Key]) throws(TOML.SyntaxError) -> TOML.Table {
        let (parent, key) = try parent(ofHeader: keys)
        let table = TOML.Table(position: key.position, depth: try depth(below: parent, key), origin: .header)
        if parent.append(table, toTablesOf: key.name) { return table }
        if let existing = parent.entry(key.name) { throw redefinition(key, of: existing) }
        parent.append(key, TOML.Value(kind: .tables([table]), position: key.position))
        return table
    }

    /// `a.b.c = value`
    func assign(
        _ value: TOML.Value, to keys: [TOML.Key], in table: TOML.Table, section: Int
    ) throws(TOML.SyntaxError) {
        var parent = table
        for key in keys.dropLast() {
            guard let existing = parent.entry(key.name) else {
                parent = try add(key, to: parent, origin: .dotted(section: section))
                continue
            }
            guard case .table(let next) = existing.value.kind,
                next.origin == .implied || next.origin == .dotted(section: section)
            else { throw redefinition(key, of: existing) }
            next.origin = .dotted(section: section)
            parent = next
        }
        let last = keys[keys.count - 1]
        if let existing = parent.entry(last.name) { throw redefinition(last, of: existing) }
        _ = try depth(below: parent, last)
        parent.append(last, value)
    }

    private func parent(ofHeader keys: [TOML.Key]) throws(TOML.SyntaxError) -> (TOML.Table, TOML.Key) {
        var parent = root
        for key in keys.dropLast() {
            guard let existing = parent.entry(key.name) else {
                parent = try add(key, to: parent, origin: .implied)
                continue
            }
            switch existing.value.kind {
            case .table(let next) where next.origin != .inline: parent = next
            case .tables(let tables) where !tables.isEmpty: parent = tables[tables.count - 1]
            case .table, .tables, .string, .integer, .float, .boolean, .date, .array:
                throw redefinition(key, of: existing)
            }
        }
        return (parent, keys[keys.count - 1])
    }

    private func add(
        _ key: TOML.Key, to parent: TOML.Table, origin: TOML.Table.Origin
    ) throws(TOML.SyntaxError) -> TOML.Table {
        let table = TOML.Table(position: key.position, depth: try depth(below: parent, key), origin: origin)
        parent.append(key, TOML.Value(kind: .table(table), position: key.position))
        return table
    }

    private func depth(below parent: TOML.Table, _ key: TOML.Key) throws(TOML.SyntaxError) -> Int {
        guard parent.depth < TOML.nestingLimit else { throw tooDeep(at: key.position) }
        return parent.depth + 1
    }

    func tooDeep(at position: TOML.Position) -> TOML.SyntaxError {
        TOML.SyntaxError(
            position: position, path: path, message: "values are nested more than \(TOML.nestingLimit) deep",
            fix: "flatten them")
    }

    private func redefinition(_ key: TOML.Key, of existing: TOML.Table.Entry) -> TOML.SyntaxError {
        let place = "line \(existing.key.position.line)"
        let name = TOML.spelled(key.name)
        let message: String
        switch existing.value.kind {
        case .table(let table) where table.origin == .inline:
            message = "\(name) is the inline table of \(place), to which nothing can be added"
        case .table: message = "the table \(name) is already defined at \(place)"
        case .tables: message = "\(name) is an array of tables since \(place)"
        case .string, .integer, .float, .boolean, .date, .array:
            message = "\(name) is already defined at \(place)"
        }
        return TOML.SyntaxError(
            position: key.position, path: path, message: message, fix: "merge the two or remove one")
    }
}
