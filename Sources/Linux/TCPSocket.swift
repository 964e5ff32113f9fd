import CLinux

/// A numeric Internet address and port.
package struct TCPAddress: Sendable, CustomStringConvertible {
    package let description: String
    fileprivate let address: roost_internet_address
    fileprivate let family: Int32

    /// The addresses that `host` means: itself when numeric, both loopback addresses for "localhost".
    ///
    /// Other names would need the resolver, which may wait for seconds; an event loop must not.
    package static func resolve(host: String, port: UInt16) throws(TCPAddressError) -> [TCPAddress] {
        if host == "localhost" {
            return ["127.0.0.1", "::1"].compactMap { TCPAddress(numeric: $0, port: port) }
        }
        // As in a URL, an IPv6 address may be in brackets.
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard let address = TCPAddress(numeric: bare, port: port) else { throw TCPAddressError(host: host) }
        return [address]
    }

    private init?(numeric host: String, port: UInt16) {
        var address = roost_internet_address()
        family = unsafe roost_parse_address(host, port, &address)
        if family == 0 { return nil }
        self.address = address
        description = family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// A host that is neither numeric nor "localhost".
package struct TCPAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    package let host: String

    package var description: String {
        "cannot connect to the host \"\(host)\": names are not looked up here; write its numeric address, or localhost"
    }
}

/// A nonblocking TCP connection.
package struct TCPSocket: ~Copyable {
    package let descriptor: OwnedDescriptor

    /// Begins to connect. When the socket becomes writable, `finishConnecting` tells how it went.
    package init(connectingTo to: TCPAddress) throws(SystemError) {
        let raw = try retrying("create a socket") {
            let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            return socket(to.family, Int32(SOCK_STREAM.rawValue) | flags, 0)
        }
        let descriptor = OwnedDescriptor(adopting: raw)
        var address = to.address
        let result = unsafe roost_connect_address(raw, &address)
        let error = SystemError.last("connect to", to.description)
        // Interrupted or not, the attempt goes on in the background.
        if result < 0, error.errno != EINPROGRESS, error.errno != EINTR { throw error }
        self.descriptor = descriptor
    }

    /// Asks how an attempt to connect ended.
    package borrowing func finishConnecting(to address: TCPAddress) throws(SystemError) {
        let raw = descriptor.raw
        var code: Int32 = 0
        _ = try retrying("ask for the state of a socket") { unsafe roost_socket_error(raw, &code) }
        if code != 0 { throw SystemError("connect to", address.description, errno: code) }
    }
}
