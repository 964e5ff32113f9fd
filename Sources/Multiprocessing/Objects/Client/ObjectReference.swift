import Scheduling

/// What every proxy is: a reference to an object of a server, and ways to ask it for something.
struct ObjectReference: Codable, Hashable, Sendable {
    let handle: ObjectHandle

    init(_ handle: ObjectHandle) { self.handle = handle }

    init(from decoder: any Decoder) throws { handle = try ObjectHandle.decode(from: decoder) }

    func encode(to encoder: any Encoder) throws { try handle.encode(to: encoder) }

    /// Asks the object, and throws the error that the answer stands for.
    @discardableResult
    func ask(
        _ operation: ObjectOperation, _ numbers: [Int64] = [], _ values: [StoredValue] = [], timeout: Duration? = nil
    ) throws(ObjectError) -> ObjectAnswer {
        var request = ObjectMessage(id: 0, code: operation.rawValue)
        request.object = handle.id
        request.numbers = numbers
        request.values = values
        request.timeout = timeout.map { max(0, $0.saturatingNanoseconds) }
        let answer = ObjectAnswer(try handle.client.call(request), from: handle.client)
        try answer.message.check()
        return answer
    }

    func encode<Value: Encodable>(_ value: Value) throws(ObjectError) -> StoredValue {
        try ObjectScope.encode(value, for: handle.client)
    }

    func encode<Value: Encodable>(each values: some Sequence<Value>) throws(ObjectError) -> [StoredValue] {
        var encoded: [StoredValue] = []
        for value in values { encoded.append(try encode(value)) }
        return encoded
    }

    // MARK: - Transactions

    /// Has the object to itself among those who do the same, works out what is to be there, and puts it there if nobody
    /// else has changed it meanwhile; otherwise once more.
    ///
    /// - Parameter body: makes of what is there what is to be there.
    func update(
        _ numbers: [Int64] = [], _ values: [StoredValue] = [],
        _ body: (ObjectAnswer) throws -> [StoredValue]
    ) throws {
        var answer = try ask(.beginUpdate, numbers, values)
        while true {
            let new: [StoredValue]
            do {
                new = try body(answer)
            } catch {
                // The turn ends with the connection, too.
                _ = try? ask(.endUpdate)
                throw error
            }
            var request = ObjectMessage(id: 0, code: ObjectOperation.commitUpdate.rawValue)
            request.object = handle.id
            request.values = new
            answer = ObjectAnswer(try handle.client.call(request), from: handle.client)
            if answer.message.status != .changed {
                try answer.message.check()
                return
            }
        }
    }
}

/// The answer of an object, with the proxies in it.
struct ObjectAnswer: Sendable {
    let message: ObjectMessage
    private let client: ObjectClient
    /// Each stands for a reference that the server has counted; those that nobody takes are given back.
    private let handles: [ObjectHandle]

    init(_ message: ObjectMessage, from client: ObjectClient) {
        self.message = message
        self.client = client
        handles = message.values.flatMap(\.references).map { ObjectHandle(client, $0) }
    }

    var status: ReplyStatus { message.status ?? .malformed }

    /// A number of the answer; zero if it is not there.
    func number(_ place: Int = 0) -> Int {
        message.numbers.indices.contains(place) ? Int(message.numbers[place]) : 0
    }

    var isTrue: Bool { number() != 0 }

    func value<Value: Decodable>(_ type: Value.Type = Value.self, at place: Int = 0) throws(ObjectError) -> Value {
        guard message.values.indices.contains(place) else { throw .malformed }
        return try ObjectScope.decode(type, from: message.values[place], client, handles)
    }

    /// The value; nil if there is none.
    func optional<Value: Decodable>(
        _ type: Value.Type = Value.self, at place: Int = 0
    ) throws(ObjectError) -> Value? {
        status == .nothing || !message.values.indices.contains(place) ? nil : try value(type, at: place)
    }

    func values<Value: Decodable>(of type: Value.Type = Value.self) throws(ObjectError) -> [Value] {
        var decoded: [Value] = []
        decoded.reserveCapacity(message.values.count)
        for place in message.values.indices { decoded.append(try value(at: place)) }
        return decoded
    }

    /// Values that come in pairs.
    func pairs<Key: Decodable, Value: Decodable>(
        of key: Key.Type = Key.self, _ type: Value.Type = Value.self
    ) throws(ObjectError) -> [(key: Key, value: Value)] {
        guard message.values.count.isMultiple(of: 2) else { throw .malformed }
        var decoded: [(Key, Value)] = []
        for place in stride(from: 0, to: message.values.count, by: 2) {
            decoded.append((try value(at: place), try value(at: place + 1)))
        }
        return decoded
    }

    /// The parcel of a registered method's answer.
    var parcel: Parcel { message.values.first?.parcel ?? Parcel(bytes: []) }
}

extension ObjectReference {
    /// The numbers that go with a sum: what to add, and between what the sum has to be.
    func summands<Number: FixedWidthInteger & Codable>(
        _ amount: Number, initial: Number?
    ) throws(ObjectError) -> [StoredValue] {
        // Of wider numbers the limits are those of the server's own.
        let least = Int128(clamping: Number.min)
        let most = Int128(clamping: Number.max)
        var values = [try encode(amount), try encode(least), try encode(most)]
        if let initial { values.append(try encode(initial)) }
        return values
    }
}
