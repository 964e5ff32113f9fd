import CLinux
import Linux

/// The three standard streams of a child while it is being made.
///
/// The child's ends that were opened for it are closed with this value; the parent's ends are taken from it.
struct ChildStreams: ~Copyable {
    var input: ChildStream
    var output: ChildStream
    /// nil if it is merged with the output.
    var error: ChildStream?
    /// The child's ends under the numbers 0, 1 and 2.
    let mappings: [roost_spawn_descriptor]

    init(_ request: SpawnRequest) throws(SpawnError) {
        // Asked before anything is opened: in a parent without the streams, what is opened gets their numbers.
        let exists = (0...2).map { roost_fcntl($0, F_GETFD, 0) >= 0 }
        let capacity = request.pipeCapacity
        let input = try ChildStream(request.standardInput, inherits: exists[0], pipeCapacity: capacity)
        let output = try ChildStream(request.standardOutput, number: 1, inherits: exists[1], pipeCapacity: capacity)
        let error: ChildStream?
        let errorSource: Int32
        switch request.standardError {
        case .mergeWithOutput:
            error = nil
            errorSource = output.source
        case .separate(let place):
            let stream = try ChildStream(place, number: 2, inherits: exists[2], pipeCapacity: capacity)
            errorSource = stream.source
            error = consume stream
        }
        mappings = [input.source, output.source, errorSource].enumerated().map { target, source in
            roost_spawn_descriptor(source: source, target: Int32(target), moved: -1)
        }
        self.input = input
        self.output = output
        self.error = error
    }
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

    init(_ place: SpawnRequest.StandardInput, inherits: Bool, pipeCapacity: Int?) throws(SpawnError) {
        switch place {
        case .inherit where inherits: self.init(borrowing: 0)
        case .inherit: self = try ChildStream.file("/dev/null", O_RDONLY)
        case .null: self = try ChildStream.file("/dev/null", O_RDONLY)
        case .file(let path): self = try ChildStream.file(path, O_RDONLY)
        case .descriptor(let raw): self.init(borrowing: raw)
        case .pipe:
            let pipe = try ChildStream.pipe(for: "the standard input", capacity: pipeCapacity)
            self.init(adopting: pipe.reader, parentEnd: pipe.writer)
        }
    }

    init(
        _ place: SpawnRequest.StandardOutput, number: Int32, inherits: Bool, pipeCapacity: Int?
    ) throws(SpawnError) {
        switch place {
        case .inherit where inherits: self.init(borrowing: number)
        case .inherit: self = try ChildStream.file("/dev/null", O_WRONLY)
        case .null: self = try ChildStream.file("/dev/null", O_WRONLY)
        case .file(let path, .append): self = try ChildStream.file(path, O_WRONLY | O_CREAT | O_APPEND)
        case .file(let path, .truncate): self = try ChildStream.file(path, O_WRONLY | O_CREAT | O_TRUNC)
        case .descriptor(let raw): self.init(borrowing: raw)
        case .pipe:
            let purpose = number == 1 ? "the standard output" : "the standard error"
            let pipe = try ChildStream.pipe(for: purpose, capacity: pipeCapacity)
            self.init(adopting: pipe.writer, parentEnd: pipe.reader)
        }
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
