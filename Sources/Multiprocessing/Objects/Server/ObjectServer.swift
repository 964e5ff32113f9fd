import Linux
import Threading

/// A server of objects within this process: Python's `BaseManager.get_server().serve_forever()`, in a thread.
///
///     let server = try ObjectServer(at: .tcp(host: "127.0.0.1", port: 0), key: key)
///     let jobs = try server.connect().queue(of: Job.self)
///
/// Others reach it by its address and key, or by a proxy that they are given. It has one thread for all clients,
/// however many wait. A `Manager` has such a server in a process of its own.
public final class ObjectServer: Sendable {
    /// Where it listens, with the port that the kernel chose; nil if it does not.
    public let address: Address?
    /// What clients must know that come by the address.
    public let key: AuthKey
    private let mailbox: ServerMailbox
    private let thread: Thread<Void, Never>

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - address: where to listen; nil to be reached by proxies only. The file of a Unix socket must not be in use,
    ///     and is removed at the end.
    ///   - key: what clients must know; nil for a new one that nobody can guess.
    ///   - types: the types of which clients can make objects.
    ///   - limits: how much it takes on.
    /// - Throws: `ObjectError.unreachable`, with the reason.
    public init(
        at address: Address? = nil, key: AuthKey? = nil, types: [any RemoteTypeProtocol] = [],
        limits: ServerLimits = ServerLimits()
    ) throws(ObjectError) {
        let key = key ?? .random()
        do {
            let setup = try ServerSetup(types: types, limits: limits, key: key, address: address)
            let mailbox = try ServerMailbox()
            // Made here, so that what it lacks is known here.
            nonisolated(unsafe) let loop = try ServerLoop(setup, mailbox)
            let bound = setup.address
            thread = try Thread(name: "objects", options: ThreadOptions(atExit: .detach)) {
                unsafe loop.run()
                bound?.cleanUp()
            }
            self.mailbox = mailbox
            self.address = bound
            self.key = key
        } catch {
            throw .unreachable("\(error)")
        }
    }

    deinit { mailbox.stop() }

    /// Becomes a client, without the address and the key.
    ///
    /// - Throws: `ObjectError`.
    public func connect() throws(ObjectError) -> Manager {
        let ours: SharedDescriptor
        do {
            let (mine, theirs) = try PacketSocket.pair()
            mailbox.add(theirs, isOwner: false)
            ours = mine
        } catch {
            throw .unreachable("\(error)")
        }
        return Manager(try ObjectClient.greeting(Connection(ours), address: nil), address: address, key: key)
    }

    /// Ends the server, and waits for that. Its clients are told so. More often than once is fine.
    public func stop() {
        mailbox.stop()
        try? thread.join()
    }
}
