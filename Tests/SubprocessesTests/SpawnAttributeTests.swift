import CLinux
import Foundation
import Linux
import Testing
import ToolkitTesting

@testable import Subprocesses

extension Spawning {
    @Suite struct Attributes {
        @Test(arguments: bothWays) func `SP-001 the exit code comes back`(oldKernel: Bool) throws {
            let child = try finish("sh", "-c", "exit 47") { $0.pretendsOldKernel = oldKernel }
            #expect(child.status == .exited(code: 47))
        }

        @Test func `a signal that ends the child comes back`() throws {
            #expect(try finish("sh", "-c", "kill -9 $$").status == .signaled(signal: SIGKILL, coreDumped: false))
        }

        @Test func `SP-014 the first argument need not be the executable`() throws {
            let child = try finish("another-name", "-c", "echo $0") { $0.executable = "/bin/sh" }
            #expect(child.output == "another-name\n")
        }

        @Test func `arguments arrive whole, whatever is in them`() throws {
            let words = ["", " two words ", "it's", "\"", "$HOME", "*", "日本", "\n"]
            let child = try finish(SpawnRequest(["printf", "%s|"] + words))
            #expect(child.output == words.map { "\($0)|" }.joined())
        }

        @Test func `SP-011 an environment can be empty`() throws {
            #expect(try finish("/usr/bin/env") { $0.environment = .replace([:]) }.output == "")
        }

        @Test func `a replaced environment holds nothing else, in a fixed order`() throws {
            let child = try finish("/usr/bin/env") { $0.environment = .replace(["B": "2", "A": "1", "C": ""]) }
            #expect(child.output == "A=1\nB=2\nC=\n")
        }

        @Test func `an extended environment keeps the parent's and overrides it`() throws {
            let child = try finish("sh", "-c", "echo $HOME $NEW; env | grep -c ^HOME=") {
                $0.environment = .extend(["HOME": "/elsewhere", "NEW": "yes"])
            }
            #expect(child.output == "/elsewhere yes\n1\n")
            #expect(Environment.extend([:]).value(of: "PATH") == ProcessInfo.processInfo.environment["PATH"])
        }

        @Test func `SP-012 a command is looked for in the child's PATH`() throws {
            try withTemporaryDirectory { directory in
                try "#!/bin/sh\necho found $0\n".write(toFile: "\(directory)/tool", atomically: true, encoding: .utf8)
                chmod("\(directory)/tool", 0o755)
                let child = try finish("tool") { $0.environment = .replace(["PATH": "/nowhere:\(directory)"]) }
                #expect(child.output == "found \(directory)/tool\n")
            }
        }

        @Test func `SP-013 a relative program is relative to the child's directory`() throws {
            try withTemporaryDirectory { directory in
                try "#!/bin/sh\npwd -P\n".write(toFile: "\(directory)/tool", atomically: true, encoding: .utf8)
                chmod("\(directory)/tool", 0o755)
                let here = FileManager.default.currentDirectoryPath
                let direct = try finish("./tool") { $0.directory = directory }
                let searched = try finish("tool") {
                    $0.directory = directory
                    $0.environment = .replace(["PATH": "/nowhere::/usr/bin"])
                }
                #expect(direct.output == "\(directory)\n")
                #expect(searched.output == "\(directory)\n")
                #expect(FileManager.default.currentDirectoryPath == here)
            }
        }

        @Test func `the umask is the child's alone`() throws {
            let before = try BoundedFile.readText("/proc/self/status", limit: 1 << 16).contains("Umask:\t0053")
            let child = try finish("cat", "/proc/self/status") { $0.umask = 0o053 }
            #expect(child.field("Umask") == "0053")
            #expect(!before)
            #expect(try !BoundedFile.readText("/proc/self/status", limit: 1 << 16).contains("Umask:\t0053"))
        }

        @Test(arguments: bothWays) func `signals are at their defaults in the child`(oldKernel: Bool) throws {
            let ignored = [SIGPIPE, SIGHUP, SIGUSR2]
            let before = ignored.map { signal($0, SIG_IGN) }
            let handler = signal(SIGWINCH) { _ in }
            defer {
                for (number, action) in zip(ignored, before) { signal(number, action) }
                signal(SIGWINCH, handler)
            }
            let child = try finish("cat", "/proc/self/status") { $0.pretendsOldKernel = oldKernel }
            #expect(child.field("SigIgn") == "0000000000000000")
            #expect(child.field("SigBlk") == "0000000000000000")
            #expect(child.field("SigCgt") == "0000000000000000")
        }

        @Test func `chosen signals are blocked`() throws {
            let child = try finish("cat", "/proc/self/status") { $0.blockedSignals = [1, 15, 64] }
            #expect(child.field("SigBlk") == "8000000000004001")
        }

