import CLinux

/// What became of an attempt to move bytes through a nonblocking descriptor.
package enum Transfer: Hashable, Sendable {
    /// So many bytes were moved, at least one.
    case moved(Int)
    /// Nothing can be moved now: wait until the descriptor is ready.
    case wouldBlock
    /// There will never be more to read.
    case endOfFile
}

extension OwnedDescriptor {
    /// Reads once, at most `buffer.count` bytes, to the start of `buffer`.
    package borrowing func read(into buffer: inout [UInt8]) throws(SystemError) -> Transfer {
        let raw = self.raw
        precondition(!buffer.isEmpty, "a read needs room")
        return try transferring("read") {
            unsafe buffer.withUnsafeMutableBytes { unsafe CLinux.read(raw, $0.baseAddress, $0.count) }
        }
    }

    /// Reads once at `offset`, at most `count` bytes, and leaves the position of the file alone.
    package borrowing func read(_ count: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        let raw = self.raw
        var buffer = [UInt8](repeating: 0, count: count)
        guard count > 0 else { return buffer }
        let result = try transferring("read") {
            unsafe buffer.withUnsafeMutableBytes { unsafe pread(raw, $0.baseAddress, $0.count, off_t(offset)) }
        }
        switch result {
        case .moved(let length): buffer.removeLast(count - length)
        case .wouldBlock, .endOfFile: buffer.removeAll()
        }
        return buffer
    }

    /// Writes once; the kernel may take fewer bytes than offered.
    package borrowing func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Transfer {
        let raw = self.raw
        precondition(!bytes.isEmpty, "a write needs bytes")
        return try transferring("write") {
            unsafe bytes.withUnsafeBytes { unsafe CLinux.write(raw, $0.baseAddress, $0.count) }
        }
    }

    /// Writes once to a pipe; where nobody reads it any more, this is `EPIPE` without a SIGPIPE.
    package borrowing func writeQuietly(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Transfer {
        let raw = self.raw
        precondition(!bytes.isEmpty, "a write needs bytes")
        return try transferring("write") {
            unsafe bytes.withUnsafeBytes { unsafe roost_write_quietly(raw, $0.baseAddress, $0.count) }
        }
    }

    /// Reads once, at most `limit` bytes, to the end of `bytes`.
    ///
    /// - Parameter scratch: where the bytes land first.
    package borrowing func read(
        atMost limit: Int, through scratch: UnsafeMutableRawBufferPointer, appendingTo bytes: inout [UInt8]
    ) throws(SystemError) -> Transfer {
        let raw = self.raw
        let room = min(limit, scratch.count)
        precondition(room > 0, "a read needs room")
        let result = try transferring("read") { unsafe CLinux.read(raw, scratch.baseAddress, room) }
        if case .moved(let count) = result {
            unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        }
        return result
    }

    /// Sends once to a connected socket, without SIGPIPE and without waiting, whatever mode the socket is in.
    package borrowing func send(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Transfer {
        let raw = self.raw
        precondition(!bytes.isEmpty, "a send needs bytes")
        return try transferring("send") {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            return unsafe bytes.withUnsafeBytes { unsafe CLinux.send(raw, $0.baseAddress, $0.count, flags) }
        }
    }

    /// A descriptor of our own for the open file behind somebody else's, close-on-exec.
    package static func duplicate(of raw: Int32) throws(SystemError) -> OwnedDescriptor {
        let copy = try retrying("duplicate the descriptor", "\(raw)") { roost_fcntl(raw, F_DUPFD_CLOEXEC, 3) }
        return OwnedDescriptor(adopting: copy)
    }

    /// Makes later reads and writes return at once. The mode belongs to the open file, not to this descriptor alone.
    package borrowing func setNonblocking() throws(SystemError) {
        let raw = self.raw
        let flags = try retrying("read the flags of a descriptor") { roost_fcntl(raw, F_GETFL, 0) }
        _ = try retrying("set the flags of a descriptor") { roost_fcntl(raw, F_SETFL, Int(flags | O_NONBLOCK)) }
    }
}

/// Repeats a call that a signal interrupted and names its three good ends.
func transferring(_ operation: String, _ call: () -> Int) throws(SystemError) -> Transfer {
    while true {
        let count = call()
        if count > 0 { return .moved(count) }
        if count == 0 { return .endOfFile }
        let code = roost_errno()
        if code == EAGAIN { return .wouldBlock }
        if code != EINTR { throw SystemError(operation, errno: code) }
    }
}
