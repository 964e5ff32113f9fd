import Glibc
import Linux
import Reactor
import Scheduling
import Testing

@testable import SupervisorRuntime

@Suite(.serialized) struct OutputRotationTests {
    let fixture: OutputFixture

    init() throws { fixture = try OutputFixture() }

    /// Writes numbered lines, as fast as the pipe takes them.
    private func pour(_ lines: Range<Int>, into worker: OutputWorker) throws {
        var rest = lines.map { "line \($0) \(String(repeating: "x", count: $0 % 90))\n" }.joined()
        try fixture.turn(until: {
            while let count = try? worker.write(rest), count > 0 { rest = String(rest.utf8.dropFirst(count)) ?? "" }
            return rest.isEmpty
        })
    }

    private func chain(_ keep: Int) -> [String] {
        let names = (1...keep).reversed().map { "out.log.\($0)" } + ["out.log"]
        return names.map(fixture.directory.contents)
    }

    @Test func `rotation loses no line and cuts none in two`() throws {
        let worker = try fixture.worker(fixture.target(rotateSize: 20_000, keep: 100))
        try pour(0..<20_000, into: worker)
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        let files = chain(100).filter { !$0.isEmpty }
        #expect(files.count > 50)
        #expect(files.allSatisfy { $0.hasSuffix("\n") })
        #expect(files.dropLast().allSatisfy { $0.utf8.count >= 20_000 && $0.utf8.count < 20_200 })
        let numbers = files.joined().split(separator: "\n").map { Int($0.split(separator: " ")[1]) }
        #expect(numbers == Array(0..<20_000))
    }

    @Test func `only as many files are kept as configured, the newest ones`() throws {
        let worker = try fixture.worker(fixture.target(rotateSize: 1000, keep: 2))
        try pour(0..<1000, into: worker)
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(!FileSystem.exists(fixture.directory.path + "/out.log.3"))
        let text = chain(2).joined()
        #expect(text.hasSuffix("line 999 \(String(repeating: "x", count: 999 % 90))\n"))
    }

    @Test func `a file that was moved away is begun anew by the next rotation`() throws {
        let worker = try fixture.worker(fixture.target(rotateSize: 1000, keep: 3))
        try pour(0..<2, into: worker)
        try FileSystem.rename("\(fixture.directory.path)/out.log", to: "\(fixture.directory.path)/moved")
        try pour(2..<100, into: worker)
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(FileSystem.exists("\(fixture.directory.path)/out.log"))
        #expect(fixture.news.isEmpty)
    }

    @Test func `a line without end is cut 64 KiB past the size`() throws {
        let worker = try fixture.worker(fixture.target(rotateSize: 1000, keep: 3))
        var rest = 300_000
        try fixture.turn(until: {
            while rest > 0, let count = try? worker.write(String(repeating: "x", count: min(rest, 5000))), count > 0 {
                rest -= count
            }
            return rest == 0
        })
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(chain(3).map(\.utf8.count).max() ?? 0 <= 1000 + 2 * 65536)
        #expect(FileSystem.exists(fixture.directory.path + "/out.log.2"))
    }

