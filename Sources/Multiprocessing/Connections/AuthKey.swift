package import Crypto

/// What two programs must both know to speak with each other: Python's `authkey`.
///
/// It does not show itself in a description, and is passed to no other program than one's own processes, by a message
/// of this library.
public struct AuthKey: Sendable, CustomStringConvertible, CustomReflectable {
    package let key: SymmetricKey

    /// A key of these bytes. None at all is a key, too, and both sides must have it.
    public init(_ bytes: [UInt8]) { key = SymmetricKey(data: bytes) }

    /// A key that nobody can guess.
    public static func random() -> AuthKey { AuthKey(key: SymmetricKey(size: .bits256)) }

    private init(key: SymmetricKey) { self.key = key }

    /// Not the key.
    public var description: String { "AuthKey(…)" }
    /// Not the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension AuthKey: Codable {
    /// Passes the key to another process; only a message of this library carries it.
    public func encode(to encoder: any Encoder) throws {
        guard encoder is FrameEncoder else {
            throw EncodingError.invalidValue(
                self,
                .init(
                    codingPath: encoder.codingPath,
                    debugDescription: "cannot encode a key: it is a secret; give its bytes away yourself, if you must"))
        }
        var container = encoder.singleValueContainer()
        try container.encode(unsafe key.withUnsafeBytes { unsafe [UInt8]($0) })
    }

    /// Takes the key that was passed.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([UInt8].self))
    }
}

/// The other side does not have our key: Python's `AuthenticationError`.
public struct AuthenticationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// “cannot …: reason; what to do”.
    public var description: String {
        "cannot connect: the other side does not have the same key; give both programs one AuthKey"
    }
}
