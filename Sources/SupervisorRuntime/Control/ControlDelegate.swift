package import ControlProtocol

/// One connection of a client. Never used again for another.
package struct ConnectionID: Hashable, Sendable {
    let number: UInt64
}

/// A request that is not answered yet. Answering one whose client has gone is harmless.
package struct RequestToken: Hashable, Sendable {
    package let connection: ConnectionID
    let number: UInt64
}

/// Who carries out what clients ask.
package protocol ControlDelegate: AnyObject {
    /// Carries out a command, after looking whether the peer may: answers the token exactly once, now or later.
    func handle(_ command: Command, from peer: Peer, token: RequestToken, server: ControlServer)

    /// The client is gone: nobody waits for these any more, and what followed for it may end.
    func connectionClosed(_ connection: ConnectionID, abandoned: [RequestToken])
}
