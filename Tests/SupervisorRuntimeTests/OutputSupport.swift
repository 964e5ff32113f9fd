import Glibc
import Linux
import Reactor
import Scheduling
import Testing

@testable import SupervisorRuntime

/// A directory of its own for one test, removed with everything in it.
final class ScratchDirectory {
    let path: String

    init() {
        var template = Array("/tmp/roost-output-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
    }

    deinit { run("rm -rf '\(path)'") }

    func contents(_ name: String) -> String {
        guard let file = try? FileSystem.open("\(path)/\(name)", .read),
            let size = try? FileStatus(of: file).size,
            let bytes = try? file.read(Int(size), at: 0)
        else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@discardableResult
func run(_ command: String) -> Int32 { system(command) }

/// A loop, a registry and what it reported.
final class OutputFixture {
    let loop: EventLoop
    let directory = ScratchDirectory()
    private(set) var news: [LogNews] = []
    private var made: LogRegistry?

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        loop = try EventLoop()
        made = try LogRegistry(loop: loop) { [unowned self] in news.append($0) }
    }

    var registry: LogRegistry {
        guard let made else { fatalError("made in init") }
        return made
    }

    func target(
        _ name: String = "out.log", rotateSize: Int64 = 0, keep: Int = 0, _ whenFull: LogTarget.WhenFull = .block
    ) -> LogTarget {
        let path = name.hasPrefix("/") ? name : "\(directory.path)/\(name)"
        return LogTarget(path: path, rotateSize: rotateSize, keep: keep, whenFull: whenFull)
    }

    /// A worker that is only the write end of a pipe, and its pump.
    func worker(_ target: LogTarget?) throws -> OutputWorker {
        try OutputWorker(loop, registry.sink(for: target))
    }

    func turn(
        until condition: () -> Bool, within limit: Duration = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var expired = false
        let watchdog = loop.schedule(at: Instant(nanoseconds: MonotonicClock.now()) + limit) { expired = true }
        while !condition() && !expired { try loop.turn() }
        loop.cancel(watchdog)
        #expect(!expired, "the condition did not come true within \(limit)", sourceLocation: sourceLocation)
    }
}

final class OutputWorker {
    private var writer: SharedDescriptor?
    private(set) var pump: OutputPump?
    private(set) var ended = 0

    init(_ loop: EventLoop, _ sink: LogSink) throws {
        let pipe = try Linux.Pipe(nonblocking: .writer)
        try pipe.split { reader, writer in
            self.writer = SharedDescriptor(writer)
            pump = try OutputPump(from: reader, to: sink, on: loop) { [unowned self] in ended += 1 }
        }
    }

    var hasEnded: Bool { ended > 0 }

    /// Writes as much as the pipe takes; returns how much that was.
    @discardableResult
    func write(_ text: String) throws -> Int {
        guard let writer, !text.isEmpty else { return 0 }
        guard case .moved(let count) = try writer.descriptor.write(ArraySlice(text.utf8)) else { return 0 }
        return count
    }

    var raw: Int32 { writer?.descriptor.raw ?? -1 }

    func close() { writer = nil }
}

/// How many descriptors this process has open.
func openDescriptors() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return -1 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
}
