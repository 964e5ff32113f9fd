package import Linux

/// A log file and the files it was rotated to, as one long text.
///
/// Positions in that text only grow: a run that knows where it began can find its lines again after any rotation.
/// Bytes come from pipes by `splice`, in one step of the kernel, so that a daemon killed at any instant loses none.
/// That rules out `O_APPEND`, hence this object must be the only writer; bytes that others append are respected if
/// they come between two drains, and so is a file that others truncate, delete or move away.
package final class LogFile {
    /// One file of the chain.
    struct Segment: Hashable {
        let inode: UInt64
        /// The position of its first byte.
        let start: Int64
        var length: Int64

        var range: Range<Int64> { start..<start + length }
    }

    /// How far past its size a file may grow in search of the end of a line.
    static let lineSearch: Int64 = 64 * 1024

    package let path: String
    package var rotation: Rotation

    /// When and how far files are put aside.
    package struct Rotation: Hashable, Sendable {
        package var size: Int64
        package var keep: Int
        package init(size: Int64, keep: Int) {
            self.size = size
            self.keep = keep
        }
    }

    /// The oldest first, the one being written last; empty only until the file could be opened for the first time.
    var segments: [Segment] = []
    var file: SharedDescriptor?
    /// After a failed rotation, the length at which to try again.
    var rotationHeldUntil: Int64 = 0
    let followsLinks: Bool
    private let peek: LogPeek
    let reportRotationFailure: (SystemError) -> Void

    /// Opens the file if it can; otherwise `drain` tries again and says what is wrong.
    init(
        path: String, rotation: Rotation, followsLinks: Bool = true, peek: LogPeek,
        reportRotationFailure: @escaping (SystemError) -> Void
    ) {
        self.path = path
        self.followsLinks = followsLinks
        self.rotation = rotation
        self.peek = peek
        self.reportRotationFailure = reportRotationFailure
        _ = try? prepare()
    }

    /// The position after the last byte.
    package var end: Int64 { segments.last?.range.upperBound ?? 0 }

    // MARK: - Writing

    /// Moves at most `limit` bytes from `pipe` to the file, rotating first when it is time.
    ///
    /// - Returns: `.moved` with the bytes' place in the text.
    func drain(from pipe: borrowing OwnedDescriptor, atMost limit: Int) throws(SystemError) -> LogDrain {
        var file = try prepare()
        var length = segments[segments.count - 1].length
        if try isDueForRotation(file, length: length) {
            file = try rotate() ?? file
            length = segments[segments.count - 1].length
        }
        let allowed = try allowance(pipe, length: length, limit: limit)
        guard allowed > 0 else { return .empty }
        do {
            switch try splice(from: pipe, to: file.descriptor, atMost: allowed) {
            case .moved(let count):
                let start = end
                segments[segments.count - 1].length += Int64(count)
                return .moved(start..<end)
            case .wouldBlock: return .empty
            case .endOfFile: return .ended
            }
        } catch {
            throw SystemError("write", path, errno: error.errno)
        }
    }

    /// How many bytes may be moved at once without missing the place to rotate at.
    private func allowance(
        _ pipe: borrowing OwnedDescriptor, length: Int64, limit: Int
    ) throws(SystemError) -> Int {
        guard rotation.size > 0 else { return limit }
        // Up to the size without looking; from there, up to the end of the line.
        guard length >= rotation.size else { return min(limit, Int(rotation.size - length)) }
        guard rotationHeldUntil <= length else { return limit }
        return try peek.bytesToEndOfLine(in: pipe, atMost: Int(Self.lineSearch)) ?? limit
    }

    private func isDueForRotation(_ file: SharedDescriptor, length: Int64) throws(SystemError) -> Bool {
        guard rotation.size > 0, length >= rotation.size, length >= rotationHeldUntil else { return false }
        if length >= rotation.size + Self.lineSearch { return true }
        return try file.descriptor.read(1, at: length - 1) == [UInt8(ascii: "\n")]
    }

    /// Makes sure that the file is open, is still the one at its path, and that the position is at its end.
    @discardableResult
    func prepare() throws(SystemError) -> SharedDescriptor {
        guard let file, var segment = segments.last else { return try open() }
        let status = try FileStatus(of: file.descriptor)
        // Deleted, perhaps with its directory: what is written to it now would vanish with it.
        guard status.links > 0 else { return try open() }
        if status.size != segment.length {
            try file.descriptor.seekToEnd()
            if status.size < segment.length {
                // Truncated by others. Positions grow on, and what was cut off is gone.
                segment = Segment(inode: segment.inode, start: segment.range.upperBound, length: status.size)
                rotationHeldUntil = 0
            } else {
                segment.length = status.size
            }
            segments[segments.count - 1] = segment
        }
        return file
    }

    /// Opens what is at the path now, after it was renamed by logrotate or the like.
    package func reopen() throws(SystemError) { _ = try open() }

    /// Empties the file. What was written before can no longer be read back.
    package func clear() throws(SystemError) {
        let file = try prepare()
        try file.descriptor.truncate(to: 0)
        try file.descriptor.seekToEnd()
        segments = [Segment(inode: segments[segments.count - 1].inode, start: end, length: 0)]
        rotationHeldUntil = 0
    }
}

/// What became of one attempt to move output on.
enum LogDrain: Equatable {
    /// The bytes are at this place of the log's text.
    case moved(Range<Int64>)
    /// The pipe has nothing now.
    case empty
    /// The pipe will never have anything again.
    case ended
}
