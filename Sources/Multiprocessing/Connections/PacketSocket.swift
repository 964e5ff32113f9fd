import CLinux
import Linux
import Threading

/// Sends and receives whole messages on a local socket that keeps their boundaries.
struct PacketSocket {
    let descriptor: SharedDescriptor
    private var raw: Int32 { descriptor.descriptor.raw }

    /// Two sockets that are connected with each other and with nobody else.
    static func pair() throws(SystemError) -> (SharedDescriptor, SharedDescriptor) {
        var ends: (Int32, Int32) = (-1, -1)
        _ = try retrying("make a pair of sockets") {
            unsafe withUnsafeMutableBytes(of: &ends) { ends in
                let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                return unsafe socketpair(AF_UNIX, kind, 0, ends.assumingMemoryBound(to: Int32.self).baseAddress)
            }
        }
        return (
            SharedDescriptor(OwnedDescriptor(adopting: ends.0)), SharedDescriptor(OwnedDescriptor(adopting: ends.1))
        )
    }

    // MARK: - Sending

    /// Sends a message.
    func send(
        _ message: UnsafeRawBufferPointer, descriptors: [SharedDescriptor], until deadline: Deadline
    ) throws(ConnectionError) {
        guard descriptors.count <= PacketKind.mostDescriptors else {
            throw .tooManyDescriptors(count: descriptors.count, limit: PacketKind.mostDescriptors)
        }
        var numbers = descriptors.map { $0.descriptor.raw }
        if message.count <= PacketKind.longestWhole {
            try unsafe send([PacketKind.whole], message, numbers, until: deadline)
        } else {
            let file = try unsafe memoryFile(message)
            numbers.append(file.raw)
            var head: (UInt64, UInt8) = (UInt64(message.count), PacketKind.inMemoryFile)
            // The order of the wire: the kind, then the length.
            var bytes = [head.1]
            unsafe withUnsafeBytes(of: &head.0) { unsafe bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: repeatElement(0, count: PacketKind.largePacket - bytes.count))
            try unsafe send(bytes, UnsafeRawBufferPointer(start: nil, count: 0), numbers, until: deadline)
        }
        // The numbers were theirs.
        withExtendedLifetime(descriptors) {}
    }

    private func send(
        _ head: [UInt8], _ body: UnsafeRawBufferPointer, _ descriptors: [Int32],
        until deadline: Deadline
    ) throws(ConnectionError) {
        let flags = deadline.moment == nil ? 0 : Int32(MSG_DONTWAIT)
        while true {
            let sent = unsafe roost_packet_send(
                raw, head, head.count, body.baseAddress, body.count, flags, descriptors,
                Int32(descriptors.count))
            if sent >= 0 { return }
            switch roost_errno() {
            case EINTR: continue
            case EAGAIN:
                if deadline.isImmediate { throw .timedOut }
                var watches = [Watch(raw, .write)]
                guard Watch.wait(&watches, until: deadline.nanoseconds) else { throw .timedOut }
            case EPIPE, ECONNRESET, ENOTCONN: throw .closed
            case let code: throw ConnectionError(SystemError("send a message", errno: code))
            }
        }
    }

    /// A message that nobody can change any more, in a file without a name.
    private func memoryFile(_ message: UnsafeRawBufferPointer) throws(ConnectionError) -> OwnedDescriptor {
        do throws(SystemError) {
            let raw = try retrying("make a file in memory") { unsafe roost_memory_file("message") }
            let file = OwnedDescriptor(adopting: raw)
            var rest = unsafe message
            while rest.count > 0 {
                let count = unsafe write(raw, rest.baseAddress, rest.count)
                if count > 0 { unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
                if count < 0, roost_errno() != EINTR { throw SystemError.last("write a large message to memory") }
            }
            try seal(raw)
            return file
        } catch {
            throw ConnectionError(error)
        }
    }

    /// The kernel refuses while it has a page in its own hands: to move it, to age it. It waits for that a fraction
    /// of a second each time, which is too short on a busy machine.
    private func seal(_ raw: Int32) throws(SystemError) {
        for attempt in 1... {
            do throws(SystemError) {
                _ = try retrying("seal a file in memory") { roost_fcntl(raw, F_ADD_SEALS, Int(roost_all_seals)) }
                return
            } catch {
                guard error.errno == EBUSY, attempt < 20 else { throw error }
            }
        }
    }

    // MARK: - Receiving

    /// Receives a message into `packet`.
    func receive(
        into packet: ReceivedPacket, limit: Int? = nil, until deadline: Deadline
    ) throws(ConnectionError) {
        var waits = deadline.moment == nil
        while true {
            switch try packet.receive(from: raw, waits: waits, limit: limit) {
            case .message: return
            case .end: throw .closed
            case .nothing:
                waits = false
                if deadline.isImmediate { throw .timedOut }
                var watches = [Watch(raw, .read)]
                guard Watch.wait(&watches, until: deadline.nanoseconds) else { throw .timedOut }
            }
        }
    }
}
