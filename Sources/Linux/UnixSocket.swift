import CLinux

/// Who is at the other end of a socket, as the kernel vouches.
package struct PeerCredentials: Hashable, Sendable {
    package let pid: Int32
    package let uid: UInt32
    package let gid: UInt32

    package init(pid: Int32, uid: UInt32, gid: UInt32) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
    }
}

/// A Unix stream socket that takes connections.
package struct UnixListener: ~Copyable {
    package let descriptor: OwnedDescriptor

    /// Binds to `path`, which must not exist, and listens.
    ///
    /// - Parameter mode: the permission bits with which the socket appears at `path`, less those of the umask; widen
    ///   them later with `chmod`, and there is no moment at which too many may connect.
    package init(path: String, mode: UInt32 = 0o777, backlog: Int32 = 128) throws(SystemError) {
        let descriptor = try makeUnixSocket(SOCK_STREAM, blocking: false)
        let raw = descriptor.raw
        // Linux gives the file of a socket the mode that the socket itself has when it is bound.
        _ = try retrying("set the mode of a socket for", path) { fchmod(raw, mode) }
        try bind(descriptor, to: path)
        _ = try retrying("listen on", path) { listen(raw, backlog) }
        self.descriptor = descriptor
    }

    /// Takes over a listening socket that somebody else made.
    package init(adopting descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// The next connection, nonblocking; nil when there is none.
    ///
    /// - Throws: among others `EMFILE` and `ENFILE`; the connection then stays in the queue.
    package borrowing func accept() throws(SystemError) -> UnixStream? {
        let raw = descriptor.raw
        while true {
            do {
                let connection = try retrying("accept a connection") { roost_accept(raw) }
                return UnixStream(adopting: OwnedDescriptor(adopting: connection))
            } catch {
                switch error.errno {
                case EAGAIN: return nil
                // The client gave up before we came: the next one may still be there.
                case ECONNABORTED: continue
                case _: throw error
                }
            }
        }
    }
}

/// A connected Unix stream socket.
package struct UnixStream: ~Copyable {
    package let descriptor: OwnedDescriptor

    package init(adopting descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// Connects to the listener at `path`.
    ///
    /// - Parameter blocking: how later reads and writes behave. Connecting itself never waits for longer than the
    ///   listener's backlog is full; with `blocking` false that is `EAGAIN`.
    package init(connectingTo path: String, blocking: Bool) throws(SystemError) {
        let descriptor = try makeUnixSocket(SOCK_STREAM, blocking: blocking)
        let raw = descriptor.raw
        try checkLength(of: path, for: "connect to")
        _ = try retrying("connect to", path) { unsafe roost_connect_unix(raw, path) }
        self.descriptor = descriptor
    }

    package borrowing func peerCredentials() throws(SystemError) -> PeerCredentials {
        let raw = descriptor.raw
        var peer = ucred()
        _ = try retrying("ask who is connected") { unsafe roost_peer_credentials(raw, &peer) }
        return PeerCredentials(pid: peer.pid, uid: peer.uid, gid: peer.gid)
    }

    /// The supplementary groups of who connected, as they were at that moment.
    package borrowing func peerGroups() throws(SystemError) -> [UInt32] {
        let raw = descriptor.raw
        // The kernel says how much room it wants when there is too little; a process has at most 65,536 groups.
        var groups = [gid_t](repeating: 0, count: 64)
        while true {
            var length = socklen_t(groups.count * MemoryLayout<gid_t>.size)
            let result = unsafe groups.withUnsafeMutableBytes {
                unsafe getsockopt(raw, SOL_SOCKET, SO_PEERGROUPS, $0.baseAddress, &length)
            }
            let count = Int(length) / MemoryLayout<gid_t>.size
            if result == 0 { return Array(groups[..<count]) }
            let error = SystemError.last("ask for the groups of who is connected")
            guard error.errno == ERANGE, count > groups.count else { throw error }
            groups = [gid_t](repeating: 0, count: count)
        }
    }
}

/// A Unix datagram socket. What it receives carries the sender's credentials.
package struct UnixDatagramSocket: ~Copyable {
    package let descriptor: OwnedDescriptor

    /// Binds to `path`, which must not exist.
    ///
    /// - Parameter mode: the permission bits with which the socket appears at `path`, less those of the umask.
    package init(bindingTo path: String, mode: UInt32 = 0o777) throws(SystemError) {
        let descriptor = try makeUnixSocket(SOCK_DGRAM, blocking: false)
        let raw = descriptor.raw
        _ = try retrying("set the mode of a socket for", path) { fchmod(raw, mode) }
        // Before the bind, so that no datagram can arrive without credentials.
        _ = try retrying("ask for credentials on", path) { roost_set_socket_flag(raw, SO_PASSCRED) }
        try bind(descriptor, to: path)
        self.descriptor = descriptor
    }

    /// A socket that sends to `path`.
    package init(connectingTo path: String) throws(SystemError) {
        let descriptor = try makeUnixSocket(SOCK_DGRAM, blocking: false)
        let raw = descriptor.raw
        try checkLength(of: path, for: "connect to")
        _ = try retrying("connect to", path) { unsafe roost_connect_unix(raw, path) }
        self.descriptor = descriptor
    }

    /// Receives one datagram to the start of `buffer`; nil when there is none.
    package borrowing func receive(into buffer: inout [UInt8]) throws(SystemError) -> ReceivedMessage? {
        try descriptor.receiveMessage(into: &buffer)
    }
}

private func makeUnixSocket(_ kind: __socket_type, blocking: Bool) throws(SystemError) -> OwnedDescriptor {
    let mode = blocking ? 0 : Int32(SOCK_NONBLOCK.rawValue)
    let raw = try retrying("create a socket") {
        socket(AF_UNIX, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | mode, 0)
    }
    return OwnedDescriptor(adopting: raw)
}

private func bind(_ descriptor: borrowing OwnedDescriptor, to path: String) throws(SystemError) {
    let raw = descriptor.raw
    try checkLength(of: path, for: "bind")
    _ = try retrying("bind", path) { unsafe roost_bind_unix(raw, path) }
}

/// The address structure of the kernel has room for 107 bytes, whatever file systems allow.
private func checkLength(of path: String, for operation: String) throws(SystemError) {
    let limit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
    guard path.utf8.count <= limit else {
        let advice =
            "\(path) (a socket path has at most \(limit) bytes, this has \(path.utf8.count): use a shorter one)"
        throw SystemError(operation, advice, errno: ENAMETOOLONG)
    }
}
