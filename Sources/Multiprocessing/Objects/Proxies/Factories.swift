extension Manager {
    private func make(
        _ kind: ObjectKind, _ number: Int = 0, _ values: [StoredValue] = []
    ) throws(ObjectError) -> ObjectReference {
        var request = ObjectMessage(id: 0, code: ObjectOperation.create.rawValue)
        request.numbers = [kind.rawValue, Int64(number)]
        request.values = values
        return try made(request)
    }

    private func made(_ request: ObjectMessage) throws(ObjectError) -> ObjectReference {
        let client = try client()
        let answer = try client.call(request)
        try answer.check()
        guard let number = answer.numbers.first else { throw .malformed }
        return ObjectReference(ObjectHandle(client, ObjectID(bitPattern: number)))
    }

    private func encode<Value: Encodable>(_ value: Value) throws(ObjectError) -> StoredValue {
        try ObjectScope.encode(value, for: try client())
    }

    private func encode<Value: Encodable>(each values: some Sequence<Value>) throws(ObjectError) -> [StoredValue] {
        var encoded: [StoredValue] = []
        for value in values { encoded.append(try encode(value)) }
        return encoded
    }

    // MARK: - Data

    /// Makes a value: Python's `Value`.
    ///
    /// - Throws: `ObjectError`, as all of these.
    public func value<Value: Codable & Sendable>(_ value: Value) throws(ObjectError) -> RemoteValue<Value> {
        RemoteValue(reference: try make(.value, 0, [encode(value)]))
    }

    /// Makes a list: Python's `list`.
    public func list<Element: Codable & Sendable>(
        _ elements: some Sequence<Element>
    ) throws(ObjectError) -> RemoteList<Element> {
        RemoteList(reference: try make(.list, 0, encode(each: elements)))
    }

    /// Makes an empty list.
    public func list<Element: Codable & Sendable>(
        of type: Element.Type = Element.self
    ) throws(ObjectError) -> RemoteList<Element> { try list([]) }

    /// Makes an array, whose length stays what it is: Python's `Array`.
    public func array<Element: Codable & Sendable>(
        _ elements: some Sequence<Element>
    ) throws(ObjectError) -> RemoteArray<Element> {
        RemoteArray(reference: try make(.array, 0, encode(each: elements)))
    }

    /// Makes a dictionary: Python's `dict`.
    public func dictionary<Key: Codable & Hashable & Sendable, Value: Codable & Sendable>(
        _ entries: [Key: Value]
    ) throws(ObjectError) -> RemoteDictionary<Key, Value> {
        var values: [StoredValue] = []
        for (key, value) in entries { values += [try encode(key), try encode(value)] }
        return RemoteDictionary(reference: try make(.dictionary, 0, values))
    }

    /// Makes an empty dictionary.
    public func dictionary<Key: Codable & Hashable & Sendable, Value: Codable & Sendable>(
        of key: Key.Type = Key.self, _ value: Value.Type = Value.self
    ) throws(ObjectError) -> RemoteDictionary<Key, Value> { try dictionary([:]) }

    /// Makes a set: Python's `set`.
    public func set<Element: Codable & Hashable & Sendable>(
        _ elements: some Sequence<Element>
    ) throws(ObjectError) -> RemoteSet<Element> {
        RemoteSet(reference: try make(.set, 0, encode(each: elements)))
    }

    /// Makes an empty set.
    public func set<Element: Codable & Hashable & Sendable>(
        of type: Element.Type = Element.self
    ) throws(ObjectError) -> RemoteSet<Element> { try set([]) }

    /// Makes a namespace: Python's `Namespace`.
    public func namespace() throws(ObjectError) -> RemoteNamespace {
        RemoteNamespace(reference: try make(.namespace))
    }

    /// Makes a queue: Python's `Queue` and `JoinableQueue`.
    ///
    /// - Parameter capacity: how many items there may be; nil for no limit.
    public func queue<Element: Codable & Sendable>(
        of type: Element.Type = Element.self, capacity: Int? = nil
    ) throws(ObjectError) -> RemoteQueue<Element> {
        RemoteQueue(reference: try make(.queue, capacity ?? 0))
    }

    // MARK: - Synchronization

    /// Makes a lock: Python's `Lock`.
    public func lock() throws(ObjectError) -> RemoteLock { RemoteLock(reference: try make(.lock)) }

    /// Makes a lock that its holder may take again: Python's `RLock`.
    public func recursiveLock() throws(ObjectError) -> RemoteRLock {
        RemoteRLock(reference: try make(.recursiveLock))
    }

    /// Makes a semaphore: Python's `Semaphore`.
    ///
    /// - Throws: `ObjectError.invalid` for less than no permits, or more than 2³¹ - 1.
    public func semaphore(_ permits: Int = 1) throws(ObjectError) -> RemoteSemaphore {
        RemoteSemaphore(reference: try make(.semaphore, permits))
    }

    /// Makes a bounded semaphore: Python's `BoundedSemaphore`.
    ///
    /// - Throws: `ObjectError.invalid` for less than no permits, or more than 2³¹ - 1.
    public func boundedSemaphore(_ permits: Int = 1) throws(ObjectError) -> RemoteBoundedSemaphore {
        RemoteBoundedSemaphore(reference: try make(.boundedSemaphore, permits))
    }

    /// Makes a condition with a recursive lock of its own: Python's `Condition`.
    public func condition() throws(ObjectError) -> RemoteCondition { try condition(on: recursiveLock()) }

    /// Makes a condition on a lock, which others may share.
    public func condition(on lock: RemoteRLock) throws(ObjectError) -> RemoteCondition {
        try condition(lock.reference)
    }

    /// Makes a condition on a lock, which others may share.
    public func condition(on lock: RemoteLock) throws(ObjectError) -> RemoteCondition {
        try condition(lock.reference)
    }

    private func condition(_ lock: ObjectReference) throws(ObjectError) -> RemoteCondition {
        guard lock.handle.client.identity == (try client().identity) else { throw .gone }
        let number = Int(Int64(bitPattern: lock.handle.id))
        return RemoteCondition(reference: try make(.condition, number), lock: lock)
    }

    /// Makes an event: Python's `Event`.
    public func event() throws(ObjectError) -> RemoteEvent { RemoteEvent(reference: try make(.event)) }

    /// Makes a barrier: Python's `Barrier`.
    ///
    /// - Throws: `ObjectError.invalid` for less than one party.
    public func barrier(parties: Int) throws(ObjectError) -> RemoteBarrier {
        RemoteBarrier(reference: try make(.barrier, parties), parties: parties)
    }

    // MARK: - Types of the program

    /// Makes an object of a type that the server has registered.
    ///
    /// - Throws: what making it throws: an error that the type declares as itself, any other one as `RemoteError`;
    ///   `ObjectError`, among others `unknownType`.
    public func create<Object, Argument>(
        _ type: RemoteType<Object, Argument>, _ argument: Argument
    ) throws -> RemoteInstance<Object> {
        var request = ObjectMessage(id: 0, code: ObjectOperation.createRegistered.rawValue)
        request.values = [StoredValue(text: type.name), StoredValue(try type.maker.call(argument))]
        let client = try client()
        let answer = try client.call(request)
        if answer.status == .failed {
            _ = try type.maker.outcome(from: answer.values.first?.parcel ?? Parcel(bytes: []))
        }
        try answer.check()
        guard let number = answer.numbers.first else { throw ObjectError.malformed }
        return RemoteInstance(reference: ObjectReference(ObjectHandle(client, ObjectID(bitPattern: number))))
    }

    /// Makes an object of a type that needs no argument.
    ///
    /// - Throws: as the other one.
    public func create<Object>(_ type: RemoteType<Object, Nothing>) throws -> RemoteInstance<Object> {
        try create(type, Nothing())
    }
}
