import Glibc
import Linux
import Testing

private func temporaryPath(_ name: String) -> String {
    "/tmp/roost-io-\(getpid())-\(name)-\(UInt32.random(in: 0 ... .max))"
}

@Suite struct IODescriptorTests {
    @Test func `an empty pipe would block, a closed one has ended`() throws {
        let pipe = try Pipe(nonblocking: .reader)
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(try pipe.reader.read(into: &buffer) == .wouldBlock)
        try pipe.split { reader, writer in
            _ = try writer.write([1, 2, 3])
            #expect(try reader.readableBytes() == 3)
            close(writer.release())
            #expect(try reader.read(into: &buffer) == .moved(3))
            #expect(try reader.read(into: &buffer) == .endOfFile)
        }
    }

    @Test func `a pipe grows to a mebibyte where the kernel allows it`() throws {
        let pipe = try Pipe()
        let granted = try pipe.reader.growPipe(to: 1 << 20)
        #expect(try granted == pipe.writer.pipeCapacity())
        #expect(granted >= 4096)
    }

    @Test func `a refused pipe size is no error and changes nothing`() throws {
        let pipe = try Pipe()
        let before = try pipe.reader.pipeCapacity()
        #expect(try pipe.reader.growPipe(to: .max) == before)
    }

    @Test func `splice moves bytes from a pipe to a file`() throws {
        let path = temporaryPath("splice")
        let file = try FileSystem.open(path, [.readAndWrite, .create])
        try FileSystem.remove(path)
        let pipe = try Pipe()
        #expect(try splice(from: pipe.reader, to: file, atMost: 100) == .wouldBlock)
        _ = try pipe.writer.write(Array("hello".utf8)[...])
        #expect(try splice(from: pipe.reader, to: file, atMost: 100) == .moved(5))
        #expect(try file.read(100, at: 0) == Array("hello".utf8))
        #expect(try FileStatus(of: file).links == 0)
    }

    @Test func `splice refuses a file opened for appending`() throws {
        let path = temporaryPath("append")
        let file = try FileSystem.open(path, [.write, .append, .create])
        try FileSystem.remove(path)
        let pipe = try Pipe()
        _ = try pipe.writer.write([1])
        let error = #expect(throws: SystemError.self) { _ = try splice(from: pipe.reader, to: file, atMost: 1) }
        #expect(error?.errno == EINVAL)
    }

    @Test func `an event descriptor wakes and is drained`() throws {
        let event = try EventDescriptor()
        var epoll = try Epoll(batch: 4)
        try epoll.add(event.raw, .read, token: 7)
        var events: [Epoll.Event] = []
        try epoll.wait(blocking: false, into: &events)
        #expect(events.isEmpty)
        event.signal()
        event.signal()
        try epoll.wait(blocking: true, into: &events)
        #expect(events.map(\.token) == [7])
        event.drain()
        try epoll.wait(blocking: false, into: &events)
        #expect(events.isEmpty)
    }

    @Test(arguments: [-5, 0, 1]) func `a timer set for the past expires at once`(moment: Int64) throws {
        let timer = try TimerDescriptor()
        var epoll = try Epoll(batch: 1)
        try epoll.add(timer.raw, .read, .edge, token: 1)
        try timer.arm(at: moment)
        var events: [Epoll.Event] = []
        try epoll.wait(blocking: true, into: &events)
        #expect(events.count == 1)
    }

    @Test func `a lock is held by one owner at a time`() throws {
        let path = temporaryPath("lock")
        defer { unlink(path) }
        func isFree() throws -> Bool {
            let lock = try FileLock.acquire(path)
            return lock != nil
        }
        do {
            let held = try FileLock.acquire(path)
            #expect(try !isFree())
            _ = consume held
        }
        #expect(try isFree())
    }

    @Test func `inotify tells names`() throws {
        let path = temporaryPath("inotify")
        mkdir(path, 0o700)
        defer { rmdir(path) }
        var inotify = try Inotify()
        let watch = try inotify.watch(path, [.created, .deleted])
        #expect(try inotify.next().isEmpty)
        _ = try FileSystem.open(path + "/new file", [.write, .create])
        try FileSystem.remove(path + "/new file")
        let events = try inotify.next()
        #expect(events.map(\.name) == ["new file", "new file"])
        #expect(events.map(\.changes) == [.created, .deleted])
        #expect(events.allSatisfy { $0.watch == watch })
    }

    @Test func `directories are made with their parents, and again`() throws {
        let path = temporaryPath("directories")
        defer { for part in ["/a/b", "/a", ""] { rmdir(path + part) } }
        try FileSystem.createDirectories(path + "/a/b")
        try FileSystem.createDirectories(path + "/a/b")
        #expect(try FileStatus(path: path + "/a/b")?.kind == .directory)
    }
}
