import CLinux
import Foundation
import Testing

@testable import Linux

/// A child made by Foundation, so that this room is tested without the one above it.
private func withChild(
    _ arguments: [String], environment: [String: String]? = nil, _ body: (Int32) throws -> Void
) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.environment = environment
    process.standardInput = Pipe()
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { process.terminate() }
    try body(process.processIdentifier)
}

private func eventually(_ what: String, _ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while try !condition() {
        try #require(ContinuousClock.now < deadline, "still waiting for: \(what)")
        usleep(1000)
    }
}

@Suite(.timeLimit(.minutes(5))) struct ProcessFileSystemTests {
    @Test func `a line of statistics is read, whatever the command is called`() throws {
        let tail = "S 1 42 43 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 0 0"
        let statistics = try #require(ProcessStatistics(line: "17 (a) R (b c) \(tail)"))
        #expect(statistics.pid == 17)
        #expect(statistics.command == "a) R (b c")
        #expect(statistics.state == "S")
        #expect(statistics.parent == 1)
        #expect(statistics.processGroup == 42)
        #expect(statistics.session == 43)
        #expect(statistics.startTime == 987654)
        #expect(!statistics.isZombie)
    }

    @Test(arguments: ["", "17", "17 (x", "17 (x) S", "x (y) S 1 2 3", ") 17 ("])
    func `a line cut short is nothing`(line: String) {
        #expect(ProcessStatistics(line: line) == nil)
    }

    @Test func `this process is found with its parent, arguments and session`() throws {
        let own = try #require(try ProcessFileSystem.statistics(of: getpid()))
        #expect(own.parent == getppid())
        #expect(own.session == getsid(0))
        #expect(ProcessFileSystem.exists(getpid()))
        #expect(try ProcessFileSystem.processes().contains(getpid()))
        #expect(try ProcessFileSystem.commandLine(of: getpid()) == CommandLine.arguments)
    }

    @Test func `a child is found with its mark, empty arguments included`() throws {
        let environment = ["ROOST_RUN": "web:0#17", "ROOST_RUN_OTHER": "no", "PATH": "/usr/bin:/bin"]
        try withChild(["/bin/cat", "-", "", ""], environment: environment) { pid in
            try eventually("the child to execute") { try ProcessFileSystem.commandLine(of: pid)?.first == "/bin/cat" }
            #expect(try ProcessFileSystem.children(of: getpid()).contains(pid))
            #expect(try ProcessFileSystem.childrenByScan(of: getpid()).contains(pid))
            #expect(try ProcessFileSystem.environmentValue("ROOST_RUN", of: pid) == "web:0#17")
            #expect(try ProcessFileSystem.environmentValue("ROOST", of: pid) == nil)
            #expect(try ProcessFileSystem.commandLine(of: pid) == ["/bin/cat", "-", "", ""])
        }
    }

    @Test func `a process that is gone is nothing and no error`() throws {
        let gone: Int32 = 1 << 30
        #expect(!ProcessFileSystem.exists(gone))
        #expect(try ProcessFileSystem.statistics(of: gone) == nil)
        #expect(try ProcessFileSystem.children(of: gone) == [])
        #expect(try ProcessFileSystem.commandLine(of: gone) == nil)
        #expect(try ProcessFileSystem.environmentValue("A", of: gone) == nil)
    }
}

