import CLinux
import Foundation
import Linux
import Testing
import ToolkitTesting

@testable import Subprocesses

extension Spawning {
    @Suite struct Descriptors {
        @Test func `standard input comes from a pipe, a file or nowhere`() throws {
            #expect(try finish("cat") { $0.standardInput = .null }.output == "")
            #expect(try finish("head", "-n1") { $0.standardInput = .file("/proc/self/stat") }.output.contains("("))
            var request = SpawnRequest(["tr", "a-z", "A-Z"])
            request.standardInput = .pipe
            request.standardOutput = .pipe
            var process = try spawn(request)
            let inputEnd = process.takeInput()?.release()
            let input = try #require(inputEnd)
            let again = process.takeInput()?.release()
            #expect(again == nil)
            write(input, "banana", 6)
            close(input)
            let outputEnd = process.takeOutput()?.release()
            let output = FileHandle(fileDescriptor: try #require(outputEnd), closeOnDealloc: true)
            #expect(try output.readToEnd() == Data("BANANA".utf8))
            #expect(try process.wait().isSuccess)
        }

        @Test func `a FIFO that nobody has open makes the child wait, not its parent`() throws {
            try withTemporaryDirectory { (directory) throws in
                let path = "\(directory)/fifo"
                #expect(mkfifo(path, 0o600) == 0)
                var request = SpawnRequest(["head", "-n1"])
                request.standardInput = .file(path)
                request.standardOutput = .pipe
                var process = try spawn(request)
                let outputEnd = process.takeOutput()?.release()
                let output = FileHandle(fileDescriptor: try #require(outputEnd), closeOnDealloc: true)
                let writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                write(writer, "plum\n", 5)
                close(writer)
                #expect(try output.readToEnd() == Data("plum\n".utf8))
                #expect(try process.wait().isSuccess)
            }
        }

        @Test func `SP-025 standard error merges with output, in order`() throws {
            let child = try finish("sh", "-c", "printf apple; printf orange >&2; printf pear") {
                $0.standardError = .mergeWithOutput
            }
            #expect(child.output == "appleorangepear")
        }

        @Test func `standard error can have a pipe of its own`() throws {
            var request = SpawnRequest(["sh", "-c", "echo out; echo err >&2"])
            request.standardOutput = .null
            request.standardError = .pipe
            var process = try spawn(request)
            let again = process.takeOutput()?.release()
            #expect(again == nil)
            let errorEnd = process.takeError()?.release()
            let error = FileHandle(fileDescriptor: try #require(errorEnd), closeOnDealloc: true)
            #expect(try error.readToEnd() == Data("err\n".utf8))
            #expect(try process.wait().isSuccess)
        }

        @Test func `files are appended to or truncated`() throws {
            try withTemporaryDirectory { (directory) throws in
                let path = "\(directory)/out"
                var request = SpawnRequest(["echo", "one"])
                for mode in [FileMode.truncate, .append, .append, .truncate, .append] {
                    request.standardOutput = .file(path, mode)
                    #expect(try spawn(request).wait().isSuccess)
                }
                #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\none\n")
            }
        }

        @Test func `a pipe has the capacity asked for`() throws {
            var request = SpawnRequest(["true"])
            request.standardOutput = .pipe
            request.pipeCapacity = 1 << 17
            var process = try spawn(request)
            let outputEnd = process.takeOutput()?.release()
            let output = try #require(outputEnd)
            #expect(roost_fcntl(output, F_GETPIPE_SZ, 0) == 1 << 17)
            close(output)
            #expect(try process.wait().isSuccess)
        }

        @Test(arguments: bothWays) func `nothing else is open in the child`(oldKernel: Bool) throws {
            // More than one buffer of directory entries, none of them close-on-exec.
            let strays = (0..<300).map { _ in open("/dev/null", O_RDONLY) }
            defer { for stray in strays { close(stray) } }
            let file = open("/etc/passwd", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            var request = SpawnRequest(["cat"])
            request.extraDescriptors = [.init(source: file, target: 70)]
            request.pretendsOldKernel = oldKernel
            try withQuietChild(request) { pid in
                try eventually("the loader to close its files") { openDescriptors(of: pid).count == 4 }
                let open = openDescriptors(of: pid)
                #expect(open.keys.sorted() == [0, 1, 2, 70])
                #expect(open[70] == "/etc/passwd")
            }
        }

        @Test func `descriptors can change places in every permutation`() throws {
            let files = ["/etc/passwd", "/etc/group", "/etc/hostname"]
            let sources = files.map { open($0, O_RDONLY | O_CLOEXEC) }
            defer { for source in sources { close(source) } }
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                var request = SpawnRequest(["cat"])
                request.extraDescriptors = zip(sources, order).map { .init(source: $0, target: sources[$1]) }
                try withQuietChild(request) { pid in
                    try eventually("the loader to close its files") { openDescriptors(of: pid).count == 6 }
                    let open = openDescriptors(of: pid)
                    for (index, place) in order.enumerated() { #expect(open[sources[place]] == files[index]) }
                }
            }
            #expect(openDescriptors()[sources[0]] == "/etc/passwd")
        }

        @Test func `SP-035 one source can have many targets, its own number among them`() throws {
            let file = open("/etc/passwd", O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            var request = SpawnRequest(["cat"])
            request.standardOutput = .descriptor(file)
            request.extraDescriptors = [.init(source: file, target: file), .init(source: file, target: file + 100)]
            try withQuietChild(request) { pid in
                try eventually("the loader to close its files") { openDescriptors(of: pid).count == 5 }
                let open = openDescriptors(of: pid)
                for number in [1, file, file + 100] { #expect(open[number] == "/etc/passwd") }
            }
        }

        @Test func `a parent without standard streams still gets the child's output`() throws {
            // On a thread with a descriptor table of its own, so that nobody else misses the three.
            let output = try onThreadWithOwnDescriptors { () -> String in
                for number: Int32 in 0...2 { close(number) }
                let child = try finish("sh", "-c", "readlink /proc/$$/fd/0 /proc/$$/fd/2; echo done")
                return child.output
            }
            #expect(output == "/dev/null\n/dev/null\ndone\n")
        }

        @Test func `a full descriptor table is a typed error at every step, and leaves nothing behind`() throws {
            // The table is filled to the limit, so nobody may raise that meanwhile.
            _ = try OpenFileLimit.raise()
            let steps = try onThreadWithOwnDescriptors { () -> [String] in
                var last: Int32 = 0
                while true {
                    let next = dup(0)
                    if next < 0 { break }
                    last = next
                }
                var steps: [String] = []
                // One free descriptor more each time gets one step further.
                for freed in 0..<4 {
                    let error = failure("true") {
                        $0.standardInput = .null
                        $0.standardOutput = .pipe
                    }
                    steps.append(error.map { "\($0.step) \($0.errno == EMFILE)" } ?? "spawned")
                    close(last - Int32(freed))
                }
                return steps
            }
            #expect(steps == ["open true", "pipe true", "pipe true", "clone true"])
        }

        @Test func `neither success nor failure leaks a descriptor`() throws {
            let before = openDescriptors().count
            for _ in 0..<100 {
                #expect(try finish("true") { $0.standardError = .pipe }.status.isSuccess)
                #expect(failure("/no/such/program") { $0.standardOutput = .pipe } != nil)
            }
            // Other tests of this process open some, too, but not one for each of ours.
            #expect(openDescriptors().count < before + 50)
        }
    }
}

/// Runs `body` on a thread that shares no descriptors with the rest of the process.
func onThreadWithOwnDescriptors<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let outcome = Box<Result<Value, any Error>>()
    Thread {
        outcome.put(
            Result {
                try #require(unshare(CLONE_FILES) == 0)
                return try body()
            })
    }.start()
    try eventually("the thread") { outcome.isFull }
    return try outcome.take()!.get()
}
