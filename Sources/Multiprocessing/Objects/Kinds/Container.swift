/// Where in an object a value is.
enum Place: Equatable {
    /// The only one that there is.
    case only
    case index(Int)
    case key([UInt8])
}

/// What is at a place.
enum Found {
    case value(StoredValue)
    case nothing
    case outOfRange(count: Int)
}

/// An object that keeps values, of which each can be read, written and changed in one step.
class Container: ServedObject {
    /// Counts the changes.
    final var stamp: UInt64 = 0
    private var update = Update()

    /// The transaction of whoever has the turn.
    private struct Update {
        /// nil for the whole object.
        var place: Place?
        var request: ObjectMessage?
        var stamp: UInt64 = 0
        var given: StoredValue?
    }

    // MARK: - For each kind

    /// Whether requests name a place by a value, the first one of theirs.
    var hasKeys: Bool { false }

    func read(_ place: Place) -> Found { .nothing }

    /// Puts a value, or nothing, at a place.
    func write(_ value: StoredValue?, to place: Place, _ request: ObjectMessage, _ core: ObjectCore) -> Answered {
        .status(.wrongKind)
    }

    func contents() -> [StoredValue] { [] }

    func replaceContents(with values: [StoredValue], _ core: ObjectCore) -> Answered { .status(.wrongKind) }

    func performMore(_ operation: ObjectOperation, _ request: ObjectMessage, _ core: ObjectCore) -> Answered {
        .status(.wrongKind)
    }

    // MARK: - For all of them

    /// The place that a request names, and the values behind it; nil for the whole object, or if it is malformed.
    final func locate(_ request: ObjectMessage) -> (place: Place, values: ArraySlice<StoredValue>)? {
        if hasKeys {
            guard let key = request.values.first else { return nil }
            return (.key(key.bytes), request.values.dropFirst())
        }
        if let index = request.numbers.first { return (.index(Int(index)), request.values[...]) }
        return (.only, request.values[...])
    }

    override final func perform(
        _ operation: ObjectOperation, _ request: ObjectMessage, from member: Member, _ core: ObjectCore
    ) -> Answered {
        switch operation {
        case .get, .set, .exchange, .compareExchange, .add:
            guard let (place, values) = locate(request) else { return .status(.malformed) }
            return performAtPlace(operation, place, Array(values), request, core)
        case .beginUpdate: return beginUpdate(request, from: member, core)
        case .commitUpdate: return commitUpdate(request, from: member, core)
        case .endUpdate: return endUpdate(request, from: member, core)
        case _: return performMore(operation, request, core)
        }
    }

    private func performAtPlace(
        _ operation: ObjectOperation, _ place: Place, _ values: [StoredValue], _ request: ObjectMessage,
        _ core: ObjectCore
    ) -> Answered {
        let found = read(place)
        if case .outOfRange(let count) = found { return .reply(.outOfRange, numbers: [Int64(count)]) }
        let old: StoredValue? = if case .value(let value) = found { value } else { nil }
        switch (operation, values.count) {
        case (.get, 0): return .value(old)
        case (.set, 1): return write(values[0], to: place, request, core)
        case (.exchange, 0...1):
            let written = write(values.first, to: place, request, core)
            guard case .reply(.done, _, _) = written else { return written }
            return .value(old)
        case (.compareExchange, _): return compareExchange(values, old, at: place, request, core)
        case (.add, 3...4): return add(values, to: old, at: place, request, core)
        case _: return .status(.malformed)
        }
    }

    /// `numbers.last` says which of the two values are there: 1 for the expected one, 2 for the new one.
    private func compareExchange(
        _ values: [StoredValue], _ old: StoredValue?, at place: Place, _ request: ObjectMessage, _ core: ObjectCore
    ) -> Answered {
        let present = request.numbers.last ?? 0
        guard values.count == (present & 1) + (present >> 1 & 1) else { return .status(.malformed) }
        let expected = present & 1 == 1 ? values.first : nil
        let new = present & 2 == 2 ? values.last : nil
        let isEqual = expected.map { wanted in old.map { wanted.equals($0) } ?? false } ?? (old == nil)
        if isEqual {
            let written = write(new, to: place, request, core)
            guard case .reply(.done, _, _) = written else { return written }
        }
        return .reply(.done, numbers: [isEqual ? 1 : 0, old == nil ? 0 : 1], values: old.map { [$0] } ?? [])
    }

