import CLinux
import Linux

/// A reference to an object of a server, given back when the last proxy of it here is gone.
final class ObjectHandle: Sendable {
    let client: ObjectClient
    let id: ObjectID

    /// Takes over a reference that the server has counted for this client.
    init(_ client: ObjectClient, _ id: ObjectID) {
        self.client = client
        self.id = id
    }

    deinit { client.letGo(id) }
}

extension ObjectHandle: Hashable {
    static func == (one: ObjectHandle, other: ObjectHandle) -> Bool {
        one === other || (one.id == other.id && one.client.identity == other.client.identity)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(client.identity)
    }
}

// MARK: - On the way to other processes

/// How a proxy travels: within its own server as a number; elsewhere with a ticket, which is good for one reference.
private struct TravellingHandle: Codable {
    let object: ObjectID
    var server: ServerIdentity?
    var ticket: [Int64]?
    /// On this machine: a socket by which a process without a connection gets one. As long as it is open somewhere, the
    /// object is kept.
    var door: PassedDescriptor?
    /// From a server that is reached by the network: where it is.
    var address: Address?
}

extension ObjectHandle {
    func encode(to encoder: any Encoder) throws {
        if let client = ObjectScope.client {
            guard client.identity == self.client.identity else {
                throw ObjectError.unreadable("it is a proxy of another server, which this one cannot keep")
            }
            ObjectScope.note(id)
            return try TravellingHandle(object: id).encode(to: encoder)
        }
        let ticket = Ticket.random()
        var form = TravellingHandle(object: id, server: client.identity, ticket: ticket)
        if client.carriesDescriptors {
            let (ours, theirs) = try PacketSocket.pair()
            try client.lend(id, ticket, door: theirs)
            form.door = PassedDescriptor(ours)
        } else {
            try client.lend(id, ticket, door: nil)
            form.address = client.address
        }
        try form.encode(to: encoder)
    }

    /// The handle that was encoded: one that is here already, or a new one.
    static func decode(from decoder: any Decoder) throws -> ObjectHandle {
        let form = try TravellingHandle(from: decoder)
        guard let server = form.server, let ticket = form.ticket else {
            guard let handle = ObjectScope.handle(form.object) else { throw ObjectError.gone }
            return handle
        }
        if ObjectScope.isServing {
            throw ObjectError.unreadable("a proxy cannot be used within a method of a server; keep it in a container")
        }
        let client = try ObjectClient.known(server) ?? join(form)
        guard client.identity == server else { throw ObjectError.malformed }
        return try client.redeem(ticket, for: form.object)
    }

    /// Becomes a client of a server that this process knows only by the proxy.
    private static func join(_ form: TravellingHandle) throws -> ObjectClient {
        guard let door = form.door else {
            throw ObjectError.unreachable(
                "a proxy of \(form.address.map { "\($0)" } ?? "it") came by network; connect to it first, with its key")
        }
        let (ours, theirs) = try PacketSocket.pair()
        // Others may have the door as well, so it must not be shut down.
        let opened = Connection(door.shared, directions: [.send], isStream: false, isShared: true)
        try ObjectScope.outside { try opened.send(PassedDescriptor(theirs)) }
        return try ObjectClient.greeting(Connection(ours), address: nil)
    }
}
