import CLinux
import Linux
import Threading

/// What the process of a manager is told.
public struct ServerOrder: Codable, Sendable {
    /// The server's end of the connection with whoever started it.
    let control: Connection
    let address: Address?
    let key: AuthKey
    let limits: ServerLimits
}

/// What the process of a manager says when it is ready, or why it never will be.
struct ServerReady: Codable {
    let address: Address?
    let failure: String?
}

extension Manager {
    /// The server of managers that need no types of their own. Every program has registered it.
    public static let standardServer = server(named: "roost.objects", types: [])

    /// Declares a server with types of the program, to be registered with `Worker.begin` like every function, and to be
    /// given to managers.
    ///
    ///     static let bank = Manager.server(named: "bank", types: [account])
    ///
    /// - Parameters:
    ///   - name: a name that no other function of the program has.
    ///   - types: the types of which clients can make objects.
    public static func server(
        named name: String, types: [any RemoteTypeProtocol]
    ) -> RemoteFunction<ServerOrder, Nothing> {
        RemoteFunction(name) { order in try ServerProcess.run(order, types) }
    }
}

/// What the process of a manager does.
private enum ServerProcess {
    static func run(_ order: ServerOrder, _ types: [any RemoteTypeProtocol]) throws {
        // Ctrl-C goes to all processes of a terminal; those that use the server need it for their own end.
        roost_ignore_signal(SIGINT)
        let loop: ServerLoop
        let address: Address?
        do {
            let setup = try ServerSetup(
                types: types, limits: order.limits, key: order.key, address: order.address)
            let mailbox = try ServerMailbox()
            mailbox.add(try order.control.descriptor(), isOwner: true)
            loop = try ServerLoop(setup, mailbox, signals: SignalDescriptor(signals: [SIGTERM]))
            address = setup.address
        } catch {
            try order.control.send(ServerReady(address: nil, failure: "\(error)"))
            throw error
        }
        defer { address?.cleanUp() }
        try order.control.send(ServerReady(address: address, failure: nil))
        loop.run()
    }
}
