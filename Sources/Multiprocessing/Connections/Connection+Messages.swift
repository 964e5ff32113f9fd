import Linux
import Synchronization
import Threading

extension Connection {
    /// How many bytes a message from another machine may have where nothing else is said: 64 MiB. Longer ones must be
    /// allowed by whoever receives them, with a `limit`; else a sender could fill the memory here.
    public static let networkLimit = 64 << 20

    // MARK: - Values

    /// Sends a value, with the handles in it: Python's `send`.
    ///
    /// - Parameters:
    ///   - message: what to send.
    ///   - timeout: how long to wait until there is room for it; nil for no limit, zero or less to try once.
    /// - Throws: `ConnectionError`; or what encoding the value throws, and nothing is sent then.
    public func send<Message: Encodable>(_ message: Message, timeout: Duration? = nil) throws {
        let deadline = Deadline(after: timeout)
        let descriptor = try writable()
        let writer = writers.take() ?? ParcelWriter()
        try writer.encode(message)
        let descriptors = writer.takeDescriptors()
        defer {
            // A large message was an exception; its memory is not kept.
            let isSmall = writer.bytes.count <= PacketKind.longestWhole
            writer.reset()
            if isSmall { writers.put(writer) }
        }
        try unsafe transmit(writer.bytes.contents, descriptors, to: descriptor, until: deadline)
    }

    /// Sends what was encoded before.
    ///
    /// - Throws: `ConnectionError`.
    public func send(parcel: Parcel, timeout: Duration? = nil) throws(ConnectionError) {
        let deadline = Deadline(after: timeout)
        let descriptor = try writable()
        let sent = unsafe parcel.bytes.withUnsafeBytes { bytes in
            Result { () throws(ConnectionError) in
                try unsafe transmit(bytes, parcel.descriptors, to: descriptor, until: deadline)
            }
        }
        try sent.get()
    }

    /// Receives a value: Python's `recv`.
    ///
    /// - Parameters:
    ///   - type: what to expect.
    ///   - limit: how many bytes the encoded value may have; nil for no limit on one machine, where the sender has
    ///     given the memory, and `networkLimit` between machines. Some values take more memory than their bytes: a
    ///     list of small numbers up to 16 times as much.
    ///   - timeout: how long to wait for a whole message; nil for no limit, zero or less to look once.
    /// - Throws: `ConnectionError`, among others `closed` after the last message; or `DecodingError` if a message is no
    ///   such value, and that message is gone then.
    public func receive<Message: Decodable>(
        _ type: Message.Type = Message.self, limit: Int? = nil, timeout: Duration? = nil
    ) throws -> Message {
        try unsafe withMessage(limit: limit, until: Deadline(after: timeout)) { bytes, descriptors in
            let reader = unsafe ParcelReader(bytes, descriptors: descriptors)
            defer { reader.end() }
            return try reader.decode(type)
        }
    }

    /// Receives a value without opening it.
    ///
    /// - Throws: as `receive`.
    public func receiveParcel(limit: Int? = nil, timeout: Duration? = nil) throws -> Parcel {
        try unsafe withMessage(limit: limit, until: Deadline(after: timeout)) { bytes, descriptors in
            unsafe Parcel(bytes: [UInt8](bytes), descriptors: descriptors)
        }
    }

    // MARK: - Bytes

    /// Sends bytes, as they are: Python's `send_bytes`.
    ///
    /// - Parameters:
    ///   - bytes: where they are taken from. None is fine, too.
    ///   - offset: where they begin.
    ///   - size: how many; nil for all from `offset` on.
    ///   - timeout: how long to wait until there is room for them; nil for no limit, zero or less to try once.
    /// - Throws: `ConnectionError`; `outOfRange` if the bytes are not within the buffer.
    public func send(
        bytes: [UInt8], offset: Int = 0, size: Int? = nil, timeout: Duration? = nil
    ) throws(ConnectionError) {
        let deadline = Deadline(after: timeout)
        let descriptor = try writable()
        guard (0...bytes.count).contains(offset), (0...(bytes.count - offset)).contains(size ?? 0) else {
            throw .outOfRange(offset: offset, size: size, count: bytes.count)
        }
        let sent = unsafe bytes.withUnsafeBytes { all in
            let part = unsafe UnsafeRawBufferPointer(rebasing: all[offset..<(size.map { offset + $0 } ?? all.count)])
            return Result { () throws(ConnectionError) in
                try unsafe transmit(part, [], to: descriptor, until: deadline)
            }
        }
        try sent.get()
    }

