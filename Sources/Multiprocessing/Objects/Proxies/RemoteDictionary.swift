/// A dictionary in a server, for several processes: Python's `dict` of a manager.
///
///     let counts = try manager.dictionary(of: String.self, Int.self)
///     try counts.add(1, to: "apples", initial: 0)         // in one step: `d[k] += 1` without the race
///     try counts.update("pears") { $0 = ($0 ?? 0) * 2 }   // as a transaction
///
/// Each call is done in one step. Values that come out are copies: changing one changes nothing in the dictionary until
/// it is set again, or within `update`. Keys are the same if they are encoded the same: so a key must not have a `Set`
/// or a `Dictionary` in it, whose order changes, and two spellings of a text are two keys. Entries are in the order in
/// which their keys came.
public struct RemoteDictionary<Key: Codable & Hashable & Sendable, Value: Codable & Sendable>: Codable, Hashable,
    Sendable
{
    let reference: ObjectReference

    // MARK: - Reading

    /// How many entries there are.
    public var count: Int {
        get throws(ObjectError) { try reference.ask(.count).number() }
    }

    /// Whether there are none.
    public var isEmpty: Bool {
        get throws(ObjectError) { try count == 0 }
    }

    /// A copy of the value of a key; nil if there is none.
    ///
    /// - Throws: `ObjectError`.
    public subscript(key: Key) -> Value? {
        get throws(ObjectError) { try reference.ask(.get, [], [reference.encode(key)]).optional() }
    }

    /// Whether there is a value for a key.
    ///
    /// - Throws: `ObjectError`.
    public func contains(_ key: Key) throws(ObjectError) -> Bool {
        try reference.ask(.contains, [], [reference.encode(key)]).isTrue
    }

    /// A copy of all entries, as they are at one moment: Python's `copy`.
    ///
    /// - Throws: `ObjectError`.
    public func snapshot() throws(ObjectError) -> [Key: Value] {
        Dictionary(try items().map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    /// A copy of all entries, in order.
    ///
    /// - Throws: `ObjectError`.
    public func items() throws(ObjectError) -> [(key: Key, value: Value)] { try reference.ask(.read).pairs() }

    /// A copy of all keys, in order.
    ///
    /// - Throws: `ObjectError`.
    public func keys() throws(ObjectError) -> [Key] { try items().map(\.key) }

    /// A copy of all values, in the order of their keys.
    ///
    /// - Throws: `ObjectError`.
    public func values() throws(ObjectError) -> [Value] { try items().map(\.value) }

    /// Reads the entries bit by bit, where `items()` would be too much at a time.
    ///
    /// - Parameter batch: how many come with one call.
    public func entries(batch: Int = 64) -> RemoteEntries<(key: Key, value: Value)> {
        RemoteEntries(reference, batch: batch) { answer throws(ObjectError) in try answer.pairs() }
    }

    // MARK: - Changing

    /// Sets the value of a key.
    ///
    /// - Throws: `ObjectError`.
    public func set(_ key: Key, to value: Value) throws(ObjectError) {
        try reference.ask(.set, [], [reference.encode(key), reference.encode(value)])
    }

    /// Sets the value of a key, and returns the one that was there.
    ///
    /// - Throws: `ObjectError`.
    @discardableResult
    public func updateValue(_ value: Value, forKey key: Key) throws(ObjectError) -> Value? {
        try reference.ask(.exchange, [], [reference.encode(key), reference.encode(value)]).optional()
    }

    /// Sets the value of a key that has none: Python's `setdefault`.
    ///
    /// - Returns: what is there now, and whether it is the one that was given.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func insertIfAbsent(_ key: Key, _ value: Value) throws(ObjectError) -> (value: Value, inserted: Bool) {
        let answer = try reference.ask(.insertIfAbsent, [], [reference.encode(key), reference.encode(value)])
        return (try answer.value(), answer.isTrue)
    }

    /// Removes an entry and returns its value; nil if there was none: Python's `pop`.
    ///
    /// - Throws: `ObjectError`.
    @discardableResult
    public func removeValue(forKey key: Key) throws(ObjectError) -> Value? {
        try reference.ask(.remove, [], [reference.encode(key)]).optional()
    }

    /// Removes the entry that came last and returns it; nil if there is none: Python's `popitem`.
    ///
    /// - Throws: `ObjectError`.
    public func popLast() throws(ObjectError) -> (key: Key, value: Value)? {
        let answer = try reference.ask(.removeLast)
        return answer.status == .nothing ? nil : (try answer.value(), try answer.value(at: 1))
    }

    /// Removes all entries: Python's `clear`.
    ///
    /// - Throws: `ObjectError`.
    public func removeAll() throws(ObjectError) { try reference.ask(.removeAll) }

    /// Sets many entries in one step: Python's `update`.
    ///
    /// - Parameters:
    ///   - other: the entries.
    ///   - replacing: whether values that are there already are replaced.
    /// - Throws: `ObjectError`.
    public func merge(_ other: [Key: Value], replacing: Bool = true) throws(ObjectError) {
        var values: [StoredValue] = []
        for (key, value) in other { values += [try reference.encode(key), try reference.encode(value)] }
        try reference.ask(.merge, [replacing ? 1 : 0], values)
    }

    // MARK: - Transactions

    /// Sets the value of a key, or removes it, if what is there is `expected`; nil stands for nothing.
    ///
    /// - Returns: whether it did, and what was there.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func compareExchange(
        _ key: Key, expected: Value?, desired: Value?
    ) throws(ObjectError) -> (exchanged: Bool, original: Value?) {
        var values = [try reference.encode(key)]
        if let expected { values.append(try reference.encode(expected)) }
        if let desired { values.append(try reference.encode(desired)) }
        let present: Int64 = (expected == nil ? 0 : 1) + (desired == nil ? 0 : 2)
        let answer = try reference.ask(.compareExchange, [present], values)
        return (answer.isTrue, try answer.optional())
    }

    /// Changes the value of a key as a transaction, as `RemoteValue.update`; nil stands for nothing.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func update<Result>(_ key: Key, _ body: (inout Value?) throws -> Result) throws -> Result {
        var result: Result?
        try reference.update([], [try reference.encode(key)]) { answer in
            var value: Value? = try answer.optional()
            result = try body(&value)
            return try value.map { [try reference.encode($0)] } ?? []
        }
        guard let result else { throw ObjectError.malformed }
        return result
    }

    /// Changes the whole dictionary as a transaction, as `RemoteValue.update`.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func updateAll<Result>(_ body: (inout [Key: Value]) throws -> Result) throws -> Result {
        var result: Result?
        try reference.update { answer in
            let pairs: [(key: Key, value: Value)] = try answer.pairs()
            var all = Dictionary(pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
            result = try body(&all)
            // Those that were there stay in order.
            let old = pairs.compactMap { pair in all.removeValue(forKey: pair.key).map { (pair.key, $0) } }
            return try (old + all.map { ($0.key, $0.value) }).flatMap {
                [try reference.encode($0.0), try reference.encode($0.1)]
            }
        }
        guard let result else { throw ObjectError.malformed }
        return result
    }
}

