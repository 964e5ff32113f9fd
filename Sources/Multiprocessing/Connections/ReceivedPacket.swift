import CLinux
import Linux

/// A message as it was received, where the kernel put it: in a buffer that is used again for the next one, or in a
/// sealed file that is mapped into memory.
@safe final class ReceivedPacket {
    enum Outcome {
        case message
        case nothing
        case end
    }

    @unsafe private let buffer: UnsafeMutableRawPointer
    @unsafe private let numbers: UnsafeMutablePointer<Int32>
    private var length = 0
    private var mapped: Int?
    @unsafe private var mapping: UnsafeMutableRawPointer?
    private(set) var descriptors: [SharedDescriptor] = []

    init() {
        unsafe buffer = .allocate(byteCount: PacketKind.bufferSize, alignment: 16)
        unsafe numbers = .allocate(capacity: Int(roost_packet_descriptors))
    }

    deinit {
        clear()
        unsafe buffer.deallocate()
        unsafe numbers.deallocate()
    }

    /// The message, until the next one is received or this one is cleared.
    var message: UnsafeRawBufferPointer {
        if let mapped { return unsafe UnsafeRawBufferPointer(start: mapping, count: mapped) }
        return unsafe UnsafeRawBufferPointer(start: buffer + 1, count: length - 1)
    }

    /// Lets the message go.
    func clear() {
        if let mapped { unsafe munmap(mapping, mapped) }
        mapped = nil
        unsafe mapping = nil
        length = 1
        if !descriptors.isEmpty { descriptors = [] }
    }

    /// - Parameter limit: how many bytes a message may have; a longer one is not mapped.
    func receive(from raw: Int32, waits: Bool, limit: Int? = nil) throws(ConnectionError) -> Outcome {
        clear()
        let flags = waits ? 0 : Int32(MSG_DONTWAIT)
        var (count, state): (Int32, Int32) = (0, 0)
        while true {
            let received = unsafe roost_packet_receive(
                raw, buffer, PacketKind.bufferSize, flags, numbers, &count, &state)
            if received > 0 {
                try open(received, count: Int(count), state: state, limit: limit)
                return .message
            }
            if received == 0 {
                // An empty packet is no message of ours, but it may have brought descriptors.
                for index in 0..<Int(count) { unsafe close(OwnedDescriptor(adopting: numbers[index])) }
                return .end
            }
            switch roost_errno() {
            // The other end closed without receiving everything; what it sent is there nevertheless, as is the end.
            case EINTR, ECONNRESET: continue
            case EAGAIN: return .nothing
            case ENOTCONN: return .end
            case let code: throw ConnectionError(SystemError("receive a message", errno: code))
            }
        }
    }

    private func open(_ received: Int, count: Int, state: Int32, limit: Int?) throws(ConnectionError) {
        length = received
        if count > 0 {
            descriptors = (0..<count).map { unsafe SharedDescriptor(OwnedDescriptor(adopting: numbers[$0])) }
        }
        if state & Int32(ROOST_PACKET_LOST_DESCRIPTORS.rawValue) != 0 { throw refuse(.descriptorsLost) }
        if state & Int32(ROOST_PACKET_CUT.rawValue) != 0 { throw refuse(.malformed) }
        switch unsafe buffer.load(as: UInt8.self) {
        case PacketKind.whole: return
        case PacketKind.inMemoryFile: try openMemoryFile(received, limit)
        case _: throw refuse(.malformed)
        }
    }

    private func close(_ descriptor: consuming OwnedDescriptor) {}

    private func refuse(_ error: ConnectionError) -> ConnectionError {
        clear()
        return error
    }

    /// Maps the file, if it is what it must be: sealed, so that nobody can change or cut it while it is read, and of
    /// memory that exists, so that no more is taken here than was given there.
    private func openMemoryFile(_ received: Int, _ limit: Int?) throws(ConnectionError) {
        guard received >= PacketKind.largeHeader, let file = descriptors.popLast() else { throw refuse(.malformed) }
        let count = unsafe buffer.loadUnaligned(fromByteOffset: 1, as: UInt64.self)
        if let limit, count > UInt64(limit) { throw refuse(.tooLong(count: Int(clamping: count), limit: limit)) }
        guard let extent = SealedFile.extent(of: file.descriptor, requiring: .contents), count == UInt64(extent.size),
            extent.given >= extent.size
        else { throw refuse(.malformed) }
        let raw = file.descriptor.raw
        guard let start = unsafe roost_map_to_read(raw, Int(count)) else {
            let code = roost_errno()
            throw refuse(ConnectionError(SystemError("map a large message", errno: code)))
        }
        unsafe mapping = start
        mapped = Int(count)
    }
}
