import CLinux

/// What came with a message besides its bytes. Descriptors that nobody takes are closed.
package struct ReceivedMessage: ~Copyable {
    /// How many bytes were put into the buffer.
    package let length: Int
    /// Whether the message was longer than the buffer, and its end is lost.
    package let isTruncated: Bool
    /// The sender as the kernel vouches; nil on a socket that did not ask for it.
    package let sender: PeerCredentials?
    private var descriptors: [Int32]

    fileprivate init(length: Int, isTruncated: Bool, sender: PeerCredentials?, descriptors: [Int32]) {
        self.length = length
        self.isTruncated = isTruncated
        self.sender = sender
        self.descriptors = descriptors
    }

    deinit {
        for descriptor in descriptors { _ = close(descriptor) }
    }

    package var descriptorCount: Int { descriptors.count }

    /// The next received descriptor, now the caller's; nil when all have been taken.
    package mutating func takeDescriptor() -> OwnedDescriptor? {
        descriptors.isEmpty ? nil : OwnedDescriptor(adopting: descriptors.removeFirst())
    }
}

extension OwnedDescriptor {
    /// Receives one message from a socket to the start of `buffer`, without waiting; nil when there is none.
    ///
    /// On a stream socket a length of 0 is the end; at most 16 descriptors are taken, and the rest are closed.
    package borrowing func receiveMessage(into buffer: inout [UInt8]) throws(SystemError) -> ReceivedMessage? {
        let raw = self.raw
        var with = roost_ancillary()
        let result = try transferring("receive a message") {
            unsafe buffer.withUnsafeMutableBytes { unsafe roost_receive(raw, $0.baseAddress, $0.count, &with) }
        }
        let length: Int
        switch result {
        case .moved(let count): length = count
        case .endOfFile: length = 0
        case .wouldBlock: return nil
        }
        let count = Int(with.descriptor_count)
        let descriptors = unsafe withUnsafeBytes(of: &with.descriptors) {
            unsafe Array($0.bindMemory(to: Int32.self).prefix(count))
        }
        let sender =
            with.has_sender == 0
            ? nil : PeerCredentials(pid: with.sender.pid, uid: with.sender.uid, gid: with.sender.gid)
        return ReceivedMessage(
            length: length, isTruncated: with.truncated != 0, sender: sender, descriptors: descriptors)
    }

    /// Sends one message on a connected socket, with at most 16 descriptors, which stay the caller's.
    package borrowing func sendMessage(
        _ bytes: [UInt8], descriptors: [Int32] = []
    ) throws(SystemError) -> Transfer {
        let raw = self.raw
        return try transferring("send a message") {
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe roost_send(raw, bytes.baseAddress, bytes.count, descriptors, Int32(descriptors.count))
            }
        }
    }
}
