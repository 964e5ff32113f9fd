/// How much a server takes on. Whoever asks for more gets an error, and the others notice nothing.
public struct ServerLimits: Hashable, Codable, Sendable {
    /// How many clients there may be at a time. Each has a descriptor of the server's process, which should be allowed
    /// as many (`ulimit -n`); where it is not, new clients wait until there is room.
    public var connections = 4_096
    /// How many of those that connect may be in the middle of showing that they have the key; others wait until one is
    /// done, or has taken too long. So whoever has no key keeps out no client that is there.
    public var newcomers = 128
    /// How many proxies of one client may be on their way to other processes of this machine at a time. Each has a
    /// descriptor in the server; those of all clients together are at most as many as `connections`.
    public var loans = 512
    /// How many objects there may be at a time.
    public var objects = 1 << 20
    /// How many bytes one request may have.
    public var requestBytes = 64 << 20
    /// How many bytes the values of all objects, and of the calls that wait, may have together. Each value counts 64
    /// bytes more than it has.
    public var storedBytes = 4 << 30
    /// How many handles (of locks, queues, connections) the values of all objects, and of the calls that wait, may have
    /// together: each is an open file of the server.
    public var storedHandles = 512
    /// How many calls of one client may wait at a time.
    public var waitingCalls = 16_384
    /// How long a new client may take to show that it has the key.
    public var handshake = Duration.seconds(5)

    /// The ordinary limits.
    public init() {}
}