    @Test func `a run's lines are read back across rotations`() throws {
        let sink = fixture.registry.sink(for: fixture.target(rotateSize: 500, keep: 50))
        guard let file = sink.file else { return #expect(Bool(false), "a file") }
        let first = try OutputWorker(fixture.loop, sink)
        try first.write("the run before\n")
        first.close()
        try fixture.turn(until: { first.hasEnded })
        let start = file.end
        let second = try OutputWorker(fixture.loop, sink)
        try pour(0..<100, into: second)
        second.close()
        try fixture.turn(until: { second.hasEnded })
        let text = String(decoding: try file.tail(lines: 1000, maxBytes: 1 << 20, from: start), as: UTF8.self)
        #expect(text.split(separator: "\n").map { Int($0.split(separator: " ")[1]) } == Array(0..<100))
        let last = String(decoding: try file.tail(lines: 3, maxBytes: 1 << 20, from: start), as: UTF8.self)
        #expect(last.split(separator: "\n").count == 3)
        #expect(last.hasPrefix("line 97 "))
    }

    @Test func `a mark is found again by the next daemon`() throws {
        let worker = try fixture.worker(fixture.target(rotateSize: 200, keep: 9))
        try worker.write("before\n")
        try fixture.turn(until: { !fixture.directory.contents("out.log").isEmpty })
        let file = worker.pump?.sink.file
        let mark = file?.mark(at: file?.end ?? 0)
        try pour(0..<10, into: worker)
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        let next = try OutputFixture()
        let reopened = next.registry.sink(for: fixture.target(rotateSize: 200, keep: 9)).file
        let position = try #require(mark.flatMap { reopened?.position(of: $0) })
        let text = String(
            decoding: try reopened?.tail(lines: 100, maxBytes: 1 << 20, from: position) ?? [], as: UTF8.self)
        #expect(text.hasPrefix("line 0 \nline 1 x\n"))
    }

    @Test func `an interrupted rotation costs no file`() throws {
        // As if the daemon had died after out.log.1 became out.log.2.
        run(
            "cd \(fixture.directory.path) && printf 'old\\n' > out.log.2 "
                + "&& printf 'new\\n' > out.log && : > out.log.new"
        )
        let worker = try fixture.worker(fixture.target(rotateSize: 4, keep: 3))
        try worker.write("x\n")
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("out.log.2") == "old\n")
        #expect(fixture.directory.contents("out.log.1") == "new\n")
        #expect(fixture.directory.contents("out.log") == "x\n")
    }

    @Test func `logrotate may rename the file and ask for a new one`() throws {
        let worker = try fixture.worker(fixture.target(keep: 2))
        try worker.write("one\n")
        try fixture.turn(until: { fixture.directory.contents("out.log") == "one\n" })
        run("mv \(fixture.directory.path)/out.log \(fixture.directory.path)/out.log.1")
        fixture.registry.reopenAll()
        try worker.write("two\n")
        try fixture.turn(until: { fixture.directory.contents("out.log") == "two\n" })
        let file = worker.pump?.sink.file
        #expect(String(decoding: try file?.tail(lines: 9, maxBytes: 999) ?? [], as: UTF8.self) == "one\ntwo\n")
    }

    @Test func `copytruncate leaves no hole`() throws {
        let worker = try fixture.worker(fixture.target())
        try worker.write("one\n")
        try fixture.turn(until: { fixture.directory.contents("out.log") == "one\n" })
        run(": > \(fixture.directory.path)/out.log")
        try worker.write("two\n")
        try fixture.turn(until: { fixture.directory.contents("out.log") == "two\n" })
    }

    @Test func `clear empties the log and what is read back`() throws {
        let worker = try fixture.worker(fixture.target())
        let file = try #require(worker.pump?.sink.file)
        try worker.write("one\n")
        try fixture.turn(until: { file.end == 4 })
        try file.clear()
        try worker.write("two\n")
        try fixture.turn(until: { file.end == 8 })
        #expect(fixture.directory.contents("out.log") == "two\n")
        #expect(String(decoding: try file.tail(lines: 9, maxBytes: 999), as: UTF8.self) == "two\n")
    }

    @Test func `a rotation that fails is reported and the log goes on`() throws {
        run("mkdir -p \(fixture.directory.path)/out.log.new")
        let worker = try fixture.worker(fixture.target(rotateSize: 100, keep: 1))
        try pour(0..<20, into: worker)
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("out.log").split(separator: "\n").count == 20)
        #expect(fixture.news == [.rotationFailed(path: fixture.directory.path + "/out.log", reason: "Is a directory")])
    }

    @Test func `a link under the name of the file to come does not make rotation empty another file`() throws {
        run("cd \(fixture.directory.path) && echo precious > victim && ln -s victim out.log.new")
        let worker = try fixture.worker(fixture.target(rotateSize: 4, keep: 1))
        try worker.write("one\n")
        try fixture.turn(until: { fixture.directory.contents("out.log.1") == "one\n" })
        #expect(fixture.directory.contents("victim") == "precious\n")
    }
}