    /// Adds to an integer. The values: the amount, the least and the greatest number that is allowed, and what to add
    /// to if there is nothing.
    private func add(
        _ values: [StoredValue], to old: StoredValue?, at place: Place, _ request: ObjectMessage, _ core: ObjectCore
    ) -> Answered {
        guard let old = old ?? (values.count > 3 ? values[3] : nil) else { return .status(.nothing) }
        let numbers = (values[..<3] + [old]).map { try? $0.parcel.decode(Int128.self) }
        guard let amount = numbers[0], let least = numbers[1], let most = numbers[2] else { return .status(.malformed) }
        guard let number = numbers[3] else { return .status(.notANumber) }
        let (sum, isTooFar) = number.addingReportingOverflow(amount)
        guard !isTooFar, sum >= least, sum <= most else { return .status(.overflow) }
        guard let parcel = try? Parcel(sum) else { return .status(.malformed) }
        let new = StoredValue(bytes: parcel.bytes)
        let written = write(new, to: place, request, core)
        guard case .reply(.done, _, _) = written else { return written }
        return .value(new)
    }

    // MARK: - Transactions

    private func beginUpdate(_ request: ObjectMessage, from member: Member, _ core: ObjectCore) -> Answered {
        let turn = turn ?? Turn()
        self.turn = turn
        let caller = Caller(member: member.id, thread: request.thread)
        if turn.holder == caller { return .status(.nested) }
        guard turn.holder == nil else { return core.park(request, from: member, at: self, in: turn.line) }
        let current = current(for: request)
        // Whoever gets an error has no turn, and does not end it.
        if case .reply(.done, _, _) = current {
            turn.holder = caller
            member.hold(id)
        }
        return current
    }

    /// What a transaction begins with, and remembers it.
    private func current(for request: ObjectMessage) -> Answered {
        let isWhole = hasKeys ? request.values.isEmpty : request.numbers.isEmpty && !(self is ValueObject)
        update = Update(place: isWhole ? nil : locate(request)?.place, request: request, stamp: stamp)
        guard let place = update.place else { return .reply(.done, values: contents()) }
        switch read(place) {
        case .value(let value):
            update.given = value
            return .reply(.done, values: [value])
        case .nothing: return .reply(.done)
        case .outOfRange(let count): return .reply(.outOfRange, numbers: [Int64(count)])
        }
    }

    private func commitUpdate(_ request: ObjectMessage, from member: Member, _ core: ObjectCore) -> Answered {
        guard let begun = update.request, turn?.holder == Caller(member: member.id, thread: request.thread) else {
            return .status(.notOwner)
        }
        var isSame = true
        if let place = update.place {
            switch (read(place), update.given) {
            case (.value(let now), let given?): isSame = now.equals(given)
            case (.nothing, nil): break
            case _: isSame = false
            }
        } else {
            isSame = stamp == update.stamp
        }
        guard isSame else {
            // Somebody wrote without a transaction. The caller keeps the turn and looks again.
            guard case .reply(.done, _, let values) = current(for: begun) else {
                passTurn(of: member, core)
                return .status(.changed)
            }
            return .reply(.changed, values: values)
        }
        let answer =
            update.place.map { write(request.values.first, to: $0, begun, core) }
            ?? replaceContents(with: request.values, core)
        passTurn(of: member, core)
        return answer
    }

    private func endUpdate(_ request: ObjectMessage, from member: Member, _ core: ObjectCore) -> Answered {
        guard turn?.holder == Caller(member: member.id, thread: request.thread) else { return .status(.notOwner) }
        passTurn(of: member, core)
        return .done
    }

    private func passTurn(of member: Member, _ core: ObjectCore) {
        guard let turn, turn.holder?.member == member.id else { return }
        turn.holder = nil
        update = Update()
        member.unhold(id)
        while turn.holder == nil, let next = turn.line.next() {
            let current = current(for: next.request)
            if case .reply(.done, _, _) = current {
                turn.holder = next.caller
                next.member.hold(id)
            }
            core.finish(next, current)
        }
    }

    override final func reclaim(from member: Member, _ core: ObjectCore) { passTurn(of: member, core) }

    override final func destroyed(_ core: ObjectCore) {
        for value in destroyedContents() { core.drop(value) }
    }

    /// All values, also those that clients do not see.
    func destroyedContents() -> [StoredValue] { contents() }
}

/// One value.
final class ValueObject: Container {
    private var value: StoredValue?

    init(id: ObjectID, _ value: StoredValue) {
        self.value = value
        super.init(id: id)
    }

    override func read(_ place: Place) -> Found { value.map { .value($0) } ?? .nothing }

    override func write(
        _ new: StoredValue?, to place: Place, _ request: ObjectMessage, _ core: ObjectCore
    ) -> Answered {
        guard let new, place == .only || request.numbers.count == 1 else { return .status(.malformed) }
        core.keep(new)
        if let value { core.drop(value) }
        value = new
        stamp += 1
        return .done
    }

    override func contents() -> [StoredValue] { value.map { [$0] } ?? [] }
}
