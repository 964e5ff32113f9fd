import CLinux
import Linux

/// Where a server of objects can be found.
public enum ObjectAddress: Hashable, Codable, Sendable, CustomStringConvertible {
    /// A Unix socket: a path of up to 107 bytes, or a name of the abstract namespace, which begins with `@`.
    case unix(path: String)
    /// A numeric Internet address, or `localhost`, and a port; as a server's, port 0 stands for any free one.
    case tcp(host: String, port: UInt16)

    /// The path, or “host:port”.
    public var description: String {
        switch self {
        case .unix(let path): path
        case .tcp(let host, let port): "\(host):\(port)"
        }
    }

    var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp: false
        }
    }

    private func makeSocket(_ family: Int32, _ kind: __socket_type) throws(SystemError) -> OwnedDescriptor {
        let raw = try retrying("make a socket for", "\(self)") {
            socket(family, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        }
        return OwnedDescriptor(adopting: raw)
    }

    private func parse(_ host: String, _ port: UInt16) throws(SystemError) -> (roost_internet_address, Int32) {
        var address = roost_internet_address()
        let family = unsafe roost_parse_address(host == "localhost" ? "127.0.0.1" : host, port, &address)
        guard family != 0 else { throw SystemError("find the host", host, errno: EADDRNOTAVAIL) }
        return (address, family)
    }

    // MARK: - The server's side

    /// A socket that listens there, and where that is: with the port that the kernel has chosen.
    func listen() throws(SystemError) -> (SharedDescriptor, ObjectAddress) {
        switch self {
        case .unix(let path):
            let descriptor = try makeSocket(AF_UNIX, SOCK_SEQPACKET)
            let raw = descriptor.raw
            // Nobody but this user may connect; the key comes on top of that.
            _ = try retrying("set the mode of a socket for", path) { fchmod(raw, 0o600) }
            _ = try retrying("bind", path) { unsafe roost_bind_unix(raw, path) }
            _ = try retrying("listen on", path) { CLinux.listen(raw, 128) }
            return (SharedDescriptor(descriptor), self)
        case .tcp(let host, let port):
            var (address, family) = try parse(host, port)
            let descriptor = try makeSocket(family, SOCK_STREAM)
            let raw = descriptor.raw
            // A port whose last server has just ended is free.
            _ = try retrying("set the options of a socket") { roost_set_socket_flag(raw, SO_REUSEADDR) }
            _ = try retrying("bind", "\(self)") { unsafe roost_bind_address(raw, &address) }
            _ = try retrying("listen on", "\(self)") { CLinux.listen(raw, 128) }
            let bound = try retrying("ask for the port of a socket") { roost_bound_port(raw) }
            return (SharedDescriptor(descriptor), .tcp(host: host, port: UInt16(truncatingIfNeeded: bound)))
        }
    }

    /// Removes what `listen` left in the file system.
    func cleanUp() {
        if case .unix(let path) = self, !path.hasPrefix("@") { unsafe _ = unlink(path) }
    }

    // MARK: - The client's side

    /// A connection with whoever listens there.
    func connect(until deadline: Int64?) throws(SystemError) -> Connection {
        let descriptor: OwnedDescriptor
        let raw: Int32
        switch self {
        case .unix(let path):
            descriptor = try makeSocket(AF_UNIX, SOCK_SEQPACKET)
            raw = descriptor.raw
            _ = try retrying("connect to", path) { unsafe roost_connect_unix(raw, path) }
        case .tcp(let host, let port):
            var (address, family) = try parse(host, port)
            descriptor = try makeSocket(family, SOCK_STREAM)
            raw = descriptor.raw
            let result = unsafe roost_connect_address(raw, &address)
            let error = SystemError.last("connect to", "\(self)")
            if result < 0, error.errno != EINPROGRESS, error.errno != EINTR { throw error }
            var watches = [Watch(raw, .write)]
            guard Watch.wait(&watches, until: deadline) else {
                throw SystemError("connect to", "\(self)", errno: ETIMEDOUT)
            }
            var code: Int32 = 0
            _ = try retrying("ask for the state of a socket") { unsafe roost_socket_error(raw, &code) }
            if code != 0 { throw SystemError("connect to", "\(self)", errno: code) }
            _ = roost_send_at_once(raw)
        }
        let flags = try retrying("read the flags of a socket") { roost_fcntl(raw, F_GETFL, 0) }
        _ = try retrying("set the flags of a socket") { roost_fcntl(raw, F_SETFL, Int(flags & ~O_NONBLOCK)) }
        return Connection(
            SharedDescriptor(descriptor), directions: [.receive, .send], isStream: !isLocal, isShared: false)
    }
}
