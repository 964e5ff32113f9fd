import DequeModule
import Linux

/// What waits to be sent to one client, in whole frames, so that it can be cut off without cutting a frame in two.
struct WriteQueue {
    private var frames: Deque<ArraySlice<UInt8>> = []
    private var headIsPartlySent = false
    private(set) var bytes = 0

    var isEmpty: Bool { frames.isEmpty }

    mutating func append(_ frame: [UInt8]) {
        frames.append(frame[...])
        bytes += frame.count
    }

    /// Drops every frame of which nothing has been sent.
    mutating func dropUnsent() {
        frames.removeLast(frames.count - (headIsPartlySent ? 1 : 0))
        bytes = frames.first?.count ?? 0
    }

    /// Sends until all is gone or the socket is full.
    mutating func send(to stream: borrowing UnixStream) throws(SystemError) {
        while let head = frames.first {
            guard case .moved(let count) = try stream.descriptor.send(head) else { return }
            bytes -= count
            headIsPartlySent = count < head.count
            if headIsPartlySent {
                frames[0] = head.dropFirst(count)
            } else {
                frames.removeFirst()
            }
        }
    }
}
