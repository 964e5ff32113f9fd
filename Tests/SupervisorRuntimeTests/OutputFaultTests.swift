import Glibc
import Linux
import Reactor
import Scheduling
import Testing

@testable import SupervisorRuntime

@Suite(.serialized) struct OutputFaultTests {
    let fixture: OutputFixture

    init() throws { fixture = try OutputFixture() }

    /// Mounts a file system with room for 64 KiB; false where this process may not, which CI does not accept.
    private func mountSmall(_ name: String) -> Bool {
        let path = "\(fixture.directory.path)/\(name)"
        if run("mkdir -p \(path) && mount -t tmpfs -o size=64k roost-test \(path) 2>/dev/null") == 0 { return true }
        print("SKIPPED: cannot mount a small tmpfs here")
        #expect(getenv("CI") == nil, "CI must be able to mount a tmpfs")
        return false
    }

    private func unmount(_ name: String) { run("umount -l \(fixture.directory.path)/\(name)") }

    @Test func `a full disk makes the worker wait and loses nothing`() throws {
        guard mountSmall("small") else { return }
        defer { unmount("small") }
        run("head -c 40000 /dev/zero > \(fixture.directory.path)/small/ballast")
        let worker = try fixture.worker(fixture.target("small/out.log"))
        let text = (0..<10_000).map { "line \($0)\n" }.joined()
        #expect(try worker.write(text) == text.utf8.count)
        try fixture.turn(until: { !fixture.news.isEmpty })
        guard case .failing(_, "No space left on device", .block) = fixture.news[0] else {
            return #expect(Bool(false), "\(fixture.news)")
        }
        worker.close()
        // Room is made: enough for all of it.
        run("mount -o remount,size=1m \(fixture.directory.path)/small")
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("small/out.log") == text)
        guard case .recovered(_, let duration, 0) = fixture.news.last else {
            return #expect(Bool(false), "\(fixture.news)")
        }
        #expect(duration >= .seconds(1))
        #expect(fixture.news.count == 2)
    }

    @Test func `a full disk does not stop a worker that may lose output, and the loss is counted`() throws {
        guard mountSmall("small") else { return }
        defer { unmount("small") }
        let worker = try fixture.worker(fixture.target("small/out.log", .drop))
        let block = String(repeating: "x", count: 4095) + "\n"
        var written = 0
        try fixture.turn(until: {
            while let count = try? worker.write(block), count > 0 { written += count }
            return written > 2 << 20
        })
        try fixture.turn(until: { (worker.pump?.sink.file?.end ?? 0) > 0 })
        run("mount -o remount,size=16m \(fixture.directory.path)/small")
        try fixture.turn(until: {
            written += (try? worker.write(block)) ?? 0
            return fixture.news.count == 2
        })
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        guard case .recovered(_, _, let dropped) = fixture.news.last else {
            return #expect(Bool(false), "\(fixture.news)")
        }
        #expect(Int(dropped) + fixture.directory.contents("small/out.log").utf8.count == written)
    }

    @Test func `a log directory that vanishes comes back`() throws {
        let worker = try fixture.worker(fixture.target("deep/er/out.log"))
        try worker.write("one\n")
        try fixture.turn(until: { fixture.directory.contents("deep/er/out.log") == "one\n" })
        run("rm -rf \(fixture.directory.path)/deep")
        try worker.write("two\n")
        try fixture.turn(until: { fixture.directory.contents("deep/er/out.log") == "two\n" })
        #expect(fixture.news.isEmpty)
    }

    @Test func `a directory that cannot be made is reported once, and the log begins when it can`() throws {
        run(": > \(fixture.directory.path)/blocked")
        let worker = try fixture.worker(fixture.target("blocked/out.log"))
        try worker.write("one\n")
        try fixture.turn(until: { !fixture.news.isEmpty })
        run("rm \(fixture.directory.path)/blocked")
        try fixture.turn(until: { fixture.directory.contents("blocked/out.log") == "one\n" })
        #expect(fixture.news.count == 2)
    }

    @Test func `a device that is full is an outage like any other`() throws {
        let worker = try fixture.worker(fixture.target("/dev/full"))
        try worker.write("one\n")
        try fixture.turn(until: { !fixture.news.isEmpty })
        guard case .failing("/dev/full", "No space left on device", .block) = fixture.news[0] else {
            return #expect(Bool(false), "\(fixture.news)")
        }
        worker.pump?.abandon()
    }

    @Test func `a log may be a FIFO, and one that nobody reads does not block the loop`() throws {
        let path = "\(fixture.directory.path)/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        let stuck = try fixture.worker(fixture.target("fifo"))
        let other = try fixture.worker(fixture.target("other.log"))
        let block = String(repeating: "x", count: 65536)
        // Fills the worker's pipe, the buffer and the FIFO, until the worker itself would wait.
        var written = 0
        var quiet = 0
        try fixture.turn(until: {
            let count = (try? stuck.write(block)) ?? 0
            written += count
            quiet = count == 0 ? quiet + 1 : 0
            _ = try? other.write("turn\n")
            return quiet > 20
        })
        #expect(!fixture.directory.contents("other.log").isEmpty)
        // A reader comes: all of it arrives.
        let reader = try FileSystem.open(path, [.read, .nonblocking])
        var buffer = [UInt8](repeating: 0, count: 65536)
        var received = 0
        stuck.close()
        try fixture.turn(until: {
            _ = try? other.write("turn\n")
            while case .moved(let count) = try? reader.read(into: &buffer) { received += count }
            return received == written && stuck.hasEnded
        })
    }

    @Test func `a FIFO that nobody reads does not stop a worker that may lose output`() throws {
        let path = "\(fixture.directory.path)/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        let worker = try fixture.worker(fixture.target("fifo", .drop))
        let block = String(repeating: "x", count: 65536)
        var written = 0
        try fixture.turn(until: {
            written += (try? worker.write(block)) ?? 0
            return written > 8 << 20
        })
        #expect(fixture.news == [.failing(path: path, reason: "it is not read fast enough", .drop)])
        let reader = try FileSystem.open(path, [.read, .nonblocking])
        var buffer = [UInt8](repeating: 0, count: 65536)
        var received = 0
        var dropped: Int64 = 0
        try fixture.turn(until: {
            written += (try? worker.write("x")) ?? 0
            while case .moved(let count) = try? reader.read(into: &buffer) { received += count }
            // Catching up may take several outages.
            guard case .recovered = fixture.news.last else { return false }
            return true
        })
        worker.close()
        try fixture.turn(until: {
            while case .moved(let count) = try? reader.read(into: &buffer) { received += count }
            return worker.hasEnded
        })
        while case .moved(let count) = try? reader.read(into: &buffer) { received += count }
        for case .recovered(_, _, let bytes) in fixture.news { dropped += bytes }
        #expect(received + Int(dropped) == written)
    }

    @Test func `a FIFO whose slow reader dies is written again for the next one`() throws {
        let path = "\(fixture.directory.path)/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        var first: OwnedDescriptor? = try FileSystem.open(path, [.read, .nonblocking])
        let worker = try fixture.worker(fixture.target("fifo"))
        let block = String(repeating: "x", count: 65536)
        var quiet = 0
        try fixture.turn(until: {
            quiet = ((try? worker.write(block)) ?? 0) == 0 ? quiet + 1 : 0
            // Keeps the loop turning while there is no news.
            _ = fixture.loop.schedule(at: fixture.loop.now + .milliseconds(5)) {}
            return quiet > 20
        })
        first = nil
        _ = consume first
        worker.close()
        try fixture.turn(until: { !fixture.news.isEmpty })
        let next = try FileSystem.open(path, [.read, .nonblocking])
        var buffer = [UInt8](repeating: 0, count: 65536)
        try fixture.turn(until: {
            while case .moved = try? next.read(into: &buffer) {}
            _ = fixture.loop.schedule(at: fixture.loop.now + .milliseconds(5)) {}
            return worker.hasEnded
        })
    }

    @Test func `a log may be a character device that takes no splice`() throws {
        let worker = try fixture.worker(fixture.target("/dev/zero"))
        var seen = 0
        _ = worker.pump?.addObserver { _ in seen += 1 }
        try worker.write("one\n")
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(seen == 1)
    }

    @Test func `retries wait longer and longer, up to half a minute`() {
        var outage = Outage(at: .origin)
        var now = outage.nextAttempt
        var delays: [Duration] = []
        for _ in 0..<7 {
            outage.goOn(at: now)
            delays.append(outage.nextAttempt - now)
            now = outage.nextAttempt
        }
        #expect(delays == [2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
    }
}
