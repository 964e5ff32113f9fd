import CLinux
import Linux
import Threading

/// The parent's end of the pipe to a child's standard input: Python's `Popen.stdin`, without a buffer.
///
/// Every thread may use it; one at a time does, the others wait for their turn. Writing to a child that has ended or
/// closed its input is an error and never a SIGPIPE.
public final class ChildInput: @unchecked Sendable {
    private let lock = FutexLock()
    private let pid: Int32
    /// Guarded by `lock`, as the next.
    private var end: OwnedDescriptor?
    private var isNonblocking = false

    init(_ end: consuming OwnedDescriptor, of pid: Int32) {
        self.end = consume end
        self.pid = pid
    }

    /// Writes bytes, and waits until the pipe has taken them.
    ///
    /// - Parameters:
    ///   - bytes: what to write.
    ///   - timeout: how long to wait at most; nil for no limit, zero or less to write what fits at once.
    /// - Returns: how many bytes were written: all of them, unless the timeout passed first.
    /// - Throws: `ProcessError` with `EPIPE` if the child reads no more, `EBADF` if this end is closed.
    @discardableResult
    public func write(_ bytes: [UInt8], timeout: Duration? = nil) throws(ProcessError) -> Int {
        let deadline = Deadline(after: timeout)
        guard lock.acquire(until: deadline) else { return 0 }
        defer { lock.release() }
        var rest = bytes[...]
        while !rest.isEmpty {
            if try writeOnce(&rest) || rest.isEmpty { continue }
            if deadline.hasPassed { break }
            guard let raw = end?.raw else { break }
            var watches = [Watch(raw, .write)]
            if !Watch.wait(&watches, until: deadline.nanoseconds) { break }
        }
        return bytes.count - rest.count
    }

    /// Writes a text in UTF-8, and waits until the pipe has taken it.
    ///
    /// - Returns: how many bytes were written: all of them, unless the timeout passed first.
    /// - Throws: as `write(_:timeout:)` for bytes.
    @discardableResult
    public func write(_ text: String, timeout: Duration? = nil) throws(ProcessError) -> Int {
        try write(Array(text.utf8), timeout: timeout)
    }

    /// Closes the pipe: the child reads to the end and then gets no more. Waits for a writer on another thread.
    public func close() { lock.withLock { end = nil } }

    /// Gives the descriptor away, as it came from the kernel; the caller closes it. Nil if it is closed or taken.
    public func takeDescriptor() -> Int32? {
        lock.withLock { () -> Int32? in
            guard let end = end.take() else { return nil }
            // Whoever gets it expects a pipe that waits.
            if isNonblocking { _ = roost_fcntl(end.raw, F_SETFL, Int(O_WRONLY)) }
            return end.release()
        }
    }

    // MARK: - For a conversation, which holds the lock for as long as it lasts

    func acquire(until deadline: Deadline) -> Bool { lock.acquire(until: deadline) }
    func release() { lock.release() }

    /// The descriptor; nil if it is closed. Only with the lock held.
    var raw: Int32? { end?.raw }

    /// Closes it. Only with the lock held.
    func finish() { end = nil }

    /// Writes what fits at once, and takes it off the slice. Only with the lock held.
    ///
    /// - Returns: whether anything was written.
    func writeOnce(_ rest: inout ArraySlice<UInt8>) throws(ProcessError) -> Bool {
        do throws(SystemError) {
            guard let count = try writeOnce(rest) else { return false }
            rest.removeFirst(count)
            return true
        } catch {
            throw ProcessError(
                "write to the standard input of", "\(pid)", errno: error.errno,
                advice: error.errno == EPIPE ? "it has ended, or closed its input" : nil)
        }
    }

    private func writeOnce(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int? {
        guard let raw else { throw SystemError("write", errno: EBADF) }
        if !isNonblocking {
            // The mode belongs to this end alone: the child's has its own.
            _ = try retrying("set the flags of a pipe") { roost_fcntl(raw, F_SETFL, Int(O_WRONLY | O_NONBLOCK)) }
            isNonblocking = true
        }
        guard case .moved(let count) = try end?.writeQuietly(bytes) else { return nil }
        return count
    }
}
