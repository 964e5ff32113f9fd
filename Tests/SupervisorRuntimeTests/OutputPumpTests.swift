import Glibc
import Linux
import Reactor
import Scheduling
import Testing

@testable import SupervisorRuntime

@Suite(.serialized) struct OutputPumpTests {
    let fixture: OutputFixture

    init() throws { fixture = try OutputFixture() }

    @Test func `what a worker writes is in its log, to the last byte before it exits`() throws {
        let worker = try fixture.worker(fixture.target())
        try worker.write("one\n")
        try fixture.turn(until: { fixture.directory.contents("out.log") == "one\n" })
        try worker.write("two\nno newline")
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("out.log") == "one\ntwo\nno newline")
        #expect(worker.ended == 1)
    }

    @Test func `a log is continued, not overwritten`() throws {
        run("printf 'before\\n' > \(fixture.directory.path)/out.log")
        let worker = try fixture.worker(fixture.target())
        try worker.write("after\n")
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("out.log") == "before\nafter\n")
    }

    @Test func `a finished run ends although a stray process holds its pipe`() throws {
        let worker = try fixture.worker(fixture.target())
        try worker.write("last words\n")
        worker.pump?.finish()
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("out.log") == "last words\n")
    }

    @Test func `a finished run with a full pipe is written whole`() throws {
        let worker = try fixture.worker(fixture.target())
        let line = String(repeating: "x", count: 1023) + "\n"
        var written = 0
        while true {
            let count = try worker.write(line)
            if count == 0 { break }
            written += count
        }
        worker.pump?.finish()
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("out.log").utf8.count == written)
    }

    @Test func `lines written one by one are moved together`() throws {
        let worker = try fixture.worker(fixture.target())
        var chunks = 0
        _ = worker.pump?.addObserver { _ in chunks += 1 }
        for number in 0..<100 { try worker.write("line \(number)\n") }
        try fixture.turn(until: { chunks > 0 })
        #expect(chunks == 1)
    }

    @Test func `an observer can read what was appended, and may take the pump down`() throws {
        let worker = try fixture.worker(fixture.target())
        var seen = ""
        _ = worker.pump?.addObserver { chunk in
            seen += String(decoding: (try? chunk.contents()) ?? [], as: UTF8.self)
            worker.pump?.abandon()
        }
        try worker.write("hello\n")
        try fixture.turn(until: { !seen.isEmpty })
        #expect(seen == "hello\n")
    }

    @Test func `output that is not kept is still shown to an observer`() throws {
        let worker = try fixture.worker(nil)
        var seen = ""
        _ = worker.pump?.addObserver { seen += String(decoding: (try? $0.contents()) ?? [], as: UTF8.self) }
        try worker.write("ready\n")
        try fixture.turn(until: { seen == "ready\n" })
    }

    @Test func `output that is not kept does not make the worker wait`() throws {
        let worker = try fixture.worker(nil)
        let block = String(repeating: "x", count: 65536)
        var written = 0
        try fixture.turn(until: {
            written += (try? worker.write(block)) ?? 0
            return written > 8 << 20
        })
    }

    @Test func `several workers may share one file`() throws {
        let workers = try (0..<3).map { _ in try fixture.worker(fixture.target()) }
        for (number, worker) in workers.enumerated() {
            try worker.write("from \(number)\n")
            worker.close()
        }
        try fixture.turn(until: { workers.allSatisfy(\.hasEnded) })
        let lines = fixture.directory.contents("out.log").split(separator: "\n").sorted()
        #expect(lines == ["from 0", "from 1", "from 2"])
    }

    @Test func `a torrent does not keep another worker waiting`() throws {
        let torrent = try fixture.worker(fixture.target("torrent.log"))
        let quiet = try fixture.worker(fixture.target("quiet.log"))
        let block = String(repeating: "x", count: 65536)
        try quiet.write("here\n")
        var poured = 0
        try fixture.turn(until: {
            while let count = try? torrent.write(block), count > 0 { poured += count }
            return fixture.directory.contents("quiet.log") == "here\n"
        })
        #expect(poured < 64 << 20)
    }

    @Test func `a pipe of 8 KiB, as the kernel gives beyond a user's share, carries everything`() throws {
        let worker = try fixture.worker(fixture.target())
        // The pump made it large; the kernel may take that back as long as it is empty.
        #expect(fcntl(worker.raw, 1031, 8192) == 8192)
        var rest = (0..<20_000).map { "line \($0)\n" }.joined()
        let text = rest
        try fixture.turn(until: {
            while let count = try? worker.write(rest), count > 0 { rest = String(rest.utf8.dropFirst(count)) ?? "" }
            return rest.isEmpty
        })
        worker.close()
        try fixture.turn(until: { worker.hasEnded })
        #expect(fixture.directory.contents("out.log") == text)
    }

    @Test func `nothing stays open after many runs`() throws {
        let target = fixture.target()
        let first = try fixture.worker(target)
        first.close()
        try fixture.turn(until: { first.hasEnded })
        let before = openDescriptors()
        for number in 0..<50 {
            let worker = try fixture.worker(target)
            try worker.write("run \(number)\n")
            if number % 2 == 0 { worker.close() } else { worker.pump?.finish() }
            try fixture.turn(until: { worker.hasEnded })
        }
        // Other tests open and close some at the same time; a leak would show 50 times.
        #expect(openDescriptors() - before < 25)
    }
}
