/// A dictionary, or a set, whose values are empty, or a namespace.
final class DictionaryObject: Container {
    private var table = EntryTable()
    private let isSet: Bool
    private static let noValue = StoredValue(bytes: [])

    /// - Parameter contents: keys and values in turn; for a set only keys.
    init?(id: ObjectID, _ contents: [StoredValue], isSet: Bool) {
        self.isSet = isSet
        super.init(id: id)
        guard isSet || contents.count.isMultiple(of: 2) else { return nil }
    }

    override var hasKeys: Bool { true }

    func fill(_ contents: [StoredValue], _ core: ObjectCore) { merge(contents, replacing: true, core) }

    override func read(_ place: Place) -> Found {
        guard case .key(let key) = place else { return .nothing }
        return table[key].map { .value($0) } ?? .nothing
    }

    override func write(
        _ value: StoredValue?, to place: Place, _ request: ObjectMessage, _ core: ObjectCore
    ) -> Answered {
        guard let key = request.values.first, !isSet else { return .status(.wrongKind) }
        if let value { put(value, for: key, core) } else { _ = take(key.bytes, core) }
        return .done
    }

    private func put(_ value: StoredValue, for key: StoredValue, _ core: ObjectCore) {
        core.keep(value)
        stamp += 1
        if let old = table.set(value, for: key) { core.drop(old.value) } else { core.keep(key) }
    }

    private func take(_ key: [UInt8], _ core: ObjectCore) -> EntryTable.Entry? {
        guard let old = table.remove(key) else { return nil }
        forget(old, core)
        return old
    }

    private func forget(_ entry: EntryTable.Entry, _ core: ObjectCore) {
        stamp += 1
        core.drop(entry.key)
        core.drop(entry.value)
    }

    override func contents() -> [StoredValue] {
        isSet ? table.all.map(\.key) : table.all.flatMap { [$0.key, $0.value] }
    }

    override func replaceContents(with values: [StoredValue], _ core: ObjectCore) -> Answered {
        guard isSet || values.count.isMultiple(of: 2) else { return .status(.malformed) }
        let old = table
        table = EntryTable(after: old)
        merge(values, replacing: true, core)
        for entry in old.all { forget(entry, core) }
        return .done
    }

    override func destroyedContents() -> [StoredValue] { table.all.flatMap { [$0.key, $0.value] } }

    override func performMore(
        _ operation: ObjectOperation, _ request: ObjectMessage, _ core: ObjectCore
    ) -> Answered {
        let values = request.values
        switch (operation, values.count) {
        case (.count, 0): return .number(table.count)
        case (.contains, 1): return .flag(table.contains(values[0].bytes))
        case (.insertIfAbsent, 1...2): return insertIfAbsent(values, core)
        case (.remove, 1):
            guard let entry = take(values[0].bytes, core) else { return .status(.nothing) }
            return .value(isSet ? entry.key : entry.value)
        case (.removeLast, 0):
            guard let entry = table.removeLast() else { return .status(.nothing) }
            forget(entry, core)
            return .reply(.done, values: isSet ? [entry.key] : [entry.key, entry.value])
        case (.removeAll, 0): return replaceContents(with: [], core)
        case (.read, 0): return page(request.numbers)
        case (.merge, _):
            guard isSet || values.count.isMultiple(of: 2) else { return .status(.malformed) }
            merge(values, replacing: request.numbers.first != 0, core)
            return .done
        case (.subtract, _):
            for value in values { _ = take(value.bytes, core) }
            return .done
        case (.intersect, _):
            let kept = Set(values.map(\.bytes))
            for entry in table.all where !kept.contains(entry.key.bytes) { _ = take(entry.key.bytes, core) }
            return .done
        case (.toggle, _):
            guard isSet else { return .status(.wrongKind) }
            for value in values where take(value.bytes, core) == nil { put(Self.noValue, for: value, core) }
            return .done
        case _: return .status(.wrongKind)
        }
    }

    /// Says whether it was inserted, and what is there now.
    private func insertIfAbsent(_ values: [StoredValue], _ core: ObjectCore) -> Answered {
        guard values.count == (isSet ? 1 : 2) else { return .status(.malformed) }
        if let old = table[values[0].bytes] { return .reply(.done, numbers: [0], values: isSet ? [] : [old]) }
        put(isSet ? Self.noValue : values[1], for: values[0], core)
        return .reply(.done, numbers: [1], values: isSet ? [] : [values[1]])
    }

    private func merge(_ values: [StoredValue], replacing: Bool, _ core: ObjectCore) {
        let step = isSet ? 1 : 2
        for place in stride(from: 0, to: values.count, by: step) {
            let key = values[place]
            if (isSet || !replacing), table.contains(key.bytes) { continue }
            put(isSet ? Self.noValue : values[place + 1], for: key, core)
        }
    }

    /// The numbers: a position, how many at most, and the shape that the dictionary has to have, or -1. The answer: its
    /// shape, and the next position or -1.
    private func page(_ numbers: [Int64]) -> Answered {
        guard numbers.count == 3 else { return .reply(.done, values: contents()) }
        guard numbers[2] == -1 || numbers[2] == table.shape else { return .status(.changed) }
        let (entries, next) = table.page(from: Int(numbers[0]), Int(numbers[1]))
        let values = isSet ? entries.map(\.key) : entries.flatMap { [$0.key, $0.value] }
        return .reply(.done, numbers: [table.shape, next.map(Int64.init) ?? -1], values: values)
    }
}
