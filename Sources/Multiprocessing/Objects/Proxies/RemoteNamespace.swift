import Threading

/// Named values of any types in a server, for several processes: Python's `Namespace` of a manager.
///
///     let shared = try manager.namespace()
///     try shared.set("limit", to: 5)
///     let limit: Int = try shared.limit
///
/// What begins with `_` stays with this proxy and its copies in this process.
@dynamicMemberLookup
public struct RemoteNamespace: Codable, Hashable, Sendable {
    let reference: ObjectReference
    private let locals = Locals()

    private final class Locals: Sendable {
        let values = Monitor<[String: any Sendable]>([:])
    }

    private enum CodingKeys: CodingKey {
        case reference
    }

    init(reference: ObjectReference) { self.reference = reference }

    /// Whether both mean the same object.
    public static func == (one: RemoteNamespace, other: RemoteNamespace) -> Bool { one.reference == other.reference }

    /// Hashes the object that is meant.
    public func hash(into hasher: inout Hasher) { hasher.combine(reference) }

    private static func isLocal(_ name: String) -> Bool { name.hasPrefix("_") }

    /// A copy of the value of a name.
    ///
    /// - Throws: `ObjectError.missing` if there is none; `unreadable` if it is of another type.
    public subscript<Value: Codable & Sendable>(dynamicMember name: String) -> Value {
        get throws(ObjectError) { try get(name) }
    }

    /// A copy of the value of a name.
    ///
    /// - Throws: `ObjectError.missing` if there is none; `unreadable` if it is of another type.
    public func get<Value: Codable & Sendable>(_ name: String, as type: Value.Type = Value.self) throws(ObjectError)
        -> Value
    {
        if Self.isLocal(name) {
            guard let value = locals.values.withLock({ $0[name] }) else { throw .missing(name) }
            guard let value = value as? Value else { throw .unreadable("\(name) is no \(type)") }
            return value
        }
        let answer = try reference.ask(.get, [], [reference.encode(name)])
        if answer.status == .nothing { throw .missing(name) }
        return try answer.value()
    }

    /// Sets the value of a name, of whatever type the one before was.
    ///
    /// - Throws: `ObjectError`.
    public func set<Value: Codable & Sendable>(_ name: String, to value: Value) throws(ObjectError) {
        if Self.isLocal(name) { return locals.values.withLock { $0[name] = value } }
        try reference.ask(.set, [], [reference.encode(name), reference.encode(value)])
    }

    /// Removes the value of a name.
    ///
    /// - Returns: whether there was one.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func remove(_ name: String) throws(ObjectError) -> Bool {
        if Self.isLocal(name) { return locals.values.withLock { $0.removeValue(forKey: name) != nil } }
        return try reference.ask(.remove, [], [reference.encode(name)]).status == .done
    }

    /// Changes the value of a name as a transaction, as `RemoteValue.update`. Not for names that begin with `_`.
    ///
    /// - Throws: `ObjectError`; what `body` throws.
    public func update<Value: Codable & Sendable, Result>(
        _ name: String, as type: Value.Type = Value.self, _ body: (inout Value?) throws -> Result
    ) throws -> Result {
        if Self.isLocal(name) { throw ObjectError.wrongKind }
        return try RemoteDictionary<String, Value>(reference: reference).update(name, body)
    }

    /// The names that have a value in the server.
    ///
    /// - Throws: `ObjectError`.
    public func names() throws(ObjectError) -> [String] {
        let answer = try reference.ask(.read)
        var names: [String] = []
        for place in stride(from: 0, to: answer.message.values.count, by: 2) {
            names.append(try answer.value(at: place))
        }
        return names
    }
}
