import Linux

/// What becomes of the bytes that a child writes.
struct Sink {
    enum Destination {
        /// They are kept, up to so many.
        case capture(limit: Int)
        /// They go to somebody as they come.
        case chunks(([UInt8]) -> Void)
        /// They go to somebody line by line.
        case lines((String) -> Void)
    }

    /// A longer line is passed on in pieces.
    private static let longestLine = 1 << 20
    private static let lineFeed = UInt8(ascii: "\n")

    private let destination: Destination
    /// What is captured, or the line that has only begun.
    private var bytes: [UInt8] = []
    /// Whether more has come than may be captured.
    private(set) var isOverfull = false

    init(_ destination: Destination) { self.destination = destination }

    /// The limit that was exceeded, for the error.
    var limit: Int {
        switch destination {
        case .capture(let limit): min(max(0, limit), .max - 1)
        case .chunks, .lines: .max - 1
        }
    }

    var captured: [UInt8]? {
        switch destination {
        case .capture: bytes
        case .chunks, .lines: nil
        }
    }

    /// Reads once from an end that is readable; closes it at the end of the output.
    mutating func read(
        from end: ChildOutput, through scratch: UnsafeMutableRawBufferPointer
    ) throws(ProcessError) -> Int {
        // One more than allowed, to see that there is more.
        let room = min(scratch.count - 1, limit - bytes.count) + 1
        let count = try unsafe end.readOnce(atMost: room, through: scratch, appendingTo: &bytes)
        if count == 0 {
            end.finish()
            finish()
        } else {
            deliver(since: bytes.count - count)
        }
        return count
    }

    /// Takes what was read before.
    mutating func take(_ earlier: [UInt8]) {
        if earlier.isEmpty { return }
        let before = bytes.count
        bytes += earlier
        deliver(since: before)
    }

    private mutating func deliver(since start: Int) {
        switch destination {
        case .capture:
            guard bytes.count > limit else { return }
            bytes.removeLast(bytes.count - limit)
            isOverfull = true
        case .chunks(let receive):
            receive(bytes)
            bytes = []
        case .lines(let receive):
            var rest = bytes[...]
            var searched = start
            while let feed = rest[searched...].firstIndex(of: Sink.lineFeed) {
                receive(String(decoding: rest[..<feed], as: UTF8.self))
                rest = rest[(feed + 1)...]
                searched = feed + 1
            }
            if rest.count >= Sink.longestLine {
                receive(String(decoding: rest, as: UTF8.self))
                rest = []
            }
            bytes = Array(rest)
        }
    }

    /// The last line may lack its line feed.
    private mutating func finish() {
        if case .lines(let receive) = destination, !bytes.isEmpty {
            receive(String(decoding: bytes, as: UTF8.self))
            bytes = []
        }
    }
}
