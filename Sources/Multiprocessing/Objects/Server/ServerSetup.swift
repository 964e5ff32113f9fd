import Linux
import Threading

/// What a server is to be.
struct ServerSetup {
    let identity: ServerIdentity
    let types: [any RemoteTypeProtocol]
    let limits: ServerLimits
    let key: AuthKey
    let listener: SharedDescriptor?
    /// Where the listener is, with the port that the kernel chose.
    let address: Address?

    init(
        types: [any RemoteTypeProtocol], limits: ServerLimits, key: AuthKey, address: Address?
    ) throws(SystemError) {
        identity = ServerIdentity.random()
        self.types = types
        self.limits = limits
        self.key = key
        if let address {
            let (descriptor, bound) = try address.listenForObjects()
            listener = descriptor
            self.address = bound
        } else {
            listener = nil
            self.address = nil
        }
    }
}

/// Tells servers apart: no two have the same.
struct ServerIdentity: Hashable, Codable, Sendable {
    let first: Int64
    let second: Int64

    static func random() -> ServerIdentity {
        ServerIdentity(first: .random(in: .min ... .max), second: .random(in: .min ... .max))
    }
}

/// What other threads have for the server's thread.
final class ServerMailbox: Sendable {
    private let event: EventDescriptor
    private let contents = Monitor(Contents())

    private struct Contents {
        var descriptors: [(SharedDescriptor, Bool)] = []
        var isStopped = false
    }

    init() throws(SystemError) { event = try EventDescriptor() }

    var raw: Int32 { event.raw }
    var isStopped: Bool { contents.withLock { $0.isStopped } }

    /// A new client; whether it may end the server.
    func add(_ descriptor: SharedDescriptor, isOwner: Bool) {
        // When nobody comes for it any more, its end tells the client so.
        contents.withLock { if !$0.isStopped { $0.descriptors.append((descriptor, isOwner)) } }
        event.signal()
    }

    func stop() {
        contents.withLock { $0.isStopped = true }
        event.signal()
    }

    func drain() { event.drain() }

    func takeDescriptors() -> [(SharedDescriptor, Bool)] {
        contents.withLock { contents in
            defer { contents.descriptors = [] }
            return contents.descriptors
        }
    }
}