        @Test func `resource limits are set, soft and hard`() throws {
            let child = try finish("cat", "/proc/self/limits") {
                $0.resourceLimits = [
                    .init(.openFiles, soft: 123, hard: 456), .init(.coreSize, soft: 0),
                    .init(.stackSize, soft: 1 << 20, hard: ResourceLimit.unlimited),
                ]
            }
            let lines = child.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            #expect(lines.contains("Max open files 123 456 files"))
            #expect(lines.contains("Max core file size 0 0 bytes"))
            #expect(lines.contains("Max stack size 1048576 unlimited bytes"))
        }

        @Test func `niceness, out-of-memory score and no-new-privileges are set, in the child only`() throws {
            let child = try finish("sh", "-c", "nice; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status")
            {
                $0.nice = 7
                $0.oomScoreAdjustment = 500
                $0.noNewPrivileges = true
            }
            #expect(child.output == "7\n500\nNoNewPrivs:\t1\n")
            #expect(getpriority(Int32(PRIO_PROCESS.rawValue), 0) != 7)
            #expect(try BoundedFile.readText("/proc/self/oom_score_adj", limit: 16) != "500\n")
        }

        @Test func `a child can have a process group of its own`() throws {
            var request = SpawnRequest(["cat"])
            request.processGroup = .own
            try withQuietChild(request) { pid in
                let statistics = try #require(try ProcessFileSystem.statistics(of: pid))
                #expect(statistics.processGroup == pid)
                #expect(statistics.session == getsid(0))
            }
        }

        @Test func `a child can have a session of its own`() throws {
            var request = SpawnRequest(["cat"])
            request.processGroup = .session()
            try withQuietChild(request) { pid in
                let statistics = try #require(try ProcessFileSystem.statistics(of: pid))
                #expect(statistics.processGroup == pid)
                #expect(statistics.session == pid)
            }
        }

        @Test func `a child can have a controlling terminal`() throws {
            let master = posix_openpt(O_RDWR | O_NOCTTY)
            try #require(master >= 0)
            defer { close(master) }
            try #require(grantpt(master) == 0 && unlockpt(master) == 0)
            let slave = open(String(cString: ptsname(master)), O_RDWR | O_NOCTTY)
            try #require(slave >= 0)
            defer { close(slave) }
            let child = try finish("sh", "-c", "echo hello >/dev/tty") {
                $0.standardInput = .descriptor(slave)
                $0.processGroup = .session(controllingTerminal: 0)
            }
            #expect(child.status == .exited(code: 0))
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(master, &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "hello\r\n")
        }

        @Test(.asRoot, arguments: bothWays) func `SP-040 a child runs as another user and in its groups only`(
            oldKernel: Bool
        ) throws {
            try #require(geteuid() == 0, "run the tests as root")
            let child = try finish("cat", "/proc/self/status") {
                $0.credentials = .init(user: 65534, group: 65533, supplementaryGroups: [4, 24])
                $0.pretendsOldKernel = oldKernel
            }
            #expect(child.field("Uid") == "65534\t65534\t65534\t65534")
            #expect(child.field("Gid") == "65533\t65533\t65533\t65533")
            #expect(child.field("Groups") == "4 24")
            #expect(child.field("CapEff") == "0000000000000000")
        }

        @Test(.asRoot) func `SP-040 a user's name stands for the user's ids`() throws {
            try #require(geteuid() == 0, "run the tests as root")
            let credentials = try Command.Credentials(user: "daemon", group: "root")
            let child = try finish("id", "-un") { $0.credentials = credentials }
            #expect(child.output == "daemon\n")
            #expect(credentials.group == 0)
        }

        @Test func `switching to oneself needs no privilege`() throws {
            var groups = [gid_t](repeating: 0, count: 65536)
            let count = getgroups(Int32(groups.count), &groups)
            let child = try finish("id", "-u") {
                $0.credentials = .init(
                    user: getuid(), group: getgid(), supplementaryGroups: Array(groups.prefix(Int(count))))
            }
            #expect(child.output == "\(getuid())\n")
        }

        @Test func `a child can die with the thread that made it`() throws {
            let born = Box<SpawnedProcess>()
            let thread = Thread {
                var request = SpawnRequest(["sleep", "1000"])
                request.parentDeathSignal = SIGUSR1
                born.put(try? spawn(request))
            }
            thread.start()
            try eventually("the child") { born.isFull }
            let process = born.take()!
            #expect(try process.wait() == .signaled(signal: SIGUSR1, coreDumped: false))
        }
    }
}

/// Carries a value that cannot be copied from one thread to another.
final class Box<Value: ~Copyable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value?

    var isFull: Bool {
        lock.lock()
        defer { lock.unlock() }
        return value != nil
    }

    func put(_ value: consuming Value?) {
        lock.lock()
        self.value = value
        lock.unlock()
    }

    func take() -> Value? {
        lock.lock()
        defer { lock.unlock() }
        return value.take()
    }
}
