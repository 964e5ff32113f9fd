import Foundation
import Multiprocessing
import MultiprocessingTasks
import Subprocesses
import Testing
import Threading
import ToolkitTesting

/// One after the other, since names and what serves them belong to the whole process.
@Suite(.leavesNothing, .watchdog, .serialized) struct SharedMemoryTests {
    @Test func `MP-084 memory has a size and a name, or is not made`() throws {
        for size in [0, -1] {
            #expect(throws: SharedMemoryError.notPositive(size)) { try SharedMemory(size: size) }
            #expect(throws: SharedMemoryError.notPositive(size)) { try SharedMemory.create(name: "mp-084", size: size) }
        }
        #expect(throws: SharedMemoryError.invalidName("")) { try SharedMemory.open(name: "") }
        #expect(throws: SharedMemoryError.notFound(name: "mp-084")) { try SharedMemory.open(name: "mp-084") }
    }

    @Test func `MP-085 memory that was opened by its name has the same bytes and the same size`() throws {
        try withSharedMemory { scope in
            let memory = try scope.create(size: 512)
            try memory.withMutableBytes { $0.storeBytes(of: 0x0102_0304, toByteOffset: 508, as: UInt32.self) }
            let name = try #require(memory.name)
            let other = try SharedMemory.open(name: name)
            #expect(other.size == 512)
            #expect(try other.withBytes { $0.unsafeLoad(fromByteOffset: 508, as: UInt32.self) } == 0x0102_0304)
            let child = try start(Tasks.openMemory, name)
            #expect(try child.result(of: Tasks.openMemory) == 0)
            try end([child])
        }
    }

