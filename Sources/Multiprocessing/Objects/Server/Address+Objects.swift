import CLinux
import Linux

extension Address {
    /// A socket that listens for clients of a server of objects, and where that is.
    ///
    /// The file of a Unix socket is for its owner only, from its first moment; the key comes on top of that. One that a
    /// server left behind that was killed is replaced.
    func listenForObjects() throws(SystemError) -> (SharedDescriptor, Address) {
        do throws(SystemError) {
            return try listen(backlog: 128, isPrivate: true)
        } catch {
            guard case .unix(let path) = self, error.errno == EADDRINUSE, isLeftBehind else { throw error }
            try takeAway(path, orThrow: error)
            return try listen(backlog: 128, isPrivate: true)
        }
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

    /// Removes a socket that was left behind. Another server may have replaced it since somebody looked: so it is given
    /// another name first, where only this one looks for it, and has its own back if somebody listens.
    func takeAway(_ path: String, orThrow error: SystemError) throws(SystemError) {
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let aside = parent + ".roost-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
        // Too long for a name of a socket: then it cannot be looked at again.
        guard aside.utf8.count <= 107 else { throw error }
        try FileSystem.rename(path, to: aside)
        if Address.unix(aside).isLeftBehind { return try FileSystem.remove(aside) }
        // Should there be a third one at the path by now, it stays.
        if unsafe link(aside, path) == 0 || roost_errno() == EEXIST { try FileSystem.remove(aside) }
        throw error
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