    /// Receives the bytes of a message: Python's `recv_bytes`.
    ///
    /// - Parameters:
    ///   - limit: how many there may be; nil for no limit on one machine, and `networkLimit` between machines. After a
    ///     longer message nothing can be received here.
    ///   - timeout: how long to wait for a whole message; nil for no limit, zero or less to look once.
    /// - Throws: `ConnectionError`, among others `closed` after the last message, `tooLong`, `outOfRange` if the limit
    ///   is below zero.
    public func receiveBytes(limit: Int? = nil, timeout: Duration? = nil) throws -> [UInt8] {
        try unsafe withMessage(limit: limit, until: Deadline(after: timeout)) { bytes, _ in unsafe [UInt8](bytes) }
    }

    /// Receives the bytes of a message into a buffer: Python's `recv_bytes_into`.
    ///
    /// - Parameters:
    ///   - buffer: where the bytes go. It stays as long as it is.
    ///   - offset: where the first one goes.
    ///   - timeout: how long to wait for a whole message; nil for no limit, zero or less to look once.
    /// - Returns: how many bytes there were.
    /// - Throws: as `receiveBytes`; `BufferTooShort`, which has the message, if it does not fit.
    public func receive(into buffer: inout [UInt8], offset: Int = 0, timeout: Duration? = nil) throws -> Int {
        guard (0...buffer.count).contains(offset) else {
            throw ConnectionError.outOfRange(offset: offset, size: nil, count: buffer.count)
        }
        return try unsafe withMessage(limit: nil, until: Deadline(after: timeout)) { bytes, _ in
            guard bytes.count <= buffer.count - offset else {
                throw unsafe BufferTooShort(message: [UInt8](bytes))
            }
            unsafe buffer.withUnsafeMutableBytes { buffer in
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]).copyMemory(from: bytes)
            }
            return bytes.count
        }
    }

    // MARK: - Inside

    private func transmit(
        _ bytes: UnsafeRawBufferPointer, _ descriptors: [SharedDescriptor], to descriptor: SharedDescriptor,
        until deadline: Deadline
    ) throws(ConnectionError) {
        do throws(ConnectionError) {
            guard let stream else {
                return try unsafe PacketSocket(descriptor: descriptor)
                    .send(bytes, descriptors: descriptors, until: deadline)
            }
            if !descriptors.isEmpty { throw .tooManyDescriptors(count: descriptors.count, limit: 0) }
            try unsafe stream.send(bytes, to: descriptor, until: deadline)
        } catch {
            throw explain(error)
        }
    }

    /// Receives a message and gives it to `body`, where it lies.
    func withMessage<Result>(
        limit: Int?, until deadline: Deadline,
        _ body: (UnsafeRawBufferPointer, [SharedDescriptor]) throws -> Result
    ) throws -> Result {
        let descriptor = try readable()
        if let limit, limit < 0 { throw ConnectionError.outOfRange(offset: 0, size: limit, count: 0) }
        if let stream {
            let message: [UInt8]
            do throws(ConnectionError) {
                message = try stream.receive(
                    from: descriptor, limit: limit ?? Connection.networkLimit, until: deadline)
            } catch {
                switch error {
                case .tooLong, .malformed: isDistrusted.store(true, ordering: .relaxed)
                case _: break
                }
                throw explain(error)
            }
            return try unsafe message.withUnsafeBytes { try unsafe body($0, []) }
        }
        let packet = packets.take() ?? ReceivedPacket()
        defer {
            packet.clear()
            packets.put(packet)
        }
        do throws(ConnectionError) {
            try PacketSocket(descriptor: descriptor).receive(into: packet, limit: limit, until: deadline)
        } catch {
            if case .tooLong = error { isDistrusted.store(true, ordering: .relaxed) }
            throw explain(error)
        }
        let message = unsafe packet.message
        if let limit, message.count > limit {
            isDistrusted.store(true, ordering: .relaxed)
            throw ConnectionError.tooLong(count: message.count, limit: limit)
        }
        return try unsafe body(message, packet.descriptors)
    }
}

/// A message was longer than the buffer for it: Python's `multiprocessing.BufferTooShort`.
public struct BufferTooShort: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message, which is not lost.
    public let message: [UInt8]

    /// “cannot …: reason; what to do”.
    public var description: String {
        "cannot receive into the buffer: the message has \(message.count) bytes; take them from this error, and make "
            + "the buffer larger"
    }
}
