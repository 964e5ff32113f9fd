import CLinux
import Linux

/// Where a listener is found.
public enum Address: Hashable, Sendable, Codable, CustomStringConvertible {
    /// A socket in the file system of this machine, at this path of at most 107 bytes.
    case unix(String)
    /// A name that only this machine's kernel knows, of at most 107 bytes: nothing is left of it, and anybody on the
    /// machine may connect.
    case abstract(String)
    /// A numeric host, or “localhost”, and a port; 0 for any that is free.
    case tcp(host: String, port: UInt16)

    /// A name that no other listener has.
    public static func unique() -> Address {
        .abstract("roost-\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))")
    }

    /// As people write it.
    public var description: String {
        switch self {
        case .unix(let path): path
        case .abstract(let name): "@\(name)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    var isStream: Bool {
        if case .tcp = self { true } else { false }
    }

    /// The hosts to try, numeric.
    private var hosts: [String] {
        guard case .tcp(let host, _) = self else { return [] }
        return host == "localhost" ? ["127.0.0.1", "::1"] : [host]
    }

    /// The path as the C side takes it.
    private var path: String? {
        switch self {
        case .unix(let path): path
        case .abstract(let name): "@\(name)"
        case .tcp: nil
        }
    }

    // MARK: - Sockets

    private func socket(_ family: Int32, waits: Bool = false) throws(SystemError) -> OwnedDescriptor {
        let kind = Int32((isStream ? SOCK_STREAM : SOCK_SEQPACKET).rawValue)
        let mode = waits ? 0 : Int32(SOCK_NONBLOCK.rawValue)
        let flags = kind | Int32(SOCK_CLOEXEC.rawValue) | mode
        return OwnedDescriptor(adopting: try retrying("make a socket") { CLinux.socket(family, flags, 0) })
    }

    /// A listening socket, and where it really is.
    ///
    /// - Parameter isPrivate: whether the file of a Unix socket is for its owner only.
    func listen(backlog: Int32, isPrivate: Bool = false) throws(SystemError) -> (SharedDescriptor, Address) {
        guard case .tcp(let host, let port) = self else {
            let socket = try socket(AF_UNIX)
            let raw = socket.raw
            let path = path ?? ""
            // The file gets the mode of the socket, so that nobody comes before it was changed.
            if isPrivate { _ = try retrying("set the mode of", description) { fchmod(raw, 0o600) } }
            _ = try retrying("listen on", description) { unsafe roost_bind_unix(raw, path) }
            _ = try retrying("listen on", description) { CLinux.listen(raw, backlog) }
            return (SharedDescriptor(socket), self)
        }
        var address = roost_internet_address()
        let family = unsafe roost_parse_address(hosts.first ?? host, port, &address)
        guard family != 0 else {
            throw SystemError("listen on", "the host “\(host)”, no numeric address", errno: EINVAL)
        }
        let socket = try socket(family)
        let raw = socket.raw
        // A listener may come back while old connections are still being forgotten.
        _ = try retrying("set a socket up") { roost_set_socket_flag(raw, SO_REUSEADDR) }
        _ = try retrying("listen on", description) { unsafe roost_bind_address(raw, &address) }
        _ = try retrying("listen on", description) { CLinux.listen(raw, backlog) }
        let actual = roost_bound_port(raw)
        return (SharedDescriptor(socket), .tcp(host: hosts.first ?? host, port: UInt16(actual)))
    }

    /// A connected socket, in the mode that waits.
    func connect(until deadline: Int64?) throws(SystemError) -> SharedDescriptor {
        guard case .tcp(let host, let port) = self else {
            return try connectLocally(until: deadline)
        }
        var last = SystemError("connect to", "the host “\(host)”, no numeric address", errno: EINVAL)
        for host in hosts {
            do throws(SystemError) {
                var address = roost_internet_address()
                let family = unsafe roost_parse_address(host, port, &address)
                guard family != 0 else { continue }
                let socket = try socket(family)
                try connect(socket, until: deadline) { unsafe roost_connect_address($0, &address) }
                if Address.isConnectedWithItself(socket) {
                    // The kernel gave the client the very port that it looks for, where nobody listens.
                    throw SystemError(
                        "connect to", "\(self), where only this client itself was found", errno: ECONNREFUSED)
                }
                let raw = socket.raw
                // Messages are whole: waiting for more of them only makes them late.
                _ = roost_set_no_delay(raw)
                return SharedDescriptor(socket)
            } catch {
                last = error
            }
        }
        throw last
    }

    /// Whether both ends are the same one.
    static func isConnectedWithItself(_ socket: borrowing OwnedDescriptor) -> Bool {
        roost_is_connected_with_itself(socket.raw) != 0
    }

    /// A local listener whose queue is full is waited for in the call itself; poll would not tell.
    private func connectLocally(until deadline: Int64?) throws(SystemError) -> SharedDescriptor {
        let socket = try socket(AF_UNIX, waits: true)
        let raw = socket.raw
        let path = path ?? ""
        while true {
            // A wait of zero would be one without limit.
            let left = deadline.map { max(1000, $0 - MonotonicClock.now()) } ?? 0
            if roost_set_send_timeout(raw, left) < 0 { throw .last("set a socket up") }
            if unsafe roost_connect_unix(raw, path) == 0 { break }
            let code = roost_errno()
            if code == EINTR { continue }
            throw SystemError("connect to", description, errno: code == EAGAIN ? ETIMEDOUT : code)
        }
        _ = roost_set_send_timeout(raw, 0)
        return SharedDescriptor(socket)
    }

    private func connect(
        _ socket: borrowing OwnedDescriptor, until deadline: Int64?, _ call: (Int32) -> Int32
    ) throws(SystemError) {
        let raw = socket.raw
        while call(raw) < 0 {
            let code = roost_errno()
            switch code {
            case EINPROGRESS, EINTR, EALREADY:
                var watches = [Watch(raw, .write)]
                guard Watch.wait(&watches, until: deadline) else {
                    throw SystemError("connect to", description, errno: ETIMEDOUT)
                }
                var failure: Int32 = 0
                _ = try retrying("ask for the state of a socket") { unsafe roost_socket_error(raw, &failure) }
                if failure != 0 { throw SystemError("connect to", description, errno: failure) }
                return
            case EISCONN: return
            case _: throw SystemError("connect to", description, errno: code)
            }
        }
    }
}
