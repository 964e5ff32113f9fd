import CLinux

/// The two ends of a new pipe, both close-on-exec.
package struct Pipe: ~Copyable {
    /// Which ends return at once instead of waiting.
    package struct Nonblocking: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }
        package static let reader = Nonblocking(rawValue: 1)
        package static let writer = Nonblocking(rawValue: 2)
    }

    package let reader: OwnedDescriptor
    package let writer: OwnedDescriptor

    package init(nonblocking: Nonblocking = []) throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        _ = try retrying("make a pipe") {
            unsafe withUnsafeMutableBytes(of: &ends) { raw in
                unsafe raw.withMemoryRebound(to: Int32.self) { unsafe pipe2($0.baseAddress, O_CLOEXEC) }
            }
        }
        // Through local owners, so that both are closed when something below fails.
        let reader = OwnedDescriptor(adopting: ends.0)
        let writer = OwnedDescriptor(adopting: ends.1)
        if nonblocking.contains(.reader) { try reader.setNonblocking() }
        if nonblocking.contains(.writer) { try writer.setNonblocking() }
        self.reader = reader
        self.writer = writer
    }

    /// Gives the ends to two owners.
    package consuming func split<Result: ~Copyable, Failure: Error>(
        _ body: (consuming OwnedDescriptor, consuming OwnedDescriptor) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(reader, writer)
    }
}

extension OwnedDescriptor {
    /// How many bytes wait in a pipe or socket.
    package borrowing func readableBytes() throws(SystemError) -> Int {
        let raw = self.raw
        var count: Int32 = 0
        _ = try retrying("count the bytes of a pipe") { unsafe roost_ioctl_int(raw, UInt(FIONREAD), &count) }
        return Int(count)
    }

    /// How many bytes a pipe can hold.
    package borrowing func pipeCapacity() throws(SystemError) -> Int {
        let raw = self.raw
        return Int(try retrying("read the capacity of a pipe") { roost_fcntl(raw, F_GETPIPE_SZ, 0) })
    }

    /// Tries to make a pipe hold `bytes`; a smaller pipe works too, so a refusal is no error.
    ///
    /// The kernel refuses what is beyond /proc/sys/fs/pipe-max-size or, to unprivileged users, beyond their share.
    ///
    /// - Returns: the capacity that the pipe has now.
    package borrowing func growPipe(to bytes: Int) throws(SystemError) -> Int {
        let raw = self.raw
        let current = try pipeCapacity()
        if current >= bytes { return current }
        let granted = roost_fcntl(raw, F_SETPIPE_SZ, min(bytes, Int(Int32.max)))
        return granted < 0 ? current : Int(granted)
    }
}
