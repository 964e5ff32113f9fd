import CLinux
import Linux
import Synchronization
import Threading

/// One end of a connection, through which messages go: Python's `multiprocessing.connection.Connection`.
///
///     let (here, there) = try Pipe.duplex()
///     try here.send(Order(number: 5))
///     let order = try there.receive(Order.self)
///
/// A message is a value, with all handles in it, or plain bytes. Any number of threads may send and receive at the same
/// end, and on the same machine any number of processes, too: messages are never mixed up, and `poll` takes nothing
/// away. Two ends may send large messages to each other at the same time.
///
/// A connection is `Codable` by being passed along: as an argument of a process, or in a message through another
/// connection. Both then have this end; whoever does not need it any more closes it, for the other end sees its end
/// only when everybody has.
///
/// - Important: Bytes, and values of plain types, may come from anybody: what is damaged or made up is an error, and no
///   code runs but `init(from:)` of the type that was asked for. This is not so for types of shared memory (locks,
///   semaphores, conditions, barriers, queues between processes, `SharedValue`, `SharedArray`, `ShareableList`): what
///   is in that memory stays the sender's to change, pointers of the C library's locks among it. Receive a type with
///   one of them in it only from a process that is trusted as much as this one; who may connect is what the key of a
///   `Listener` is for. Of a plain type nobody can make one of these: it is the receiver who says what is decoded.
public final class Connection: Sendable {
    /// What an end is for.
    struct Directions: OptionSet, Codable {
        let rawValue: UInt8
        static let receive = Directions(rawValue: 1)
        static let send = Directions(rawValue: 2)
    }

    /// What can be received at this moment.
    public enum Readiness: Hashable, Sendable {
        /// There is a message, or on a connection between machines at least the beginning of one.
        case data
        /// The other end is closed, and everything has been received.
        case closed
        /// Nothing came in time.
        case none
    }

    let directions: Directions
    /// nil where the kernel keeps messages whole.
    let stream: StreamSocket?
    private let open: FutexLock = FutexLock()
    private nonisolated(unsafe) var shared: SharedDescriptor?
    /// Whether somebody else may have this end, so that its socket must not be shut down.
    private let isShared: Atomic<Bool>
    let isDistrusted = Atomic(false)

    // What is used again for the next message.
    let writers = Slot<ParcelWriter>()
    let packets = Slot<ReceivedPacket>()

    init(_ descriptor: SharedDescriptor, directions: Directions, isStream: Bool, isShared: Bool) {
        unsafe shared = descriptor
        self.directions = directions
        stream = isStream ? StreamSocket() : nil
        self.isShared = Atomic(isShared)
    }

    /// Takes over a socket that keeps messages whole.
    convenience init(_ socket: SharedDescriptor) {
        self.init(socket, directions: [.receive, .send], isStream: false, isShared: false)
    }

    /// Takes over a socket that keeps messages whole (`SOCK_SEQPACKET`), which somebody else made.
    ///
    /// - Parameter raw: a descriptor that nobody else will close.
    /// - Throws: `ConnectionError.malformed` if it is none; it is closed then.
    public convenience init(adopting raw: Int32) throws(ConnectionError) {
        var kind: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        let socket = SharedDescriptor(OwnedDescriptor(adopting: raw))
        guard unsafe getsockopt(raw, SOL_SOCKET, SO_TYPE, &kind, &size) == 0, kind == Int32(SOCK_SEQPACKET.rawValue)
        else { throw .malformed }
        self.init(socket, directions: [.receive, .send], isStream: false, isShared: true)
    }

    /// Whether this end may receive.
    public var isReadable: Bool { directions.contains(.receive) && !isDistrusted.load(ordering: .relaxed) }

    /// Whether this end may send.
    public var isWritable: Bool { directions.contains(.send) }

    /// Whether this end was closed here.
    public var isClosed: Bool { open.withLock { unsafe shared == nil } }

    /// Closes this end. Threads of this process that wait at it find it closed, unless it was passed to another process
    /// or came from one; then they wait on. More often than once is fine.
    public func close() {
        guard
            let descriptor = open.withLock({ () -> SharedDescriptor? in
                defer { unsafe shared = nil }
                return unsafe shared
            })
        else { return }
        if !isShared.load(ordering: .acquiring) { shutdown(descriptor.descriptor.raw, Int32(SHUT_RDWR)) }
    }

    /// The descriptor, as long as the caller uses it.
    func descriptor() throws(ConnectionError) -> SharedDescriptor {
        guard let descriptor = open.withLock({ unsafe shared }) else { throw .closedHere }
        return descriptor
    }

    func readable() throws(ConnectionError) -> SharedDescriptor {
        let descriptor = try descriptor()
        guard isReadable else { throw .notReadable }
        return descriptor
    }

    func writable() throws(ConnectionError) -> SharedDescriptor {
        let descriptor = try descriptor()
        guard isWritable else { throw .notWritable }
        return descriptor
    }

    /// What `closed` means to whoever was waiting while this end was closed.
    func explain(_ error: ConnectionError) -> ConnectionError { error == .closed && isClosed ? .closedHere : error }

    // MARK: - Waiting

    /// Looks whether there is something to receive, and takes nothing away: Python's `poll`.
    ///
    /// - Parameter timeout: how long to wait for it; nil for no limit, zero or less to look once.
    /// - Returns: what there is. A message may be gone by the time it is to be received, where several receive at this
    ///   end; and on a connection between machines its end may still be missing. `receive(timeout:)` is good for both.
    /// - Throws: `closedHere`, `notReadable`, or `refused`.
    public func poll(timeout: Duration? = .zero) throws(ConnectionError) -> Readiness {
        let deadline = Deadline(after: timeout)
        let descriptor = try readable()
        let raw = descriptor.descriptor.raw
        // Of what another thread is receiving just now, nothing is left for anybody else.
        if let stream, stream.hasBegun == true { return .data }
        while true {
            var byte: UInt8 = 0
            let count = unsafe recv(raw, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
            if count > 0 { return .data }
            if count == 0 { return .closed }
            switch roost_errno() {
            case EINTR: continue
            case ECONNRESET: if stream != nil { return .closed }
            case ENOTCONN: return .closed
            case EAGAIN:
                if deadline.isImmediate { return .none }
                var watches = [Watch(raw, .read)]
                guard Watch.wait(&watches, until: deadline.nanoseconds) else { return .none }
            case let code: throw ConnectionError(SystemError("look at a connection", errno: code))
            }
        }
    }
}

extension Connection: Codable {
    private struct Form: Codable {
        let descriptor: PassedDescriptor
        let directions: Directions
        let isStream: Bool
    }

    /// Passes this end along. It stays open here.
    ///
    /// - Throws: `ConnectionError.closedHere`; on a connection between machines `truncated` in the middle of a message,
    ///   and while another thread receives.
    public func encode(to encoder: any Encoder) throws {
        let descriptor = try descriptor()
        // A process that gets it in the middle of a message would not understand the rest.
        if let stream, stream.hasBegun != false { throw ConnectionError.truncated }
        isShared.store(true, ordering: .releasing)
        let form = Form(
            descriptor: PassedDescriptor(descriptor), directions: directions, isStream: stream != nil)
        try form.encode(to: encoder)
    }

    /// Takes the end that was passed.
    public convenience init(from decoder: any Decoder) throws {
        let form = try Form(from: decoder)
        self.init(
            form.descriptor.shared, directions: form.directions, isStream: form.isStream, isShared: true)
    }
}