    @Test func `MP-086 a name is given once, and one that nobody gives is not found`() throws {
        let memory = try SharedMemory.create(name: "mp-086", size: 1)
        #expect(throws: SharedMemoryError.exists(name: "mp-086")) {
            try SharedMemory.create(name: "mp-086", size: 1)
        }
        try memory.unlink()
        #expect(throws: SharedMemoryError.notFound(name: "mp-086")) { try SharedMemory.open(name: "mp-086") }
        let again = try SharedMemory.create(name: "mp-086", size: 2)
        #expect(try SharedMemory.open(name: "mp-086").size == 2)
        try again.unlink()
    }

    @Test func `MP-087 memory that is closed while somebody has its bytes stays until he is done`() throws {
        let memory = try SharedMemory(size: 64)
        try memory.withMutableBytes { bytes in
            memory.close()
            bytes.storeBytes(of: 1, toByteOffset: 63, as: UInt8.self)
        }
        #expect(throws: SharedMemoryError.closed) { try memory.withBytes { $0.byteCount } }
    }

    @Test func `MP-088 a name is taken away once, and closed memory is not used`() throws {
        let memory = try SharedMemory.create(name: "mp-088", size: 8)
        memory.close()
        memory.close()
        #expect(throws: SharedMemoryError.closed) { try memory.withBytes { $0.byteCount } }
        #expect(throws: SharedMemoryError.closed) { try memory.path }
        #expect(throws: SharedMemoryError.closed) { try Parcel(memory) }
        try memory.unlink()
        #expect(throws: SharedMemoryError.notFound(name: "mp-088")) { try memory.unlink() }
        #expect(throws: SharedMemoryError.notFound(name: "mp-088")) { try SharedMemory.unlink(name: "mp-088") }
    }

    @Test func `MP-089 a name holds no NUL and is not too long`() throws {
        for name in ["a\0b", "", String(repeating: "n", count: 81)] {
            #expect(throws: SharedMemoryError.invalidName(name)) { try SharedMemory.create(name: name, size: 1) }
            #expect(throws: SharedMemoryError.invalidName(name)) { try SharedMemory.open(name: name) }
            #expect(throws: SharedMemoryError.invalidName(name)) { try SharedMemory.unlink(name: name) }
        }
    }

    @Test func `MP-091 memory can be passed after its name was taken away, but not opened`() throws {
        let memory = try SharedMemory.create(name: "mp-091", size: 100)
        try memory.unlink()
        let child = try start(Tasks.writeMemory, memory)
        try end([child])
        #expect(try memory.withBytes { $0.unsafeLoad(fromByteOffset: 8, as: UInt32.self) } == 0xCAFE)
        let opener = try start(Tasks.openMemory, "mp-091")
        #expect(throws: RemoteError.self) { try opener.result(of: Tasks.openMemory) }
        try opener.join()
    }

    @Test func `☆ MP-092 when the maker of memory is killed its name is gone, and those who have it keep it`() throws {
        try repeatedly { round in
            let name = "mp-092-\(round)"
            let (maker, here) = try makeMemory(name)
            defer { here.close() }
            let memory = try SharedMemory.open(name: name)
            try kill(maker)
            #expect(throws: SharedMemoryError.notFound(name: name)) { try SharedMemory.open(name: name) }
            #expect(try memory.withBytes { $0.unsafeLoad(as: UInt8.self) } == 9)
            let anew = try SharedMemory.create(name: name, size: 1)
            try anew.unlink()
        }
    }

    @Test func `☆ MP-093 a process that opens memory and ends takes nothing with it`() throws {
        try repeatedly { round in
            let memory = try SharedMemory.create(name: "mp-093-\(round)", size: 4096)
            try memory.withMutableBytes { $0.storeBytes(of: 42, toByteOffset: 0, as: UInt8.self) }
            let child = try start(Tasks.openMemory, "mp-093-\(round)")
            #expect(try child.result(of: Tasks.openMemory) == 42)
            try end([child])
            #expect(try SharedMemory.open(name: "mp-093-\(round)").size == 4096)
            try memory.unlink()
        }
    }

    @Test func `MP-098 no name is left at the end of a scope`() throws {
        var names: [String] = []
        try withSharedMemory { scope in
            for number in 1...3 { names.append(try #require(try scope.create(size: number).name)) }
            for name in names { #expect(try SharedMemory.open(name: name).size >= 1) }
        }
        for name in names {
            #expect(throws: SharedMemoryError.notFound(name: name)) { try SharedMemory.open(name: name) }
        }
        let ended = SharedMemoryScope()
        ended.end()
        ended.end()
        #expect(throws: SharedMemoryError.closed) { try ended.create(name: "mp-098", size: 1) }
        #expect(throws: SharedMemoryError.notFound(name: "mp-098")) { try SharedMemory.open(name: "mp-098") }
    }

    @Test func `MP-099 no process has to watch over names, so none can be killed`() throws {
        let (maker, here) = try makeMemory("mp-099")
        defer { here.close() }
        let descendants = try Subprocesses.run(["pgrep", "-P", "\(maker.pid)"], output: .capture)
        #expect(try descendants.outputText == "")
        #expect(try SharedMemory.open(name: "mp-099").size == 4096)
        try kill(maker)
        #expect(throws: SharedMemoryError.notFound(name: "mp-099")) { try SharedMemory.open(name: "mp-099") }
    }

    @Test func `MP-100 a program that forgets its names ends as it would without them, and leaves none`() throws {
        let (maker, here) = try makeMemory("mp-100")
        here.close()
        #expect(try maker.join(timeout: .seconds(60)) == .exited(code: 0))
        #expect(throws: SharedMemoryError.notFound(name: "mp-100")) { try SharedMemory.open(name: "mp-100") }
    }

    @Test func `another process can take a name away`() throws {
        let (maker, here) = try makeMemory("mp-unlink")
        defer { here.close() }
        try SharedMemory.unlink(name: "mp-unlink")
        #expect(throws: SharedMemoryError.notFound(name: "mp-unlink")) { try SharedMemory.open(name: "mp-unlink") }
        let anew = try SharedMemory.create(name: "mp-unlink", size: 1)
        try anew.unlink()
        try kill(maker)
    }

    @Test func `a program in another language maps the memory by its path`() throws {
        let memory = try SharedMemory(size: 16)
        let script = "import mmap, sys; f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); m[3] = 77"
        let status = try Subprocesses.run(["python3", "-c", script, memory.path]).status
        #expect(status == .exited(code: 0))
        #expect(try memory.withBytes { $0.unsafeLoad(fromByteOffset: 3, as: UInt8.self) } == 77)
    }
}

/// A process that has made memory, and ends when the connection is closed.
private func makeMemory(_ name: String) throws -> (Multiprocessing.Process, Connection) {
    let (here, there) = try Pipe.duplex()
    let maker = try start(Tasks.makeMemory, Using(name, ready: there))
    there.close()
    _ = try here.receive(Int32.self)
    return (maker, here)
}
