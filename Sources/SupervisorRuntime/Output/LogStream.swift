import Glibc
import Linux
import Reactor

/// A log target that is no regular file: a terminal, a FIFO, a socket, the daemon's own standard error.
///
/// Such targets cannot take a splice, or would make it wait. Bytes go through a buffer instead, without waiting; what
/// the target does not take now is kept, at most 64 KiB, and written when it can be. A write to a pipe that has lost
/// its reader fails with `EPIPE` only if the process ignores SIGPIPE, as the daemon does.
final class LogStream {
    private let path: String
    private let loop: EventLoop
    private let descriptor: OwnedDescriptor
    private let isSocket: Bool
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    /// The part of the buffer that is read but not yet written.
    private var pending = 0..<0
    private var source: EventLoop.Source?
    private var waiting: [() -> Void] = []

    init(path: String, loop: EventLoop) throws(SystemError) {
        self.path = path
        self.loop = loop
        descriptor = try Self.open(path)
        isSocket = try FileStatus(of: descriptor).kind == .socket
    }

    deinit {
        if let source { loop.remove(source) }
    }

    /// Whether `path` needs a stream: it is there, and is no regular file.
    ///
    /// What is under /dev and /proc is a stream even when it leads to a file, as /dev/stdout may: others write to the
    /// same file, so that every write must append.
    static func isNeeded(for path: String, followingLinks: Bool = true) -> Bool {
        if path.hasPrefix("/dev/") || path.hasPrefix("/proc/") { return true }
        guard let status = try? FileStatus(path: path, followingLinks: followingLinks) else { return false }
        switch status.kind {
        case .regular, .directory: return false
        case .pipe, .socket, .characterDevice: return true
        // A link that is not followed: to open it as a file says what is wrong.
        case .other: return followingLinks
        }
    }

    /// A description of its own, so that making it nonblocking does not change what others have open.
    private static func open(_ path: String) throws(SystemError) -> OwnedDescriptor {
        do {
            return try FileSystem.open(path, [.write, .append, .nonblocking])
        } catch  where error.errno == ENXIO {
            // A FIFO that has no reader yet, or a socket, of which only a duplicate can be had.
            switch path {
            case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1": return try OwnedDescriptor.duplicate(of: 1)
            case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2": return try OwnedDescriptor.duplicate(of: 2)
            case _: return try FileSystem.open(path, [.readAndWrite, .nonblocking])
            }
        }
    }

    /// Whether an earlier chunk still waits for the target.
    var isBusy: Bool { !pending.isEmpty }

    /// Calls back once, when the target has taken what was pending, or has failed.
    func whenIdle(_ action: @escaping () -> Void) { waiting.append(action) }

    /// Takes a chunk out of `pipe`, which `flush` then writes; only while not busy.
    func take(from pipe: borrowing OwnedDescriptor) throws(SystemError) -> (Transfer, [UInt8]) {
        precondition(!isBusy, "the target has not taken the last chunk yet")
        let result = try pipe.read(into: &buffer)
        guard case .moved(let count) = result else { return (result, []) }
        pending = 0..<count
        return (result, Array(buffer[pending]))
    }

    /// Writes what is pending, as far as the target takes it, and waits for the rest.
    func flush() throws(SystemError) {
        while !pending.isEmpty {
            let bytes = buffer[pending]
            let result: Transfer
            do {
                result = isSocket ? try descriptor.send(bytes) : try descriptor.write(bytes)
            } catch {
                throw SystemError("write", path, errno: error.errno)
            }
            switch result {
            case .moved(let count): pending.removeFirst(count)
            case .wouldBlock, .endOfFile: return try waitUntilWritable()
            }
        }
    }

    private func waitUntilWritable() throws(SystemError) {
        if let source { return try loop.rearm(source, .write) }
        source = try loop.add(descriptor.raw, .write, .oneShot, priority: .output) { [weak self] _ in
            self?.becameWritable()
        }
    }

    private func becameWritable() {
        do {
            try flush()
            guard !isBusy else { return }
        } catch {
            // It shows again at the next drain, which reports it and tries again later: so let those who wait drain.
        }
        let woken = waiting
        waiting.removeAll()
        for action in woken { action() }
    }
}
