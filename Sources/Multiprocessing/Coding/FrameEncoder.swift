package import Linux

/// The encoder of one value, as Codable sees it.
struct FrameEncoder: Encoder {
    let writer: ParcelWriter
    let serial: UInt64

    var codingPath: [any CodingKey] { writer.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        // A container of the wrong kind cannot be refused here; it refuses to be used.
        let isOpen = writer.open(Tag.keyed, serial: serial)
        return KeyedEncodingContainer(KeyedWriter(writer: writer, serial: isOpen ? serial : 0))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        let isOpen = writer.open(Tag.list, serial: serial)
        return UnkeyedWriter(writer: writer, serial: isOpen ? serial : 0)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleWriter(writer: writer, serial: serial) }
}

extension Encoder {
    /// Encodes a descriptor by passing it along: the way of all handles.
    ///
    /// - Throws: `EncodingError` if this is not the coder of parcels: only a parcel can carry descriptors.
    package func pass(_ descriptor: SharedDescriptor) throws {
        guard let encoder = self as? FrameEncoder else {
            throw EncodingError.invalidValue(
                descriptor.descriptor.raw,
                .init(
                    codingPath: codingPath,
                    debugDescription: "cannot encode a handle: it is passed to another process as a descriptor, which "
                        + "only a message of Multiprocessing carries; send it through a Connection, or as an argument"))
        }
        try encoder.writer.beginSingle(serial: encoder.serial)
        encoder.writer.write(descriptor: encoder.writer.add(descriptor))
    }
}

struct SingleWriter: SingleValueEncodingContainer {
    let writer: ParcelWriter
    let serial: UInt64

    var codingPath: [any CodingKey] { writer.path }

    func encodeNil() throws {
        try begin()
        writer.writeNone()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try begin()
        let start = writer.bytes.count
        try writer.write(value, key: nil)
        // Only what `Optional` encodes; whoever encodes an optional by hand asks for its absence by hand as well.
        let tag = unsafe writer.bytes.contents[start]
        if tag == Tag.none || tag == Tag.some, writer.isOptional { writer.markPresence(at: start) }
    }

    @inline(__always) private func begin() throws { try writer.beginSingle(serial: serial) }

    func encode(_ value: Bool) throws { try begin(); writer.write(value) }
    func encode(_ value: String) throws { try begin(); writer.write(value) }
    func encode(_ value: Double) throws { try begin(); writer.write(value) }
    func encode(_ value: Float) throws { try begin(); writer.write(value) }
    func encode(_ value: Int) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int8) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int16) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int32) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int64) throws { try begin(); writer.write(signed: value) }
    func encode(_ value: Int128) throws { try begin(); writer.write(value) }
    func encode(_ value: UInt) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt8) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt16) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt32) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt64) throws { try begin(); writer.write(unsigned: value) }
    func encode(_ value: UInt128) throws { try begin(); writer.write(value) }
}

struct UnkeyedWriter: UnkeyedEncodingContainer {
    let writer: ParcelWriter
    let serial: UInt64

    var codingPath: [any CodingKey] { writer.path }
    var count: Int { writer.elementCount(serial: serial) }

    @inline(__always) private func begin() throws { try writer.beginElement(serial: serial) }

    func encodeNil() throws {
        try begin()
        writer.writeNone()
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        try begin()
        do {
            try writer.write(value, key: nil)
        } catch {
            writer.dropElement()
            throw error
        }
    }

    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        let (inner, number) = fragment(Tag.keyed)
        return KeyedEncodingContainer(KeyedWriter(writer: inner, serial: number))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let (inner, number) = fragment(Tag.list)
        return UnkeyedWriter(writer: inner, serial: number)
    }

    func superEncoder() -> any Encoder {
        let (inner, number) = fragment(nil)
        return FrameEncoder(writer: inner, serial: number)
    }

    private func fragment(_ tag: UInt8?) -> (ParcelWriter, UInt64) {
        let key = PlainKey(intValue: count)
        guard let fragment = writer.fragment(key: key, serial: serial, tag: tag), (try? begin()) != nil else {
            return (writer, 0)
        }
        return fragment
    }

    func encode(_ value: Bool) throws { try begin(); writer.write(value) }
    func encode(_ value: String) throws { try begin(); writer.write(value) }
    func encode(_ value: Double) throws { try begin(); writer.write(value) }
    func encode(_ value: Float) throws { try begin(); writer.write(value) }
    func encode(_ value: Int) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int8) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int16) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int32) throws { try begin(); writer.write(signed: Int64(value)) }
    func encode(_ value: Int64) throws { try begin(); writer.write(signed: value) }
    func encode(_ value: Int128) throws { try begin(); writer.write(value) }
    func encode(_ value: UInt) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt8) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt16) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt32) throws { try begin(); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt64) throws { try begin(); writer.write(unsigned: value) }
    func encode(_ value: UInt128) throws { try begin(); writer.write(value) }
}
