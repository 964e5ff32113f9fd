import CLinux
import Linux
import Threading

/// How a server speaks with one client, and never waits for it.
protocol ServerChannel: AnyObject {
    var raw: Int32 { get }
    /// The bytes that wait until the client takes them.
    var backlog: Int { get }

    /// Receives what has come. What a client does not take holds up what it asks: beyond `mostWaiting` bytes of
    /// backlog, the messages that are left wait for the next call.
    ///
    /// - Parameters:
    ///   - limit: how many bytes a message may have.
    ///   - mostWaiting: the largest backlog with which another message is taken on.
    ///   - body: gets each message.
    /// - Throws: `ConnectionError` if nothing will ever come any more.
    func receive(limit: Int, mostWaiting: Int, _ body: (Parcel) -> Void) throws(ConnectionError)

    /// Receives what somebody says who has proved nothing yet.
    func receiveProof(_ body: (Parcel) -> Void) throws(ConnectionError)

    /// Whether there are messages that were received, and held up by the backlog.
    var hasHeldUp: Bool { get }

    /// Sends a message, or keeps it until there is room.
    func send(_ parcel: Parcel) throws(ConnectionError)

    /// Sends what was kept.
    func flush() throws(ConnectionError)
}

/// A socket of this machine, which keeps messages whole and can carry descriptors.
final class PacketChannel: ServerChannel {
    private let descriptor: SharedDescriptor
    private let connection: Connection
    private var waiting = Fifo<Parcel>()
    private(set) var backlog = 0

    /// - Parameter isShared: whether others may use the same end, so that it is closed here, and not shut down for all.
    init(_ descriptor: SharedDescriptor, isShared: Bool = false) {
        self.descriptor = descriptor
        connection = Connection(
            descriptor, directions: [.receive, .send], isStream: false, isShared: isShared)
    }

    deinit { connection.close() }

    var raw: Int32 { descriptor.descriptor.raw }

    var hasHeldUp: Bool { false }

    func receive(limit: Int, mostWaiting: Int, _ body: (Parcel) -> Void) throws(ConnectionError) {
        // One message only: to find out that there is no other one costs as much as being told of the next one.
        do {
            body(try connection.receiveParcel(limit: limit, timeout: .zero))
        } catch let error as ConnectionError {
            if error != .timedOut { throw error }
        } catch {
            throw .malformed
        }
    }

    func receiveProof(_ body: (Parcel) -> Void) throws(ConnectionError) {
        do {
            body(Parcel(bytes: try connection.receiveHandshake(until: Deadline(after: .zero))))
        } catch let error as ConnectionError {
            if error != .timedOut { throw error }
        } catch {
            throw .malformed
        }
    }

    func send(_ parcel: Parcel) throws(ConnectionError) {
        if backlog > 0 { return keep(parcel) }
        do throws(ConnectionError) {
            try connection.send(parcel: parcel, timeout: .zero)
        } catch {
            guard error == .timedOut else { throw error }
            keep(parcel)
        }
    }

    private func keep(_ parcel: Parcel) {
        waiting.append(parcel)
        backlog += parcel.bytes.count + 64
    }

    func flush() throws(ConnectionError) {
        while let parcel = waiting.first {
            do throws(ConnectionError) {
                try connection.send(parcel: parcel, timeout: .zero)
            } catch {
                if error == .timedOut { return }
                throw error
            }
            _ = waiting.popFirst()
            backlog -= parcel.bytes.count + 64
        }
    }
}

/// A stream of bytes, perhaps from another machine. A message is its length in 8 bytes and its bytes, as for
/// `Connection`.
final class StreamChannel: ServerChannel {
    private let descriptor: SharedDescriptor
    private var arrived: [UInt8] = []
    private var leaving: [UInt8] = []
    private var sent = 0
    private(set) var hasHeldUp = false
    private static let header = 8
    /// How much that has been sent is kept at most, in front of what has not.
    private static let longestSent = 1 << 20
    private let room: ReadingRoom

    /// The socket must be in the mode that does not wait.
    init(_ descriptor: SharedDescriptor, reading room: ReadingRoom) {
        self.descriptor = descriptor
        self.room = room
    }

    var raw: Int32 { descriptor.descriptor.raw }
    var backlog: Int { leaving.count - sent }
    /// What is kept in memory for answers, sent or not.
    var kept: Int { leaving.count }

    func receive(limit: Int, mostWaiting: Int, _ body: (Parcel) -> Void) throws(ConnectionError) {
        // Nothing more is read while there is something left.
        if hasHeldUp { return try takeArrived(limit, mostWaiting, body) }
        do throws(SystemError) {
            let result = try unsafe descriptor.descriptor.read(
                atMost: room.bytes.count, through: room.bytes, appendingTo: &arrived)
            switch result {
            case .moved: break
            case .wouldBlock: return
            case .endOfFile: throw SystemError("receive a request", errno: ECONNRESET)
            }
        } catch {
            throw error.errno == ECONNRESET ? .closed : ConnectionError(error)
        }
        try takeArrived(limit, mostWaiting, body)
    }

    func receiveProof(_ body: (Parcel) -> Void) throws(ConnectionError) {
        try receive(limit: Handshake.longest, mostWaiting: 0, body)
    }

    private func takeArrived(
        _ limit: Int, _ mostWaiting: Int, _ body: (Parcel) -> Void
    ) throws(ConnectionError) {
        var place = 0
        hasHeldUp = false
        while arrived.count - place >= Self.header {
            let length = arrived[place..<place + Self.header].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(limit) else { throw .tooLong(count: Int(clamping: length), limit: limit) }
            let end = place + Self.header + Int(length)
            guard arrived.count >= end else { break }
            if backlog > mostWaiting {
                hasHeldUp = true
                break
            }
            body(Parcel(bytes: Array(arrived[place + Self.header..<end])))
            place = end
        }
        guard place > 0 else { return }
        arrived.removeFirst(place)
        if arrived.isEmpty, arrived.capacity > 4 * ReadingRoom.size { arrived = [] }
    }

    func send(_ parcel: Parcel) throws(ConnectionError) {
        guard parcel.descriptors.isEmpty else {
            throw .tooManyDescriptors(count: parcel.descriptors.count, limit: 0)
        }
        appendLength(parcel.bytes.count)
        leaving.append(contentsOf: parcel.bytes)
        try flush()
    }

    private func appendLength(_ count: Int) {
        for index in 0..<Self.header { leaving.append(UInt8(truncatingIfNeeded: count >> (8 * index))) }
    }

    func flush() throws(ConnectionError) {
        while sent < leaving.count {
            do throws(SystemError) {
                switch try descriptor.descriptor.send(leaving[sent...]) {
                case .moved(let count): sent += count
                case .wouldBlock:
                    // A client may always leave something: what is sent is not kept for that.
                    if sent > Self.longestSent || sent > leaving.count / 2 {
                        leaving.removeFirst(sent)
                        sent = 0
                    }
                    return
                case .endOfFile: throw SystemError("send an answer", errno: EPIPE)
                }
            } catch {
                throw error.errno == EPIPE || error.errno == ECONNRESET ? .closed : ConnectionError(error)
            }
        }
        leaving.removeAll(keepingCapacity: leaving.capacity <= ReadingRoom.size)
        sent = 0
    }
}

/// Where the bytes of all streams land first.
@safe final class ReadingRoom {
    static let size = 64 << 10
    @unsafe let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    deinit { unsafe bytes.deallocate() }
}
