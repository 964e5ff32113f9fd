package import Linux

/// A place in a log that a later daemon can find again.
package struct LogMark: Hashable, Sendable {
    package let inode: UInt64
    package let offset: Int64

    package init(inode: UInt64, offset: Int64) {
        self.inode = inode
        self.offset = offset
    }
}

extension LogFile {
    /// The bytes of `range`, as far as they still exist, wherever rotation has put them.
    package func read(_ range: Range<Int64>) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        for segment in segments where segment.range.overlaps(range) {
            guard let file = openForReading(segment) else { continue }
            let wanted = segment.range.clamped(to: range)
            bytes += try readAll(file, wanted.lowerBound - segment.start, count: wanted.count)
        }
        return bytes
    }

    /// The last lines before `end`, none of them from before `start`.
    ///
    /// - Parameter maxBytes: reads at most so many bytes; a line that does not fit whole is left out, unless it is
    ///   the only one.
    package func tail(
        lines: Int, maxBytes: Int, from start: Int64 = 0, to end: Int64? = nil
    ) throws(SystemError) -> [UInt8] {
        let end = min(end ?? self.end, self.end)
        let first = max(start, segments.first?.start ?? 0)
        let floor = max(first, end - Int64(maxBytes))
        guard lines > 0, floor < end else { return [] }
        var tail: [UInt8] = []
        var reached = end
        while reached > floor {
            let next = max(floor, reached - 64 * 1024)
            tail = try read(next..<reached) + tail
            reached = next
            if let cut = beginning(ofLast: lines, in: tail) { return Array(tail[cut...]) }
        }
        // What was cut off in the middle is no line, except where nothing else is left.
        if floor > first, let newline = tail.firstIndex(of: UInt8(ascii: "\n")), newline + 1 < tail.count {
            tail.removeFirst(newline + 1)
        }
        return tail
    }

    /// Where the last `lines` lines begin; nil when there are not that many whole ones. A newline at the very end
    /// belongs to the last line.
    private func beginning(ofLast lines: Int, in bytes: [UInt8]) -> Int? {
        var seen = 0
        for index in bytes.indices.dropLast().reversed() where bytes[index] == UInt8(ascii: "\n") {
            seen += 1
            if seen == lines { return index + 1 }
        }
        return nil
    }

    /// The storable form of a position, or nil when its file is gone.
    package func mark(at position: Int64) -> LogMark? {
        let segment = segments.last { $0.start <= position && position <= $0.range.upperBound }
        return segment.map { LogMark(inode: $0.inode, offset: position - $0.start) }
    }

    /// The position that a mark, perhaps of an earlier daemon, stands for; nil when its file is gone.
    package func position(of mark: LogMark) -> Int64? {
        let segment = segments.last { $0.inode == mark.inode && mark.offset <= $0.length }
        return segment.map { $0.start + mark.offset }
    }

    private func readAll(_ file: SharedDescriptor, _ offset: Int64, count: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let more = try file.descriptor.read(count - bytes.count, at: offset + Int64(bytes.count))
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }
}
