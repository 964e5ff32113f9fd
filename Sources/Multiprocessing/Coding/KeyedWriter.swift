struct KeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let writer: ParcelWriter
    let serial: UInt64

    var codingPath: [any CodingKey] { writer.path }

    @inline(__always) private func begin(_ key: Key) throws { try writer.beginEntry(key, serial: serial) }

    func encodeNil(forKey key: Key) throws {
        try begin(key)
        writer.writeNone()
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        _ = try write(value, key)
    }

    func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
        guard let value else { return }
        let start = try write(value, key)
        let tag = unsafe writer.bytes.contents[start]
        if tag == Tag.none || tag == Tag.some { writer.markPresence(at: start) }
    }

    /// Returns where the value begins.
    @inline(__always) private func write<Value: Encodable>(_ value: Value, _ key: Key) throws -> Int {
        let before = writer.bytes.count
        try begin(key)
        let start = writer.bytes.count
        do {
            try writer.write(value, key: key)
        } catch {
            writer.bytes.truncate(to: before)
            throw error
        }
        return start
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        let (inner, number) = fragment(key, Tag.keyed)
        return KeyedEncodingContainer(KeyedWriter<Nested>(writer: inner, serial: number))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let (inner, number) = fragment(key, Tag.list)
        return UnkeyedWriter(writer: inner, serial: number)
    }

    func superEncoder() -> any Encoder { encoder(PlainKey.super) }

    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

    private func encoder(_ key: some CodingKey) -> any Encoder {
        let (inner, number) = fragment(key, nil)
        return FrameEncoder(writer: inner, serial: number)
    }

    private func fragment(_ key: some CodingKey, _ tag: UInt8?) -> (ParcelWriter, UInt64) {
        guard (try? writer.beginEntry(key, serial: serial)) != nil,
            let fragment = writer.fragment(key: key, serial: serial, tag: tag)
        else { return (writer, 0) }
        return fragment
    }

    func encode(_ value: Bool, forKey key: Key) throws { try begin(key); writer.write(value) }
    func encode(_ value: String, forKey key: Key) throws { try begin(key); writer.write(value) }
    func encode(_ value: Double, forKey key: Key) throws { try begin(key); writer.write(value) }
    func encode(_ value: Float, forKey key: Key) throws { try begin(key); writer.write(value) }
    func encode(_ value: Int, forKey key: Key) throws { try begin(key); writer.write(signed: Int64(value)) }
    func encode(_ value: Int8, forKey key: Key) throws { try begin(key); writer.write(signed: Int64(value)) }
    func encode(_ value: Int16, forKey key: Key) throws { try begin(key); writer.write(signed: Int64(value)) }
    func encode(_ value: Int32, forKey key: Key) throws { try begin(key); writer.write(signed: Int64(value)) }
    func encode(_ value: Int64, forKey key: Key) throws { try begin(key); writer.write(signed: value) }
    func encode(_ value: Int128, forKey key: Key) throws { try begin(key); writer.write(value) }
    func encode(_ value: UInt, forKey key: Key) throws { try begin(key); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt8, forKey key: Key) throws { try begin(key); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt16, forKey key: Key) throws { try begin(key); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt32, forKey key: Key) throws { try begin(key); writer.write(unsigned: UInt64(value)) }
    func encode(_ value: UInt64, forKey key: Key) throws { try begin(key); writer.write(unsigned: value) }
    func encode(_ value: UInt128, forKey key: Key) throws { try begin(key); writer.write(value) }
}
