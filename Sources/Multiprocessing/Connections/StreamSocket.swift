import CLinux
import Linux
import Threading

/// Sends and receives messages on a stream of bytes, for connections between machines.
///
/// A message is its length in 8 bytes and its bytes. No more is read than belongs to one message, so a connection may
/// be given to another process between two of them. A message that has come in part is kept for the next attempt.
final class StreamSocket: @unchecked Sendable {
    private let sending = FutexLock()
    private let receiving = FutexLock()
    /// Whether a message was sent in part, so that nobody could understand another one. Guarded by `sending`.
    private var isTorn = false
    /// What has come of a message, its length first. Guarded by `receiving`.
    private var arrived: [UInt8] = []

    private static let header = 8
    /// How much is made room for at a time, whatever the length says.
    private static let step = 256 << 10

    // MARK: - Sending

    func send(
        _ message: UnsafeRawBufferPointer, to descriptor: SharedDescriptor, until deadline: Deadline
    ) throws(ConnectionError) {
        guard sending.acquire(until: deadline) else { throw .timedOut }
        defer { sending.release() }
        if isTorn { throw .notWritable }
        let raw = descriptor.descriptor.raw
        var length = UInt64(message.count).littleEndian
        var sent = 0
        let total = StreamSocket.header + message.count
        while sent < total {
            let count = unsafe withUnsafeBytes(of: &length) { head in
                let head = unsafe UnsafeRawBufferPointer(rebasing: head[min(sent, StreamSocket.header)...])
                let body = unsafe UnsafeRawBufferPointer(
                    rebasing: message[max(0, sent - StreamSocket.header)...])
                if head.count == 0 {
                    return unsafe roost_packet_send(
                        raw, body.baseAddress, body.count, nil, 0, Int32(MSG_DONTWAIT), nil, 0)
                }
                return unsafe roost_packet_send(
                    raw, head.baseAddress, head.count, body.baseAddress, body.count, Int32(MSG_DONTWAIT), nil, 0)
            }
            if count >= 0 {
                sent += count
                continue
            }
            let code = roost_errno()
            if code == EINTR { continue }
            isTorn = sent > 0
            if code == EPIPE || code == ECONNRESET { throw .closed }
            guard code == EAGAIN else { throw ConnectionError(SystemError("send a message", errno: code)) }
            var watches = [Watch(raw, .write)]
            guard !deadline.isImmediate, Watch.wait(&watches, until: deadline.nanoseconds) else { throw .timedOut }
            isTorn = false
        }
    }

    // MARK: - Receiving

    /// Receives a message and gives it to `body`.
    func receive(
        from descriptor: SharedDescriptor, limit: Int?, until deadline: Deadline
    ) throws(ConnectionError) -> [UInt8] {
        guard receiving.acquire(until: deadline) else { throw .timedOut }
        defer { receiving.release() }
        let raw = descriptor.descriptor.raw
        try fill(to: StreamSocket.header, from: raw, until: deadline)
        let length = arrived.prefix(StreamSocket.header).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Int.max - StreamSocket.header) else { throw .malformed }
        if let limit, length > UInt64(limit) { throw .tooLong(count: Int(length), limit: limit) }
        try fill(to: StreamSocket.header + Int(length), from: raw, until: deadline)
        defer { arrived = [] }
        return Array(arrived[StreamSocket.header...])
    }

    private func fill(to count: Int, from raw: Int32, until deadline: Deadline) throws(ConnectionError) {
        while arrived.count < count {
            let start = arrived.count
            let room = min(count - start, StreamSocket.step)
            arrived.append(contentsOf: repeatElement(0, count: room))
            let got = unsafe arrived.withUnsafeMutableBytes {
                unsafe recv(raw, $0.baseAddress! + start, room, Int32(MSG_DONTWAIT))
            }
            let code = roost_errno()
            arrived.removeLast(room - max(0, got))
            if got > 0 { continue }
            if got == 0 || code == ECONNRESET { throw arrived.isEmpty ? .closed : .truncated }
            if code == EINTR { continue }
            guard code == EAGAIN else { throw ConnectionError(SystemError("receive a message", errno: code)) }
            var watches = [Watch(raw, .read)]
            guard !deadline.isImmediate, Watch.wait(&watches, until: deadline.nanoseconds) else { throw .timedOut }
        }
    }

    /// Whether a message has come in part; nil while somebody receives, who may be waiting for the rest of one.
    var hasBegun: Bool? {
        guard receiving.tryAcquire() else { return nil }
        defer { receiving.release() }
        return !arrived.isEmpty
    }
}
