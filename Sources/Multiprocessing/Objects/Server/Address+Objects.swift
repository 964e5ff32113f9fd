import CLinux
import Linux

extension Address {
    /// A socket that listens for clients of a server of objects, and where that is.
    ///
    /// The file of a Unix socket is for its owner only; the key comes on top of that. One that a server left behind
    /// that was killed is replaced.
    func listenForObjects() throws(SystemError) -> (SharedDescriptor, Address) {
        let listening: (SharedDescriptor, Address)
        do throws(SystemError) {
            listening = try listen(backlog: 128)
        } catch {
            guard case .unix(let path) = self, error.errno == EADDRINUSE, isLeftBehind else { throw error }
            unsafe _ = unlink(path)
            listening = try listen(backlog: 128)
        }
        if case .unix(let path) = self {
            _ = try retrying("set the mode of", path) { unsafe chmod(path, 0o600) }
        }
        return listening
    }

    /// Whether nobody listens at the socket that is there.
    private var isLeftBehind: Bool {
        do throws(SystemError) {
            _ = try connect(until: MonotonicClock.now())
            return false
        } catch {
            return error.errno == ECONNREFUSED
        }
    }

    /// Removes what listening left in the file system.
    func cleanUp() {
        if case .unix(let path) = self { unsafe _ = unlink(path) }
    }
}

extension Handshake {
    /// What a server sends to somebody new.
    static func challenge(_ number: [UInt8]) -> [UInt8] { greeting + number }

    /// The answer to a client that has proved itself; nil if it has not.
    func answer(to proof: [UInt8], _ number: [UInt8]) -> [UInt8]? {
        guard proof.count == Handshake.numberSize + Handshake.codeSize else { return nil }
        let second = Array(proof.prefix(Handshake.numberSize))
        let code = Array(proof.suffix(Handshake.codeSize))
        return isValid(code, of: .client, number, second) ? self.code(of: .listener, number, second) : nil
    }
}
