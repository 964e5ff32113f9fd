import CLinux
import Linux

/// The three standard streams of a child while it is being made.
///
/// The child's ends that were opened for it are closed with this value; the parent's ends are taken from it.
package struct ChildStreams: ~Copyable {
    var input: ChildStream
    var output: ChildStream
    /// nil if it is merged with the output.
    var error: ChildStream?
    /// The child's ends under the numbers 0, 1 and 2.
    let mappings: [roost_spawn_descriptor]

    package init(_ request: SpawnRequest) throws(SpawnError) {
        // Asked before anything is opened: in a parent without the streams, what is opened gets their numbers.
        let lacksOutput = request.standardOutput == .inherit && !ChildStreams.isOpen(1)
        let lacksError = request.standardError == .inherit && !ChildStreams.isOpen(2)
        let lacksInput = request.standardInput == .inherit && !ChildStreams.isOpen(0)
        let capacity = request.command.pipeCapacity
        let input = try ChildStream(lacksInput ? .null : request.standardInput, pipeCapacity: capacity)
        let output = try ChildStream(
            lacksOutput ? .null : request.standardOutput, number: 1, pipeCapacity: capacity)
        let error: ChildStream?
        let errorSource: Int32
        switch request.standardError {
        case .mergeWithOutput:
            error = nil
            errorSource = output.source
        case .separate(let place):
            let stream = try ChildStream(lacksError ? .null : place, number: 2, pipeCapacity: capacity)
            errorSource = stream.source
            error = consume stream
        }
        mappings = [
            roost_spawn_descriptor(source: input.source, target: 0, moved: -1),
            roost_spawn_descriptor(source: output.source, target: 1, moved: -1),
            roost_spawn_descriptor(source: errorSource, target: 2, moved: -1),
        ]
        self.input = input
        self.output = output
        self.error = error
    }

    /// The same, by their numbers.
    package var sources: [Int32] { mappings.map(\.source) }

    private static func isOpen(_ number: Int32) -> Bool { roost_fcntl(number, F_GETFD, 0) >= 0 }
}

/// One standard stream: the descriptor that the child gets, and the other end, if it is a pipe.
///
/// A program with a closed standard stream writes its messages into whatever file it opens first, so a child that
/// would inherit one which the parent does not have gets the null device.
struct ChildStream: ~Copyable {
    let source: Int32
    /// Keeps `source` open, if it was opened for the child.
    private let opened: OwnedDescriptor?
    var parentEnd: OwnedDescriptor?

    private init(borrowing source: Int32) {
        self.source = source
        opened = nil
        parentEnd = nil
    }

    private init(adopting opened: consuming OwnedDescriptor, parentEnd: consuming OwnedDescriptor?) {
        source = opened.raw
        self.opened = consume opened
        self.parentEnd = parentEnd
    }

    init(_ place: StandardInput, pipeCapacity: Int?) throws(SpawnError) {
        switch place {
        case .inherit: self.init(borrowing: 0)
        case .null: self = try ChildStream.nullDevice(O_RDONLY)
        case .file(let path): self = try ChildStream.file(path, O_RDONLY)
        case .descriptor(let raw): self.init(borrowing: raw)
        case .pipe:
            let pipe = try ChildStream.pipe(for: "the standard input", capacity: pipeCapacity)
            self.init(adopting: pipe.reader, parentEnd: pipe.writer)
        }
    }

    init(_ place: StandardOutput, number: Int32, pipeCapacity: Int?) throws(SpawnError) {
        switch place {
        case .inherit: self.init(borrowing: number)
        case .null: self = try ChildStream.nullDevice(O_WRONLY)
        case .file(let path, .append): self = try ChildStream.file(path, O_WRONLY | O_CREAT | O_APPEND)
        case .file(let path, .truncate): self = try ChildStream.file(path, O_WRONLY | O_CREAT | O_TRUNC)
        case .descriptor(let raw): self.init(borrowing: raw)
        case .pipe:
            let purpose = number == 1 ? "the standard output" : "the standard error"
            let pipe = try ChildStream.pipe(for: purpose, capacity: pipeCapacity)
            self.init(adopting: pipe.writer, parentEnd: pipe.reader)
        }
    }

    private static func nullDevice(_ flags: Int32) throws(SpawnError) -> ChildStream {
        let raw = unsafe roost_open("/dev/null", flags, 0)
        guard raw >= 0 else { throw SpawnError(.open, "/dev/null", errno: roost_errno()) }
        return ChildStream(adopting: OwnedDescriptor(adopting: raw), parentEnd: nil)
    }

    private static func file(_ path: String, _ flags: Int32) throws(SpawnError) -> ChildStream {
        var status = stat()
        let isFIFO = unsafe stat(path, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFIFO)
        // Open in both directions, a FIFO needs nobody at its other end.
        let direction = isFIFO ? flags & ~O_ACCMODE | O_RDWR : flags
        do {
            // Without O_NOCTTY, a session leader that opens a terminal would get it as its own.
            let raw = try retrying("open", path) {
                unsafe roost_open(path, direction | O_NOCTTY | O_NONBLOCK, 0o666)
            }
            let file = OwnedDescriptor(adopting: raw)
            // The parent must not wait while it opens; the child shall wait when it reads and writes.
            let opened = try retrying("read the flags of", path) { roost_fcntl(raw, F_GETFL, 0) }
            _ = try retrying("set the flags of", path) { roost_fcntl(raw, F_SETFL, Int(opened & ~O_NONBLOCK)) }
            return ChildStream(adopting: file, parentEnd: nil)
        } catch {
            throw SpawnError(.open, path, errno: error.errno)
        }
    }

    private static func pipe(for purpose: String, capacity: Int?) throws(SpawnError) -> Pipe {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(.pipe, purpose, errno: roost_errno()) }
        // Users have an allowance of large pipes; beyond it a smaller one does as well.
        if let capacity { _ = roost_fcntl(ends[0], F_SETPIPE_SZ, capacity) }
        return Pipe(reader: OwnedDescriptor(adopting: ends[0]), writer: OwnedDescriptor(adopting: ends[1]))
    }
}

private struct Pipe: ~Copyable {
    let reader: OwnedDescriptor
    let writer: OwnedDescriptor
}