@Suite(.timeLimit(.minutes(5))) struct ProcessDescriptorTests {
    @Test func `a process that does not exist cannot be opened`() {
        let error = #expect(throws: SystemError.self) { _ = try ProcessDescriptor(pid: 1 << 30).raw }
        #expect(error?.errno == ESRCH)
    }

    @Test func `somebody else's process cannot be collected`() throws {
        let parent = try ProcessDescriptor(pid: getppid())
        let error = #expect(throws: SystemError.self) { _ = try parent.reap() }
        #expect(error?.errno == ECHILD)
    }

    @Test func `a signal that does not exist is an error that names it`() throws {
        let own = try ProcessDescriptor(pid: getpid())
        let error = #expect(throws: SystemError.self) { try own.send(signal: 999) }
        #expect(error?.description == "cannot send signal 999: Invalid argument")
    }

    @Test func `an exit can be seen before it is collected, and collected once`() throws {
        let pid = startChild(exitingWith: 7)
        try #require(pid > 0)
        let process = try ProcessDescriptor(pid: pid)
        try eventually("the exit") { try ProcessFileSystem.statistics(of: pid)?.isZombie == true }
        #expect(try Orphans.nextEnded() != nil)
        #expect(try Orphans.reap(pid: pid) == .exited(code: 7))
        #expect(try process.send(signal: SIGKILL) == false)
        let error = #expect(throws: SystemError.self) { try Orphans.reap(pid: pid) }
        #expect(error?.errno == ECHILD)
    }

    @Test func `exits read well`() {
        #expect("\(ProcessExit.exited(code: 3))" == "exit code 3")
        #expect("\(ProcessExit.signaled(signal: 9, coreDumped: false))" == "signal 9")
        #expect("\(ProcessExit.signaled(signal: 11, coreDumped: true))" == "signal 11, core dumped")
        #expect(ProcessExit.exited(code: 0).isSuccess)
        #expect(!ProcessExit.signaled(signal: 9, coreDumped: false).isSuccess)
    }

    /// A child that ends at once and that nobody but the test collects; -1 if there is none.
    private func startChild(exitingWith code: Int) -> Int32 {
        var pid: pid_t = -1
        let words = ["sh", "-c", "exit \(code)"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        return posix_spawn(&pid, "/bin/sh", nil, nil, &arguments, roost_environment()) == 0 ? pid : -1
    }
}

@Suite struct AccountTests {
    @Test func `a user is found by name and by number`() throws {
        let root = try Accounts.user("root")
        #expect(root.uid == 0)
        #expect(root.gid == 0)
        #expect(root.home == "/root")
        #expect(try Accounts.user("0") == root)
    }

    @Test func `a group is found by name and by number`() throws {
        #expect(try Accounts.group("root") == GroupAccount(name: "root", gid: 0))
        #expect(try Accounts.group("0").name == "root")
    }

    @Test func `the primary group is among a user's groups`() throws {
        #expect(try Accounts.groups(of: Accounts.user("daemon"), primary: 12345).contains(12345))
    }

    @Test(arguments: ["no-such-user", "", "4294967295", "18446744073709551616", "-1", "root "])
    func `a user that does not exist is named`(name: String) {
        let error = #expect(throws: AccountError.self) { try Accounts.user(name) }
        #expect(error == .noSuchUser(name))
        #expect(error?.description.hasPrefix("cannot find the user \(name): ") == true)
    }

    @Test func `a group that does not exist is named`() {
        #expect(throws: AccountError.noSuchGroup("no-such-group")) { try Accounts.group("no-such-group") }
    }
}

@Suite struct ControlGroupTests {
    private let hybrid = """
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:2 - cgroup2 cgroup2 rw

        """

    @Test func `the own group is found on a hybrid machine`() {
        let membership = "4:memory:/x\n0::/system.slice/roostd.service\n"
        #expect(
            ControlGroup.own(mounts: hybrid, membership: membership)?.path
                == "/sys/fs/cgroup/unified/system.slice/roostd.service")
        #expect(ControlGroup.own(mounts: hybrid, membership: "0::/\n")?.path == "/sys/fs/cgroup/unified")
    }

    @Test func `a mount of a part of the tree, and a path with a space, are understood`() {
        let mounts = #"41 31 0:38 /docker/1 /sys/fs/my\040cgroup rw - cgroup2 cgroup2 rw"#
        #expect(ControlGroup.own(mounts: mounts, membership: "0::/docker/1\n")?.path == "/sys/fs/my cgroup")
        #expect(ControlGroup.own(mounts: mounts, membership: "0::/docker/1/a\n")?.path == "/sys/fs/my cgroup/a")
        #expect(ControlGroup.own(mounts: mounts, membership: "0::/docker/12\n") == nil)
    }

    @Test func `no cgroup v2, or a group outside of the namespace, is none`() {
        #expect(ControlGroup.own(mounts: hybrid, membership: "4:memory:/x\n") == nil)
        #expect(ControlGroup.own(mounts: hybrid, membership: "0::/../outside\n") == nil)
        #expect(ControlGroup.own(mounts: "", membership: "0::/\n") == nil)
    }

    private static var isWritable: Bool {
        guard let own = try? ControlGroup.own() else { return false }
        return access(own.path, W_OK) == 0
    }

    @Test(.enabled(if: isWritable, "no control group of version 2 that this user may write to"))
    func `a group is made once, found empty, and removed with those below it`() throws {
        let own = try #require(try ControlGroup.own())
        let name = "roost-test-\(UUID().uuidString)"
        let group = try own.createChild(name)
        let error = #expect(throws: SystemError.self) { try own.createChild(name) }
        #expect(error?.errno == EEXIST)
        #expect(try own.ensureChild(name) == group)
        _ = try group.createChild("a").createChild("b")
        #expect(try group.subgroups() == [group.child("a")])
        #expect(try !group.isPopulated())
        #expect(try group.processes() == [])
        #expect(try group.open().raw >= 0)
        try group.kill()
        try group.remove()
        #expect(access(group.path, F_OK) != 0)
        try group.remove()
    }

    @Test(.enabled(if: isWritable && geteuid() == 0, "only root may mark a control group as delegated"))
    func `delegation is read from the mark that systemd leaves`() throws {
        let own = try #require(try ControlGroup.own())
        let group = try own.createChild("roost-test-\(UUID().uuidString)")
        defer { try? group.remove() }
        #expect(!group.isDelegated)
        #expect(setxattr(group.path, "trusted.delegate", "1", 1, 0) == 0)
        #expect(group.isDelegated)
    }
}

@Suite struct BoundedFileTests {
    @Test func `a file is read whole up to the limit, and not beyond`() throws {
        let path = NSTemporaryDirectory() + "roost-bounded-\(UUID().uuidString)"
        try Data(repeating: 7, count: 10_000).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try BoundedFile.read(path, limit: 10_000).count == 10_000)
        let error = #expect(throws: SystemError.self) { try BoundedFile.read(path, limit: 9_999) }
        #expect(error?.errno == EFBIG)
        try BoundedFile.write("x", to: path)
        #expect(try BoundedFile.read(path, limit: 10_000).first == UInt8(ascii: "x"))
    }

    @Test func `a missing file is named`() {
        let error = #expect(throws: SystemError.self) { try BoundedFile.read("/no/such", limit: 1) }
        #expect(error?.description == "cannot open /no/such: No such file or directory")
    }

    @Test func `the limit of open files is not lowered by raising it`() throws {
        let before = try OpenFileLimit.raise()
        let after = try OpenFileLimit.current()
        #expect(after == OpenFileLimit(soft: before.hard, hard: before.hard))
    }
}
