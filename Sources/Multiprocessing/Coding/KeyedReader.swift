import CLinux

/// The entries of a structure, by key.
///
/// They are nearly always asked for in the order in which they were encoded, so a search begins where the last one
/// ended. Where that does not help, an index is made.
final class KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let reader: ParcelReader
    private let first: Int
    private let limit: Int
    private let depth: Int
    /// The entry that was found last.
    private var cursor: Int
    private var steps = 0
    /// By the bytes of the keys: as texts, different ones may count as equal.
    private var index: [[UInt8]: Int]?

    init(_ reader: ParcelReader, at start: Int, limit: Int, depth: Int) throws {
        self.reader = reader
        self.depth = depth
        switch try reader.byte(start) {
        case Tag.keyed:
            self.limit = try reader.skip(start, limit: limit)
            first = start + Tag.keyedHeader
        case Tag.unit:
            self.limit = start + 1
            first = start + 1
        case _:
            throw reader.mismatch([String: Any].self, at: start)
        }
        cursor = first
    }

    var codingPath: [any CodingKey] { reader.path }

    var allKeys: [Key] {
        var keys: [Key] = []
        var place = first
        while place < limit {
            guard let name = unsafe try? reader.piece(place, limit: limit), let value = try? valuePlace(place),
                let next = try? reader.skip(value, limit: limit)
            else {
                // Nothing can be thrown here. Whoever decodes the value of any key that is not found before meets the
                // error.
                if let key = Key(stringValue: "\u{0}") { keys.append(key) }
                break
            }
            if let text = unsafe String(validating: name, as: UTF8.self), let key = Key(stringValue: text) {
                keys.append(key)
            }
            place = next
        }
        return keys
    }

    private func valuePlace(_ entry: Int) throws -> Int {
        let (length, start) = try reader.variable(entry)
        guard start <= limit, length < UInt64(limit - start) else { throw reader.corrupt("it ends too early") }
        return start + Int(length)
    }

    /// Where the value of a key begins; nil if there is none.
    private func find(_ key: some CodingKey) throws -> Int? {
        if let index { return index[Array(key.stringValue.utf8)] }
        var name = key.stringValue
        return try name.withUTF8 { name in
            if let found = try unsafe search(name, from: cursor, to: limit) { return found }
            return try unsafe search(name, from: first, to: cursor)
        }
    }

    private func search(_ name: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) throws -> Int? {
        var entry = start
        while entry < end {
            let text = try unsafe reader.piece(entry, limit: limit)
            let value = try valuePlace(entry)
            if text.count == name.count,
                unsafe name.count == 0 || memcmp(text.baseAddress!, name.baseAddress!, name.count) == 0
            {
                cursor = entry
                return value
            }
            steps += 1
            if steps > 256, index == nil {
                index = try makeIndex()
                return unsafe index?[Array(name)]
            }
            entry = try reader.skip(value, limit: limit)
        }
        return nil
    }

    private func makeIndex() throws -> [[UInt8]: Int] {
        var index: [[UInt8]: Int] = [:]
        var entry = first
        while entry < limit {
            let text = try unsafe reader.piece(entry, limit: limit)
            let value = try valuePlace(entry)
            let name = unsafe Array(text)
            if index[name] == nil { index[name] = value }
            entry = try reader.skip(value, limit: limit)
        }
        return index
    }

    private func place(_ key: some CodingKey) throws -> Int {
        if let place = try find(key) { return place }
        throw DecodingError.keyNotFound(
            key,
            .init(
                codingPath: codingPath,
                debugDescription: "cannot decode \(key.stringValue): the message has no such entry"))
    }

    func contains(_ key: Key) -> Bool { (try? find(key)) ?? nil != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try reader.isNone(at: try place(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try reader.decode(type, at: try place(key), limit: limit, key: key, depth: depth)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let start = try find(key) else { return nil }
        switch try reader.byte(start) {
        case Tag.none: return nil
        case Tag.some: return try reader.decode(type, at: start + 1, limit: limit, key: key, depth: depth)
        case _: return try reader.decode(type, at: start, limit: limit, key: key, depth: depth)
        }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        let inner = try reader.below(depth)
        return KeyedDecodingContainer(
            try KeyedReader<Nested>(reader, at: try place(key), limit: limit, depth: inner))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try UnkeyedReader(reader, at: try place(key), limit: limit, depth: try reader.below(depth))
    }

    func superDecoder() throws -> any Decoder {
        FrameDecoder(reader: reader, start: try place(PlainKey.super), limit: limit, depth: try reader.below(depth))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        FrameDecoder(reader: reader, start: try place(key), limit: limit, depth: try reader.below(depth))
    }

    private func integer<Number: FixedWidthInteger>(_ type: Number.Type, _ key: Key) throws -> Number {
        try reader.integer(type, at: try place(key), limit: limit)
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try reader.bool(at: try place(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try reader.text(at: try place(key), limit: limit)
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try reader.double(at: try place(key), limit: limit)
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        try reader.float(at: try place(key), limit: limit)
    }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try integer(type, key) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try integer(type, key) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try integer(type, key) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try integer(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try integer(type, key) }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try integer(type, key) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try integer(type, key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try integer(type, key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try integer(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try integer(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try integer(type, key) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try integer(type, key) }
}
