import CLinux
import Linux

/// Decodes values from the bytes of a parcel, where they lie.
///
/// Nothing that the bytes say is believed: every length is held against what is there before anything is done with it,
/// values can be only so deep in each other, and nothing is allocated that is larger than the bytes themselves.
@safe final class ParcelReader {
    @unsafe private var base: UnsafeRawPointer?
    private(set) var count: Int
    private let descriptors: [SharedDescriptor]
    /// The keys on the way to the value that is being decoded; list places have none.
    private(set) var path: [any CodingKey] = []

    /// The bytes must stay as they are until `end()`.
    @unsafe init(_ bytes: UnsafeRawBufferPointer, descriptors: [SharedDescriptor]) {
        unsafe base = bytes.baseAddress
        count = bytes.count
        self.descriptors = descriptors
    }

    /// Makes containers harmless that somebody kept.
    func end() {
        unsafe base = nil
        count = 0
    }

    /// Decodes the only value of the parcel.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let length = count
        guard try skip(0, limit: length) == length else { throw corrupt("there is something behind its end") }
        return try decode(type, at: 0, limit: length, key: nil)
    }

    func decode<Value: Decodable>(
        _ type: Value.Type, at start: Int, limit: Int, key: (any CodingKey)?, depth: Int = 0
    ) throws -> Value {
        if let value = try unsafe decodeDirectly(type, at: start, limit: limit) { return value }
        let depth = try below(depth)
        if let key { path.append(key) }
        defer { if key != nil { path.removeLast() } }
        return try Value(from: FrameDecoder(reader: self, start: start, limit: limit, depth: depth))
    }

    /// The depth of what is in a value, whichever way it is read: as a value, or as a container of its own.
    @inline(__always) func below(_ depth: Int) throws -> Int {
        guard depth < Tag.deepest else {
            throw corrupt("its values are more than \(Tag.deepest) deep in each other")
        }
        if depth > Tag.shallow, roost_stack_left() < Tag.leastStack {
            throw corrupt("its values are deeper in each other than the stack of this thread allows")
        }
        return depth + 1
    }

    // MARK: - Bytes

    @inline(__always) func byte(_ place: Int) throws -> UInt8 {
        guard place < count, let base = unsafe base else { throw corrupt("it ends too early") }
        return unsafe base.load(fromByteOffset: place, as: UInt8.self)
    }

    /// The bytes from `place` on; where they would end behind the limit, this throws.
    @inline(__always) func bytes(_ place: Int, _ length: Int, limit: Int) throws -> UnsafeRawBufferPointer {
        guard length >= 0, limit <= count, length <= limit - place, let base = unsafe base else {
            throw corrupt("it ends too early")
        }
        return unsafe UnsafeRawBufferPointer(start: base + place, count: length)
    }

    @inline(__always) func fixed<Number: BitwiseCopyable>(_ place: Int, limit: Int, as: Number.Type) throws -> Number {
        try unsafe bytes(place, MemoryLayout<Number>.size, limit: limit).loadUnaligned(as: Number.self)
    }

    /// A variable-length number, and where it ends.
    @inline(__always) func variable(_ place: Int) throws -> (value: UInt64, end: Int) {
        let first = try byte(place)
        if first < 0x80 { return (UInt64(first), place + 1) }
        return try longVariable(place)
    }

    @inline(never) private func longVariable(_ place: Int) throws -> (value: UInt64, end: Int) {
        var value: UInt64 = 0
        for index in 0..<10 {
            let byte = try byte(place + index)
            let part = UInt64(byte & 0x7f)
            guard index < 9 || byte <= 1 else { break }
            value |= part << UInt64(7 * index)
            if byte < 0x80 { return (value, place + index + 1) }
        }
        throw corrupt("a number is too long")
    }

    /// A piece that says how long it is.
    @inline(__always) func piece(_ place: Int, limit: Int) throws -> UnsafeRawBufferPointer {
        let (length, start) = try variable(place)
        guard start <= limit, length <= UInt64(limit - start) else { throw corrupt("it ends too early") }
        return try unsafe bytes(start, Int(length), limit: limit)
    }

    /// Where the value ends that begins at `place`.
    @inline(__always) func skip(_ place: Int, limit: Int) throws -> Int {
        let tag = try byte(place)
        let end: Int
        switch tag {
        case Tag.smallInteger...: end = place + 1
        case Tag.none, Tag.false, Tag.true, Tag.unit: end = place + 1
        case Tag.float: end = place + 5
        case Tag.double: end = place + 9
        case Tag.text, Tag.bytes:
            let (length, start) = try variable(place + 1)
            guard start <= limit, length <= UInt64(limit - start) else { throw corrupt("it ends too early") }
            end = start + Int(length)
        case Tag.list, Tag.keyed:
            end = place + Tag.keyedHeader + Int(try fixed(place + 1, limit: limit, as: UInt32.self))
        case _: end = try skipRarer(place, tag, limit: limit)
        }
        guard end <= limit else { throw corrupt("it ends too early") }
        return end
    }

    private func skipRarer(_ start: Int, _ tag: UInt8, limit: Int) throws -> Int {
        var place = start
        // A loop instead of a call within itself: the marks of optional values can be as many as bytes.
        while try byte(place) == Tag.some { place += 1 }
        if place != start { return try skip(place, limit: limit) }
        switch tag {
        case Tag.positive, Tag.negative, Tag.descriptor: return try variable(place + 1).end
        case Tag.wideSigned, Tag.wideUnsigned: return place + 17
        case _: throw corrupt("it has \(Tag.name(tag))")
        }
    }

    // MARK: - Descriptors

    func descriptor(at start: Int, limit: Int) throws -> SharedDescriptor {
        guard try byte(start) == Tag.descriptor else { throw mismatch(SharedDescriptor.self, at: start) }
        let place = try variable(start + 1).value
        guard place < UInt64(descriptors.count) else { throw corrupt("a descriptor is missing") }
        return descriptors[Int(place)]
    }

    // MARK: - Errors

    func corrupt(_ reason: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: path, debugDescription: "cannot decode the message: \(reason)"))
    }

    func mismatch(_ type: Any.Type, at place: Int) -> DecodingError {
        let found = (try? byte(place)).map(Tag.name) ?? "the end"
        return .typeMismatch(
            type, .init(codingPath: path, debugDescription: "cannot decode \(type): the message has \(found) there"))
    }
}
