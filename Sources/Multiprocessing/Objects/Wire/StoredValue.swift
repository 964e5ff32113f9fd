import Linux

/// The number of an object of one server. Never used again.
typealias ObjectID = UInt64

/// A value as the server keeps it: encoded. The server knows no types but those that were registered.
struct StoredValue: Sendable {
    let bytes: [UInt8]
    /// The objects whose proxies are in the value, each as often as it is there.
    let references: [ObjectID]
    /// What the value's handles are passed by.
    let descriptors: [SharedDescriptor]

    init(bytes: [UInt8], references: [ObjectID] = [], descriptors: [SharedDescriptor] = []) {
        self.bytes = bytes
        self.references = references
        self.descriptors = descriptors
    }

    /// Text of our own, such as a name.
    init(text: String) { self.init(bytes: Array(text.utf8)) }

    /// What keeping it takes: its bytes, and the room that even an empty one needs.
    var cost: Int { bytes.count + 64 + 8 * references.count + 32 * descriptors.count }

    var text: String? { String(validating: bytes, as: UTF8.self) }
    var parcel: Parcel { Parcel(bytes: bytes, descriptors: descriptors) }

    /// Whether both are the same value. What is encoded differently counts as different.
    func equals(_ other: StoredValue) -> Bool {
        bytes == other.bytes && references == other.references
            && descriptors.elementsEqual(other.descriptors) { $0 === $1 }
    }
}
