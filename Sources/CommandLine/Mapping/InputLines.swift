import Glibc
import Linux

/// The lines of a file or of standard input, read no faster than they are wanted.
struct InputLines: ~Copyable {
    /// No task may be longer, so no line is kept beyond it.
    static let lineLimit = 1 << 20

    let descriptor: Int32
    private let isOurs: Bool
    /// Bytes in all, if that is known before the end.
    let size: Int64?
    private(set) var bytesTaken: Int64 = 0
    /// The number of the line that was given out last.
    private(set) var number = 0
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private(set) var hasEnded = false
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    init(_ path: String) throws(Failure) {
        if path == "-" {
            descriptor = STDIN_FILENO
            isOurs = false
        } else {
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            isOurs = true
            guard descriptor >= 0 else {
                throw Failure(.usage, "cannot read \(path): \(SystemError.text(errno))")
            }
        }
        var status = stat()
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        size = isFile ? Int64(status.st_size) : nil
    }

    deinit { if isOurs { close(descriptor) } }

    /// The next line that has been read, without its end; blank ones are passed over. Nil when more must be read, or
    /// there is no more.
    mutating func next() throws(Failure) -> [UInt8]? {
        while true {
            guard let newline = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) else { break }
            let line = buffer[start..<newline]
            bytesTaken += Int64(newline + 1 - start)
            scanned = newline + 1
            start = scanned
            number += 1
            if line.contains(where: { $0 > 0x20 }) { return try checked(line) }
        }
        scanned = buffer.count
        guard hasEnded, start < buffer.count else {
            if buffer.count - start > InputLines.lineLimit { throw tooLong(number + 1) }
            return nil
        }
        let line = buffer[start...]
        bytesTaken += Int64(line.count)
        start = buffer.count
        number += 1
        return line.contains { $0 > 0x20 } ? try checked(line) : nil
    }

    private func checked(_ line: ArraySlice<UInt8>) throws(Failure) -> [UInt8] {
        guard line.count <= InputLines.lineLimit else { throw tooLong(number) }
        return Array(line)
    }

    private func tooLong(_ number: Int) -> Failure {
        Failure(.usage, "cannot send line \(number): it is longer than \(InputLines.lineLimit) bytes")
    }

    /// Reads some more. Waits only if the descriptor makes it.
    mutating func read() throws(Failure) {
        if start > 0, start >= buffer.count / 2 {
            buffer.removeFirst(start)
            scanned -= start
            start = 0
        }
        let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            buffer.append(contentsOf: chunk[..<count])
        } else if count == 0 {
            hasEnded = true
        } else if errno != EINTR, errno != EAGAIN {
            throw Failure(.notReached, "cannot read the input: \(SystemError.text(errno))")
        }
    }

    /// All of standard input, which is one task.
    static func readAll() throws(Failure) -> [UInt8] {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
            if count == 0 { return text }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(.notReached, "cannot read the task: \(SystemError.text(errno))")
            }
            text += chunk[..<count]
            if text.count > lineLimit { throw Failure(.usage, "cannot send a task of more than \(lineLimit) bytes") }
        }
    }
}
