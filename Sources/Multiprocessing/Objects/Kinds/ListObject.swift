/// A list of values; or an array, whose length stays what it is.
final class ListObject: Container {
    private var items: [StoredValue]
    private let isFixed: Bool

    init(id: ObjectID, _ items: [StoredValue], isFixed: Bool) {
        self.items = items
        self.isFixed = isFixed
        super.init(id: id)
    }

    private var outOfRange: Answered { .reply(.outOfRange, numbers: [Int64(items.count)]) }

    override func read(_ place: Place) -> Found {
        guard case .index(let index) = place, items.indices.contains(index) else {
            return .outOfRange(count: items.count)
        }
        return .value(items[index])
    }

    override func write(
        _ value: StoredValue?, to place: Place, _ request: ObjectMessage, _ core: ObjectCore
    ) -> Answered {
        guard case .index(let index) = place, items.indices.contains(index) else { return outOfRange }
        guard let value else { return .status(.malformed) }
        core.keep(value)
        core.drop(items[index])
        items[index] = value
        stamp += 1
        return .done
    }

    override func contents() -> [StoredValue] { items }

    override func replaceContents(with values: [StoredValue], _ core: ObjectCore) -> Answered {
        splice(items.startIndex..<items.endIndex, values, core)
    }

    override func performMore(
        _ operation: ObjectOperation, _ request: ObjectMessage, _ core: ObjectCore
    ) -> Answered {
        let numbers = request.numbers.map { Int($0) }
        switch (operation, numbers.count, request.values.count) {
        case (.count, _, _): return .number(items.count)
        case (.append, _, _): return splice(items.count..<items.count, request.values, core)
        case (.insert, 1, _): return splice(numbers[0]..<numbers[0], request.values, core)
        case (.remove, 1, 0): return remove(at: numbers[0], core)
        case (.removeLast, _, 0): return items.isEmpty ? .status(.nothing) : remove(at: items.count - 1, core)
        case (.removeAll, _, 0): return splice(0..<items.count, [], core)
        case (.read, 0, 0): return .reply(.done, values: items)
        case (.read, 2, 0):
            guard isRange(numbers[0], numbers[1]) else { return outOfRange }
            return .reply(.done, values: Array(items[numbers[0]..<numbers[1]]))
        case (.replace, 2, _):
            guard isRange(numbers[0], numbers[1]) else { return outOfRange }
            return splice(numbers[0]..<numbers[1], request.values, core)
        case (.find, 1, 1):
            guard isRange(numbers[0], items.count) else { return outOfRange }
            return items[numbers[0]...].firstIndex { $0.equals(request.values[0]) }.map { .number($0) }
                ?? .status(.nothing)
        case (.occurrences, _, 1): return .number(items.count { $0.equals(request.values[0]) })
        case (.reverse, _, 0):
            items.reverse()
            stamp += 1
            return .done
        case (.swap, 2, 0):
            guard items.indices.contains(numbers[0]), items.indices.contains(numbers[1]) else { return outOfRange }
            items.swapAt(numbers[0], numbers[1])
            stamp += 1
            return .done
        case _: return .status(.wrongKind)
        }
    }

    private func isRange(_ start: Int, _ end: Int) -> Bool { 0 <= start && start <= end && end <= items.count }

    private func remove(at index: Int, _ core: ObjectCore) -> Answered {
        guard items.indices.contains(index) else { return outOfRange }
        if isFixed { return .status(.wrongKind) }
        stamp += 1
        let value = items.remove(at: index)
        core.drop(value)
        return .value(value)
    }

    private func splice(_ range: Range<Int>, _ values: [StoredValue], _ core: ObjectCore) -> Answered {
        guard range.lowerBound >= 0, range.upperBound <= items.count else { return outOfRange }
        if isFixed, values.count != range.count { return .status(.wrongKind) }
        core.keep(values)
        for value in items[range] { core.drop(value) }
        items.replaceSubrange(range, with: values)
        stamp += 1
        return .done
    }
}
