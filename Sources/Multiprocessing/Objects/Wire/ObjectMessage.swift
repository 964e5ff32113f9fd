import Linux

/// A request, or the answer to one: they have the same parts.
///
/// Many requests of many threads are on their way at a time on one connection; the answers come in any order, and each
/// says whose it is.
struct ObjectMessage: Sendable {
    /// Chosen by the client; 0 where no answer is expected.
    var id: UInt64
    /// An `ObjectOperation`, or a `ReplyStatus`.
    var code: UInt16
    /// The client's thread that asks, since locks have owners.
    var thread: UInt64 = 0
    var object: ObjectID = 0
    /// How long to wait, in nanoseconds; nil for no limit.
    var timeout: Int64?
    var numbers: [Int64] = []
    var values: [StoredValue] = []

    var operation: ObjectOperation? { ObjectOperation(rawValue: code) }
    var status: ReplyStatus? { UInt8(exactly: code).flatMap(ReplyStatus.init) }
    var size: Int { values.reduce(0) { $0 + $1.bytes.count } }
    /// What keeping its values takes.
    var cost: Int { values.reduce(0) { $0 + $1.cost } }
    var descriptorCount: Int { values.reduce(0) { $0 + $1.descriptors.count } }

    init(id: UInt64, code: UInt16) {
        self.id = id
        self.code = code
    }

    // MARK: - Bytes

    private static let noTimeout = Int64.min

    /// The message on its way, with the descriptors of all values.
    func encoded() -> Parcel {
        var writer = GrowingBytes(capacity: 64 + size)
        writer.appendFixed(id.littleEndian)
        writer.appendFixed(code.littleEndian)
        writer.appendVariable(thread)
        writer.appendVariable(object)
        writer.appendFixed((timeout ?? Self.noTimeout).littleEndian)
        writer.appendVariable(UInt64(numbers.count))
        for number in numbers { writer.appendFixed(number.littleEndian) }
        writer.appendVariable(UInt64(values.count))
        for value in values {
            writer.appendVariable(UInt64(value.bytes.count))
            writer.appendVariable(UInt64(value.references.count))
            for reference in value.references { writer.appendVariable(reference) }
            writer.appendVariable(UInt64(value.descriptors.count))
            unsafe value.bytes.withUnsafeBytes { unsafe writer.append($0) }
        }
        return Parcel(bytes: unsafe [UInt8](writer.contents), descriptors: values.flatMap(\.descriptors))
    }

    /// Reads a message; nil if the bytes are none. Nothing is allocated that is larger than the bytes themselves.
    init?(_ parcel: Parcel) {
        let message = unsafe parcel.bytes.withUnsafeBytes { bytes in
            var reader = unsafe MessageReader(bytes)
            return ObjectMessage(&reader, parcel.descriptors)
        }
        guard let message else { return nil }
        self = message
    }

    private init?(_ reader: inout MessageReader, _ descriptors: [SharedDescriptor]) {
        guard let id = reader.fixed(UInt64.self), let code = reader.fixed(UInt16.self), let thread = reader.variable(),
            let object = reader.variable(), let timeout = reader.fixed(Int64.self),
            let numberCount = reader.count(of: 8)
        else { return nil }
        self.init(id: id, code: code)
        (self.thread, self.object) = (thread, object)
        self.timeout = timeout == Self.noTimeout ? nil : timeout
        numbers.reserveCapacity(numberCount)
        for _ in 0..<numberCount {
            guard let number = reader.fixed(Int64.self) else { return nil }
            numbers.append(number)
        }
        guard let valueCount = reader.count(of: 3) else { return nil }
        values.reserveCapacity(valueCount)
        var rest = descriptors[...]
        for _ in 0..<valueCount {
            guard let value = Self.value(&reader, &rest) else { return nil }
            values.append(value)
        }
        guard reader.isAtEnd, rest.isEmpty else { return nil }
    }

    private static func value(
        _ reader: inout MessageReader, _ descriptors: inout ArraySlice<SharedDescriptor>
    ) -> StoredValue? {
        guard let length = reader.variable(), let referenceCount = reader.count(of: 1) else { return nil }
        var references: [ObjectID] = []
        for _ in 0..<referenceCount {
            guard let reference = reader.variable() else { return nil }
            references.append(reference)
        }
        guard let descriptorCount = reader.variable(), descriptorCount <= UInt64(descriptors.count),
            let bytes = reader.bytes(length)
        else { return nil }
        defer { descriptors = descriptors.dropFirst(Int(descriptorCount)) }
        return StoredValue(
            bytes: bytes, references: references, descriptors: Array(descriptors.prefix(Int(descriptorCount))))
    }
}

/// Reads what may be anything.
@safe private struct MessageReader {
    @unsafe private let base: UnsafeRawBufferPointer
    private var place = 0

    /// The bytes must stay as they are.
    @unsafe init(_ base: UnsafeRawBufferPointer) { unsafe self.base = base }

    private var left: Int { unsafe base.count - place }
    var isAtEnd: Bool { left == 0 }

    mutating func fixed<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard left >= size else { return nil }
        defer { place += size }
        return unsafe Number(littleEndian: base.loadUnaligned(fromByteOffset: place, as: Number.self))
    }

    mutating func variable() -> UInt64? {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard left > 0 else { return nil }
            let byte = unsafe base[place]
            place += 1
            if index == 9, byte > 1 { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        return nil
    }

    /// How many of something there are, each of which takes so many bytes at least.
    mutating func count(of size: Int) -> Int? {
        guard let count = variable(), count <= UInt64(left / size) else { return nil }
        return Int(count)
    }

    mutating func bytes(_ length: UInt64) -> [UInt8]? {
        guard length <= UInt64(left) else { return nil }
        defer { place += Int(length) }
        return unsafe [UInt8](UnsafeRawBufferPointer(rebasing: base[place..<place + Int(length)]))
    }
}
