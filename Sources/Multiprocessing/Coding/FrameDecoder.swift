package import Linux

/// The decoder of one value, as Codable sees it.
struct FrameDecoder: Decoder {
    let reader: ParcelReader
    let start: Int
    let limit: Int
    /// In how many others the value is.
    let depth: Int

    var codingPath: [any CodingKey] { reader.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try KeyedReader<Key>(reader, at: start, limit: limit, depth: depth))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try UnkeyedReader(reader, at: start, limit: limit, depth: depth)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        SingleReader(reader: reader, start: start, limit: limit, depth: depth)
    }
}

extension Decoder {
    /// The descriptor that a handle was encoded as.
    ///
    /// - Throws: `DecodingError` if this is not the coder of parcels, or there is something else.
    package func takeDescriptor() throws -> SharedDescriptor {
        guard let decoder = self as? FrameDecoder else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath,
                    debugDescription: "cannot decode a handle: it comes from another process as a descriptor, which "
                        + "only a message of Multiprocessing carries; receive it through a Connection"))
        }
        return try decoder.reader.descriptor(at: decoder.start, limit: decoder.limit)
    }
}

struct SingleReader: SingleValueDecodingContainer {
    let reader: ParcelReader
    let start: Int
    let limit: Int
    let depth: Int

    var codingPath: [any CodingKey] { reader.path }

    func decodeNil() -> Bool { (try? reader.isNone(at: start)) ?? false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        // The counterpart of `markPresence`.
        let isMarked = try reader.byte(start) == Tag.some
        return try reader.decode(type, at: isMarked ? start + 1 : start, limit: limit, key: nil, depth: depth)
    }

    private func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        try reader.integer(type, at: start, limit: limit)
    }

    func decode(_ type: Bool.Type) throws -> Bool { try reader.bool(at: start) }
    func decode(_ type: String.Type) throws -> String { try reader.text(at: start, limit: limit) }
    func decode(_ type: Double.Type) throws -> Double { try reader.double(at: start, limit: limit) }
    func decode(_ type: Float.Type) throws -> Float { try reader.float(at: start, limit: limit) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try integer(type) }
}

/// A list; or a byte buffer, read one byte at a time.
struct UnkeyedReader: UnkeyedDecodingContainer {
    let reader: ParcelReader
    private let limit: Int
    private let depth: Int
    private let elements: Int
    private let isBytes: Bool
    private var place: Int
    private(set) var currentIndex = 0

    init(_ reader: ParcelReader, at start: Int, limit: Int, depth: Int) throws {
        self.reader = reader
        self.depth = depth
        switch try reader.byte(start) {
        case Tag.list:
            self.limit = try reader.skip(start, limit: limit)
            place = start + Tag.listHeader
            elements = Int(try reader.fixed(start + Tag.keyedHeader, limit: self.limit, as: UInt32.self))
            isBytes = false
            // Each takes a byte at least.
            guard elements <= self.limit - place else { throw reader.corrupt("a list is shorter than it says") }
        case Tag.bytes:
            self.limit = try reader.skip(start, limit: limit)
            let (length, first) = try reader.variable(start + 1)
            (place, elements, isBytes) = (first, Int(length), true)
        case Tag.unit:
            (self.limit, place, elements, isBytes) = (start + 1, start + 1, 0, false)
        case _:
            throw reader.mismatch([Any].self, at: start)
        }
    }

    var codingPath: [any CodingKey] { reader.path }
    var count: Int? { elements }
    var isAtEnd: Bool { currentIndex >= elements }

    /// Where the next value is; the list moves on when it was decoded.
    private mutating func next<Value>(_ type: Any.Type, _ decode: (Int) throws -> Value) throws -> Value {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                type, .init(codingPath: codingPath, debugDescription: "cannot decode \(type): the list is at its end"))
        }
        guard !isBytes else { throw reader.mismatch(type, at: place) }
        let end = try reader.skip(place, limit: limit)
        let value = try decode(place)
        place = end
        currentIndex += 1
        return value
    }

    private mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        if isBytes, !isAtEnd {
            guard let value = Number(exactly: try reader.byte(place)) else { throw reader.mismatch(type, at: place) }
            place += 1
            currentIndex += 1
            return value
        }
        return try next(type) { [reader, limit] in try reader.integer(type, at: $0, limit: limit) }
    }

    mutating func decodeNil() throws -> Bool {
        if isBytes { return false }
        guard !isAtEnd, try reader.isNone(at: place) else { return false }
        return try next(Never.self) { _ in true }
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if isBytes {
            // The elements of an array come this way, whatever they are.
            if type == UInt8.self, let value = try integer(UInt8.self) as? Value { return value }
            if type == Int.self, let value = try integer(Int.self) as? Value { return value }
        }
        return try next(type) { [reader, limit, depth] in
            try reader.decode(type, at: $0, limit: limit, key: nil, depth: depth)
        }
    }

    mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        try next(type) { [reader, limit, depth] in
            let inner = try reader.below(depth)
            return KeyedDecodingContainer(try KeyedReader<Key>(reader, at: $0, limit: limit, depth: inner))
        }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next([Any].self) { [reader, limit, depth] in
            try UnkeyedReader(reader, at: $0, limit: limit, depth: try reader.below(depth))
        }
    }

    mutating func superDecoder() throws -> any Decoder {
        try next(Never.self) { [reader, limit, depth] in
            FrameDecoder(reader: reader, start: $0, limit: limit, depth: try reader.below(depth))
        }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool {
        try next(type) { [reader] in try reader.bool(at: $0) }
    }
    mutating func decode(_ type: String.Type) throws -> String {
        try next(type) { [reader, limit] in try reader.text(at: $0, limit: limit) }
    }
    mutating func decode(_ type: Double.Type) throws -> Double {
        try next(type) { [reader, limit] in try reader.double(at: $0, limit: limit) }
    }
    mutating func decode(_ type: Float.Type) throws -> Float {
        try next(type) { [reader, limit] in try reader.float(at: $0, limit: limit) }
    }
    mutating func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try integer(type) }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try integer(type) }
}
