import Foundation
import Linux
import Testing
import ToolkitTesting

@testable import Subprocesses

extension Spawning {
    @Suite struct Errors {
        @Test(arguments: bothWays) func `SP-002 a missing program is named`(oldKernel: Bool) {
            let error = failure("/no/such/program") { $0.pretendsOldKernel = oldKernel }
            #expect(error?.step == .execute)
            #expect(error?.errno == ENOENT)
            #expect(
                error?.description == "cannot execute /no/such/program: No such file or directory; "
                    + "is the path right, and the interpreter in its first line?")
        }

        @Test func `a command that is nowhere in PATH names where it was looked for`() {
            let error = failure("no-such-command") { $0.environment = .replace(["PATH": "/usr/bin:/bin"]) }
            #expect(error?.step == .search)
            #expect(
                error?.description == "cannot find the command no-such-command in /usr/bin:/bin: "
                    + "No such file or directory; install it, or give its full path")
        }

        @Test func `SP-007 a command line is not a program`() {
            #expect(failure("ls -l")?.step == .search)
        }

        @Test func `a file that is no program is told from one that is missing`() throws {
            let error = failure("/etc/passwd")
            #expect(error?.step == .execute)
            #expect(error?.errno == EACCES)
            try withTemporaryDirectory { directory in
                try "echo no first line\n".write(toFile: "\(directory)/tool", atomically: true, encoding: .utf8)
                #expect(failure("tool") { $0.environment = .replace(["PATH": directory]) }?.errno == EACCES)
                chmod("\(directory)/tool", 0o755)
                let error = failure("tool") { $0.environment = .replace(["PATH": directory]) }
                #expect(error?.errno == ENOEXEC)
                #expect(error?.description.hasSuffix("#!/bin/sh?") == true)
            }
        }

        @Test(arguments: bothWays) func `SP-005 a missing directory is named`(oldKernel: Bool) {
            let error = failure("true") {
                $0.directory = "/srv/none"
                $0.pretendsOldKernel = oldKernel
            }
            #expect(error?.step == .directory)
            #expect(
                error?.description == "cannot change to the directory /srv/none: No such file or directory; "
                    + "create it, or correct the path")
        }

        @Test func `a closed descriptor is named with its place`() {
            let error = failure("true") { $0.extraDescriptors = [.init(source: 9999, target: 5)] }
            #expect(
                error?.description == "cannot pass on the descriptor 9999 as 5: Bad file descriptor; it is not open")
            #expect(failure("true") { $0.standardOutput = .descriptor(9999) }?.subject == "9999 as 1")
        }

        @Test func `a file that cannot be opened is named`() {
            let error = failure("true") { $0.standardOutput = .file("/no/such/log", .append) }
            #expect(error?.description == "cannot open /no/such/log: No such file or directory")
            #expect(error?.step == .open)
        }

        @Test func `a descriptor that is no terminal cannot become the controlling one`() {
            let error = failure("true") {
                $0.standardInput = .null
                $0.processGroup = .session(controllingTerminal: 0)
            }
            #expect(error?.step == .terminal)
            #expect(error?.errno == ENOTTY)
        }

        @Test func `a resource limit that contradicts itself is named`() {
            let error = failure("true") { $0.resourceLimits = [.init(.openFiles, soft: 20, hard: 10)] }
            #expect(error?.description == "cannot set the limit of open files: Invalid argument")
        }

        @Test(.asRoot) func `SP-074 too many processes of a user are a typed error`() throws {
            try #require(geteuid() == 0, "run the tests as root")
            // The kernel counts the processes that the user has already.
            var request = SpawnRequest(["cat"])
            request.credentials = .init(user: 54321, group: 54321)
            try withQuietChild(request) { _ in
                let error = failure("true") {
                    $0.credentials = request.credentials
                    $0.resourceLimits = [.init(.processes, soft: 0)]
                }
                #expect(error?.step == .execute)
                #expect(error?.errno == EAGAIN)
            }
        }

        @Test(.asRoot) func `an ordinary user cannot become another, and is told who can`() throws {
            try #require(geteuid() == 0, "run the tests as root")
            let error = try onThreadWithOwnDescriptors { () -> SpawnError? in
                try #require(dropCapabilitiesOfThisThread())
                return failure("true") { $0.credentials = .init(user: 33, group: 33) }
            }
            #expect(
                error?.description == "cannot set the supplementary groups to none: Operation not permitted; "
                    + "only root may run as another user")
        }

        @Test func `arguments beyond the kernel's measure are a typed error`() {
            let error = failure("true", String(repeating: "x", count: 1 << 20))
            #expect(error?.step == .execute)
            #expect(error?.errno == E2BIG)
        }

        @Test func `requests without sense are refused before anything happens`() {
            let refused: [(String, (inout SpawnRequest) -> Void)] = [
                ("no arguments", { $0.arguments = [] }),
                ("an empty command", { $0.arguments = [""] }),
                ("NUL", { $0.arguments = ["true", "a\0b"] }),
                ("NUL", { $0.directory = "/\0" }),
                ("NUL", { $0.executable = "/bin/true\0" }),
                ("“=”", { $0.environment = .extend(["A=B": ""]) }),
                ("NUL", { $0.environment = .replace(["A": "\0"]) }),
                ("without a name", { $0.environment = .replace(["": ""]) }),
                ("descriptor 2", { $0.extraDescriptors = [.init(source: 0, target: 2)] }),
                (
                    "descriptor 5 twice",
                    { $0.extraDescriptors = Array(repeating: .init(source: 0, target: 5), count: 2) }
                ),
                ("descriptor \(Int32.max)", { $0.extraDescriptors = [.init(source: 0, target: .max)] }),
                ("signal 65", { $0.blockedSignals = [65] }),
                ("signal 0", { $0.parentDeathSignal = 0 }),
                ("umask", { $0.umask = 0o1000 }),
                ("niceness", { $0.nice = 20 }),
                ("score", { $0.oomScoreAdjustment = 1001 }),
                ("4294967295", { $0.credentials = .init(user: .max, group: 0) }),
                ("pipe capacity", { $0.pipeCapacity = 0 }),
            ]
            for (words, change) in refused {
                let error = failure("true", change: change)
                #expect(error?.step == .request)
                #expect(error?.description.hasPrefix("cannot spawn with ") == true)
                #expect(error?.description.contains(words) == true, "\(words): \(error?.description ?? "spawned")")
            }
        }

        @Test func `SP-002 a failed child is no zombie`() throws {
            _ = failure("/no/such/program")
            // A child that never executed still bears the name of the thread that made it.
            let name = try BoundedFile.readText("/proc/thread-self/comm", limit: 64).dropLast()
            for child in try ProcessFileSystem.children(of: getpid()) {
                let statistics = try ProcessFileSystem.statistics(of: child)
                #expect(statistics?.isZombie != true || statistics?.command != String(name))
            }
        }
    }
}

/// Gives up every capability, on this thread only.
private func dropCapabilitiesOfThisThread() -> Bool {
    typealias Call = @convention(c) (UnsafeMutablePointer<UInt32>, UnsafeMutablePointer<UInt32>) -> Int32
    guard let symbol = dlsym(nil, "capset") else { return false }
    // _LINUX_CAPABILITY_VERSION_3 and this thread; then effective, permitted and inheritable, twice 32 bits each.
    var header: [UInt32] = [0x2008_0522, 0]
    var none = [UInt32](repeating: 0, count: 6)
    return unsafeBitCast(symbol, to: Call.self)(&header, &none) == 0
}
