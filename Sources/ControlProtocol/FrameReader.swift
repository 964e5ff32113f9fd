/// Cuts a stream of bytes into frames: one JSON object a line.
///
/// Bounded: a line longer than `limit` is an error, said once, and nothing is kept of it or of what follows, for there
/// is no telling where the next frame would begin. Each byte is looked at once, however the stream is chopped up.
package struct FrameReader: Sendable {
    /// The longest request that the daemon takes, in bytes, without the newline.
    package static let requestLimit = 1 << 20
    /// The longest answer that the daemon gives; what a client must be ready for.
    package static let answerLimit = 4 << 20

    package struct TooLong: Error, Equatable, Sendable {
        package let limit: Int

        package init(limit: Int) { self.limit = limit }
    }

    package let limit: Int
    private var buffer: [UInt8] = []
    /// Where the first frame not yet given out begins.
    private var start = 0
    /// No newline lies between `start` and here.
    private var scanned = 0
    private var hasFailed = false

    package init(limit: Int = FrameReader.requestLimit) {
        precondition(limit > 0, "a frame has at least one byte")
        self.limit = limit
    }

    /// Bytes that no frame has been made of yet.
    package var pending: Int { buffer.count - start }

    /// Takes in the next bytes of the stream. They are dropped after a frame that was too long.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        if hasFailed { return }
        if start > 0, start >= buffer.count / 2 {
            // Moving the rest costs no more than what was given out since the last time.
            buffer.removeFirst(start)
            scanned -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next frame without its newline, or nil until more bytes are there. Empty lines are passed over.
    package mutating func next() throws(TooLong) -> [UInt8]? {
        while let newline = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
            let frame = buffer[start..<newline]
            scanned = newline + 1
            start = scanned
            guard frame.count <= limit else { throw fail() }
            if frame.contains(where: { !FrameReader.isBlank($0) }) { return Array(frame) }
        }
        scanned = buffer.count
        guard pending <= limit else { throw fail() }
        return nil
    }

    private mutating func fail() -> TooLong {
        hasFailed = true
        buffer = []
        start = 0
        scanned = 0
        return TooLong(limit: limit)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
