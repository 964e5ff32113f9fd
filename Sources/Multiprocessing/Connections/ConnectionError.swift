import Linux

/// Why a message could not be sent or received.
public enum ConnectionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The other end is closed, and everything that it sent has been received: Python's `EOFError`. When sending:
    /// nobody will receive the message (`BrokenPipeError`).
    case closed
    /// This end was closed by this program.
    case closedHere
    /// This end only sends, or it got a message that was longer than its limit and is not to be trusted any more.
    case notReadable
    /// This end only receives, or an earlier message was sent in part only.
    case notWritable
    /// Nothing came, or nothing could be sent, within the timeout.
    case timedOut
    /// A message has more bytes than the limit.
    case tooLong(count: Int, limit: Int)
    /// The bytes asked for are not within the buffer.
    case outOfRange(offset: Int, size: Int?, count: Int)
    /// The other end was closed in the middle of a message.
    case truncated
    /// What came is no message of this library.
    case malformed
    /// Descriptors of a message were lost, because this process has too many open files.
    case descriptorsLost
    /// A message has more descriptors than the kernel passes on, or any at all on a connection that cannot carry them.
    case tooManyDescriptors(count: Int, limit: Int)
    /// The kernel refused, with this `errno`.
    case refused(String, errno: Int32)

    init(_ error: SystemError) {
        let words = error.subject.isEmpty ? error.operation : "\(error.operation) \(error.subject)"
        self = .refused(words, errno: error.errno)
    }

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .closed: "cannot use the connection: the other end is closed; close this one, too"
        case .closedHere: "cannot use the connection: it was closed here; make a new one"
        case .notReadable:
            "cannot receive: this end only sends, or a message went beyond its limit; receive at the other end"
        case .notWritable:
            "cannot send: this end only receives, or a message was sent in part; send at the other end"
        case .timedOut: "cannot send or receive: nothing happened in time; wait longer, or come back later"
        case .tooLong(let count, let limit):
            "cannot receive: the message has \(count) bytes, more than the limit of \(limit); allow more"
        case .outOfRange(let offset, let size, let count):
            "cannot take \(size.map { "\($0)" } ?? "the") bytes from \(offset) on: there are \(count); stay within them"
        case .truncated: "cannot receive: the other end ended in the middle of a message; connect anew"
        case .malformed: "cannot receive: that is no message of this library; connect to one that speaks it"
        case .descriptorsLost:
            "cannot receive: descriptors of the message were lost; raise the limit of open files (ulimit -n)"
        case .tooManyDescriptors(let count, let limit):
            "cannot send \(count) descriptors with one message: at most \(limit) go; send fewer, or by a local socket"
        case .refused(let words, let errno):
            "cannot \(words): \(SystemError.text(errno))" + (SystemError.shortageAdvice(errno).map { "; \($0)" } ?? "")
        }
    }
}
