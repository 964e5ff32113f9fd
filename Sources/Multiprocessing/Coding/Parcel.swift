package import Linux

/// A value on its way to another process: its bytes, and the descriptors of the handles in it.
///
/// What `Connection`, `Process` and the queues send is made and opened by them. The format is a binary one of this
/// library: fields have names, so two builds of a program can speak to each other as long as both understand the
/// fields; unknown ones are skipped. Corresponds to a pickle, but decoding one runs no code but `init(from:)`.
public struct Parcel: Sendable {
    /// The encoded value.
    public let bytes: [UInt8]
    /// The descriptors that the value's handles refer to, by their place here.
    package let descriptors: [SharedDescriptor]

    /// A parcel that came from elsewhere.
    package init(bytes: [UInt8], descriptors: [SharedDescriptor] = []) {
        self.bytes = bytes
        self.descriptors = descriptors
    }

    /// Encodes a value.
    ///
    /// - Throws: what the value's `encode(to:)` throws; `EncodingError` for values that are more than 512 deep in each
    ///   other, or larger than 4 GiB.
    public init<Value: Encodable>(_ value: Value) throws {
        let writer = ParcelWriter()
        try writer.encode(value)
        bytes = unsafe [UInt8](writer.bytes.contents)
        descriptors = writer.takeDescriptors()
    }

    /// Decodes the value.
    ///
    /// - Throws: `DecodingError` if the bytes are not those of such a value, or the values are deeper in each other
    ///   than the stack of the thread allows (all 512 levels need 1 MiB at most); what the value's `init(from:)`
    ///   throws.
    /// - Complexity: no more memory is taken than the value itself needs, whatever the bytes say. That may be more than
    ///   the bytes: each element of a list has one byte at least, and takes what its type takes.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try unsafe bytes.withUnsafeBytes { bytes in
            let reader = unsafe ParcelReader(bytes, descriptors: descriptors)
            defer { reader.end() }
            return try reader.decode(type)
        }
    }
}
