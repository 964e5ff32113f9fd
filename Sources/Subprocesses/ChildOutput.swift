import CLinux
import Linux
import Threading

/// The parent's end of the pipe from a child's standard output or standard error: Python's `Popen.stdout`.
///
///     for line in child.standardOutput!.lines { print(line) }
///
/// Every thread may use it; one at a time does, the others wait for their turn.
public final class ChildOutput: @unchecked Sendable {
    /// As much as a pipe holds.
    private static let readSize = 64 << 10

    private let lock = FutexLock()
    private let pid: Int32
    /// Guarded by `lock`, as all below.
    private var end: OwnedDescriptor?
    /// Read from the pipe; what comes before `start` has been given to somebody.
    private var ahead: [UInt8] = []
    private var start = 0

    init(_ end: consuming OwnedDescriptor, of pid: Int32) {
        self.end = consume end
        self.pid = pid
    }

    /// Reads what is there, and waits until something is.
    ///
    /// - Parameters:
    ///   - limit: the most bytes to read, at least 1.
    ///   - timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: the bytes; none at the end of the output; nil if the timeout passed.
    /// - Throws: `ProcessError` with `EBADF` if this end is closed.
    public func read(atMost limit: Int = 64 << 10, timeout: Duration? = nil) throws(ProcessError) -> [UInt8]? {
        precondition(limit > 0, "a read needs room for at least one byte")
        let deadline = Deadline(after: timeout)
        guard lock.acquire(until: deadline) else { return nil }
        defer { lock.release() }
        if start == ahead.count, try !fill(atMost: limit, until: deadline) { return nil }
        return take(min(limit, ahead.count - start))
    }

    /// Reads up to the next line feed.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait at most; nil for no limit, zero or less to look once. What had come by then is
    ///     kept for the next call.
    ///   - limit: the longest line; of a longer one, so many bytes are returned first, and then the rest.
    /// - Returns: the line with its line feed, which only the last line may lack; nothing at the end of the output; nil
    ///   if the timeout passed. No byte is changed: a carriage return stays.
    /// - Throws: `ProcessError` with `EBADF` if this end is closed.
    /// - Complexity: O(*n*) in the bytes read.
    public func readLine(timeout: Duration? = nil, limit: Int = 1 << 20) throws(ProcessError) -> [UInt8]? {
        try readLine(timeout: timeout, limit: limit, interruption: nil)
    }

    /// - Parameter interruption: a descriptor that becomes readable when nobody wants the line any more; nil is
    ///   returned.
    package func readLine(
        timeout: Duration?, limit: Int, interruption: Int32?
    ) throws(ProcessError) -> [UInt8]? {
        precondition(limit > 0, "a line needs room for at least one byte")
        let deadline = Deadline(after: timeout)
        guard lock.acquire(until: deadline) else { return nil }
        defer { lock.release() }
        var searched = 0
        while true {
            let line = ahead[start...].prefix(limit)
            if let feed = line.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) { return take(feed + 1 - start) }
            if line.count == limit { return take(limit) }
            searched = line.count
            guard try fill(atMost: ChildOutput.readSize, until: deadline, interruption) else { return nil }
            if ahead.count - start == searched { return take(searched) }
        }
    }

    /// The lines of the output, as texts without their line feeds; each is waited for.
    ///
    /// Bytes that are no UTF-8 become U+FFFD; `readLine` gives them as they are. A line of more than 1 MiB comes in
    /// pieces. The sequence ends with the output, and also where this end is closed.
    public var lines: Lines { Lines(output: self) }

    /// The lines of a child's output.
    public struct Lines: Sequence, IteratorProtocol {
        private let output: ChildOutput

        fileprivate init(output: ChildOutput) { self.output = output }

        /// The next line, which is waited for; nil at the end.
        public mutating func next() -> String? {
            guard var line = try? output.readLine(), !line.isEmpty else { return nil }
            if line.last == UInt8(ascii: "\n") { line.removeLast() }
            return String(decoding: line, as: UTF8.self)
        }
    }

    /// Closes the pipe: a child that goes on writing gets SIGPIPE. Waits for a reader on another thread.
    public func close() { lock.withLock { finish() } }

    /// Gives the descriptor away, to be another child's input for instance; the caller closes it. Nil if it is closed
    /// or taken. What `readLine` has read ahead stays here.
    public func takeDescriptor() -> Int32? {
        lock.withLock { () -> Int32? in end.take()?.release() }
    }

    private func take(_ count: Int) -> [UInt8] {
        defer {
            start += count
            if start == ahead.count { ahead.removeAll(keepingCapacity: true) }
            if ahead.isEmpty { start = 0 }
        }
        return Array(ahead[start..<start + count])
    }

    /// Waits, and reads once to the end of `ahead`; nothing at the end of the output. False if it was not worth
    /// waiting.
    private func fill(
        atMost limit: Int, until deadline: Deadline, _ interruption: Int32? = nil
    ) throws(ProcessError) -> Bool {
        guard let raw = end?.raw else { throw error(EBADF) }
        ahead.removeFirst(start)
        start = 0
        var watches = [Watch(raw, .read)]
        if let interruption { watches.append(Watch(interruption, .read)) }
        guard Watch.wait(&watches, until: deadline.nanoseconds), !watches[0].ready.isEmpty else { return false }
        return try unsafe withUnsafeTemporaryAllocation(
            byteCount: min(limit, ChildOutput.readSize), alignment: 1
        ) { (scratch) throws(ProcessError) in
            _ = try unsafe readOnce(atMost: limit, through: scratch, appendingTo: &ahead)
            return true
        }
    }

    // MARK: - For a conversation, which holds the lock for as long as it lasts

    func acquire(until deadline: Deadline) -> Bool { lock.acquire(until: deadline) }
    func release() { lock.release() }

    /// The descriptor; nil if it is closed. Only with the lock held.
    var raw: Int32? { end?.raw }

    /// Closes it. Only with the lock held.
    func finish() { end = nil }

    /// What was read from the pipe before the conversation began. Only with the lock held.
    func takeAhead() -> [UInt8] {
        let bytes = Array(ahead[start...])
        ahead = []
        start = 0
        return bytes
    }

    /// How much can be in the pipe at most. Only with the lock held.
    var capacity: Int { (try? end?.pipeCapacity()) ?? 0 }

    /// Reads once; the caller knows that the pipe is readable. Only with the lock held.
    ///
    /// - Returns: how many bytes; 0 at the end.
    func readOnce(
        atMost limit: Int, through scratch: UnsafeMutableRawBufferPointer, appendingTo bytes: inout [UInt8]
    ) throws(ProcessError) -> Int {
        let result: Transfer?
        do {
            result = try unsafe end?.read(atMost: limit, through: scratch, appendingTo: &bytes)
        } catch let failure {
            throw error(failure.errno)
        }
        switch result {
        case .moved(let count): return count
        case .endOfFile, .wouldBlock: return 0
        case nil: throw error(EBADF)
        }
    }

    private func error(_ code: Int32) -> ProcessError {
        ProcessError(
            "read the output of", "\(pid)", errno: code, advice: code == EBADF ? "its pipe was closed or taken" : nil)
    }
}