extension RemoteDictionary where Value: FixedWidthInteger {
    /// Adds to the value of a key, in one step: what `d[k] += 1` is not in Python.
    ///
    /// - Parameter initial: what to add to if there is no value; nil to throw `notANumber` then.
    /// - Returns: the sum.
    /// - Throws: `ObjectError`, as `RemoteValue.add`.
    @discardableResult
    public func add(_ amount: Value, to key: Key, initial: Value? = nil) throws(ObjectError) -> Value {
        let values = [try reference.encode(key)] + (try reference.summands(amount, initial: initial))
        let answer = try reference.ask(.add, [], values)
        if answer.status == .nothing { throw .notANumber }
        return try answer.value()
    }
}

/// Reads a dictionary or a set of a server bit by bit.
///
/// When entries came or went meanwhile, `next` throws `ObjectError.changed`, at the latest when those are used up that
/// have come already. New values of keys that were there are no such change.
public struct RemoteEntries<Element> {
    private let reference: ObjectReference
    private let batch: Int
    private let decode: (ObjectAnswer) throws(ObjectError) -> [Element]
    private var ready: ArraySlice<Element> = []
    private var position = 0
    private var shape = -1
    private var isAtEnd = false

    init(
        _ reference: ObjectReference, batch: Int,
        decode: @escaping (ObjectAnswer) throws(ObjectError) -> [Element]
    ) {
        self.reference = reference
        self.batch = max(1, batch)
        self.decode = decode
    }

    /// The next entry; nil after the last one.
    ///
    /// - Throws: `ObjectError.changed`.
    public mutating func next() throws(ObjectError) -> Element? {
        if let element = ready.popFirst() { return element }
        // Also at the end: what was read before must still be all there is.
        let answer = try reference.ask(.read, [Int64(position), isAtEnd ? 0 : Int64(batch), Int64(shape)])
        if isAtEnd { return nil }
        shape = answer.number()
        ready = try decode(answer)[...]
        if answer.number(1) < 0 { isAtEnd = true } else { position = answer.number(1) }
        return ready.isEmpty ? nil : ready.popFirst()
    }
}
