/// How much a server takes on. Whoever asks for more gets an error, and the others notice nothing.
public struct ServerLimits: Hashable, Codable, Sendable {
    /// How many clients there may be at a time.
    public var connections = 4_096
    /// How many objects there may be at a time.
    public var objects = 1 << 20
    /// How many bytes one request may have.
    public var requestBytes = 64 << 20
    /// How many bytes the values of all objects may have together.
    public var storedBytes = 4 << 30
    /// How many calls of one client may wait at a time.
    public var waitingCalls = 16_384
    /// How long a new client may take to show that it has the key.
    public var handshake = Duration.seconds(5)

    /// The ordinary limits.
    public init() {}
}
