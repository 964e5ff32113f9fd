import Linux

/// Looks into a pipe without taking anything out, to find the end of a line.
///
/// One pipe and one buffer serve all logs: they are empty between two looks.
final class LogPeek {
    private let copy: Pipe
    private var buffer: [UInt8]

    init() throws(SystemError) {
        copy = try Pipe(nonblocking: [.reader, .writer])
        buffer = [UInt8](repeating: 0, count: try copy.reader.pipeCapacity())
    }

    /// How many bytes of `pipe` belong to the line at its front, its newline included.
    ///
    /// - Returns: at most `limit`, whether or not a line ends there; nil when the pipe has nothing now, or has ended.
    func bytesToEndOfLine(in pipe: borrowing OwnedDescriptor, atMost limit: Int) throws(SystemError) -> Int? {
        guard case .moved = try tee(from: pipe, to: copy.writer, atMost: min(limit, buffer.count)) else { return nil }
        var found: Int?
        var looked = 0
        // The copy must be emptied whole, also when the newline comes first.
        while case .moved(let count) = try copy.reader.read(into: &buffer) {
            let newline = buffer[..<count].firstIndex(of: UInt8(ascii: "\n"))
            if found == nil, let newline { found = looked + newline + 1 }
            looked += count
        }
        return found ?? looked
    }
}
