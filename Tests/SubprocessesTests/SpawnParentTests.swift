import CLinux
import Foundation
import Linux
import Synchronization
import Testing
import ToolkitTesting

@testable import Subprocesses

/// Whether this user may make control groups below the test's own.
private var ownGroupIsWritable: Bool {
    guard let own = try? ControlGroup.own() else { return false }
    return access(own.path, W_OK) == 0
}

extension Spawning {
    @Suite struct Parents {
        @Test(.asRoot, arguments: bothWays) func `the parent is as it was`(oldKernel: Bool) throws {
            try #require(geteuid() == 0, "run the tests as root")
            let handler = signal(SIGUSR1) { _ in }
            defer { signal(SIGUSR1, handler) }
            let before = try snapshot()
            let child = try finish("true") {
                $0.credentials = .init(user: 65534, group: 65534)
                $0.directory = "/usr"
                $0.umask = 0o077
                $0.nice = 5
                $0.oomScoreAdjustment = 100
                $0.noNewPrivileges = true
                $0.blockedSignals = [SIGTERM]
                $0.resourceLimits = [.init(.openFiles, soft: 100)]
                $0.processGroup = .session()
                $0.parentDeathSignal = SIGKILL
                $0.pretendsOldKernel = oldKernel
            }
            #expect(child.status.isSuccess)
            #expect(try snapshot() == before)
            #expect(roost_prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1)
        }

        @Test(.asRoot) func `a parent that dumps no core goes on dumping none`() throws {
            try #require(geteuid() == 0, "run the tests as root")
            _ = roost_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
            defer { _ = roost_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) }
            #expect(try finish("true") { $0.credentials = .init(user: 65534, group: 65534) }.status.isSuccess)
            #expect(roost_prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)
        }

        @Test func `eight threads spawn at once, each its own children`() throws {
            let wrong = Mutex<[String]>([])
            let finished = DispatchGroup()
            let asRoot = geteuid() == 0
            for thread in 0..<8 {
                finished.enter()
                Thread {
                    defer { finished.leave() }
                    for round in 0..<40 {
                        let words = "\(thread) \(round)"
                        let child = try? finish("sh", "-c", "echo \(words); exit \(round)") {
                            $0.pretendsOldKernel = round.isMultiple(of: 3)
                            if asRoot && round.isMultiple(of: 2) { $0.credentials = .init(user: 65534, group: 65534) }
                        }
                        let failed = failure("/no/such/\(words)")
                        let right =
                            child?.output == "\(words)\n" && child?.status == .exited(code: Int32(round))
                            && failed?.subject == "/no/such/\(words)"
                        if !right {
                            let report = "\(words): \(String(describing: child)) \(String(describing: failed))"
                            wrong.withLock { $0.append(report) }
                        }
                    }
                }.start()
            }
            try #require(finished.wait(timeout: .now() + 60) == .success)
            #expect(wrong.withLock { $0 } == [])
            #expect(roost_prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1)
        }

        @Test func `a collected child is neither signalled nor collected again`() throws {
            let process = try spawn(SpawnRequest(["true"]))
            #expect(try process.wait().isSuccess)
            #expect(try process.send(signal: SIGKILL) == false)
            let error = #expect(throws: ProcessError.self) { try process.poll() }
            #expect(error?.errno == ECHILD)
        }

        @Test func `a running child has no exit yet`() throws {
            try withQuietChild(SpawnRequest(["cat"])) { pid in
                let descriptor = try ProcessDescriptor(pid: pid)
                #expect(try descriptor.reap() == nil)
                #expect(try descriptor.send(signal: 0))
            }
        }

        private func snapshot() throws -> [String] {
            let status = try BoundedFile.readText("/proc/thread-self/status", limit: 1 << 16)
            let fields = [
                "Umask", "Uid", "Gid", "Groups", "NStgid", "NSsid", "NoNewPrivs", "SigBlk", "SigCgt", "SigIgn",
            ]
            return status.split(separator: "\n").map(String.init).filter { line in
                fields.contains { line.hasPrefix("\($0):") }
            } + [
                FileManager.default.currentDirectoryPath, "\(getpriority(Int32(PRIO_PROCESS.rawValue), 0))",
                try BoundedFile.readText("/proc/self/oom_score_adj", limit: 16), "\(try OpenFileLimit.current())",
            ]
        }
    }

    @Suite(.enabled(if: ownGroupIsWritable, "no control group of version 2 that this user may write to"))
    struct ControlGroups {
        @Test(arguments: bothWays) func `a child is born in its control group and dies with it`(
            oldKernel: Bool
        ) throws {
            let own = try #require(try ControlGroup.own())
            let group = try own.createChild("roost-test-\(UUID().uuidString)")
            defer { try? group.remove() }
            let directory = try group.open()
            var request = SpawnRequest(["sh", "-c", "sleep 1000 & cat"])
            request.controlGroup = directory.raw
            request.standardInput = .pipe
            request.pretendsOldKernel = oldKernel
            let process = try spawn(request)
            #expect(try group.processes().contains(process.pid))
            try eventually("the grandchild") { try group.processes().count == 3 }
            #expect(try group.isPopulated())
            try group.kill()
            #expect(try process.wait() == .signaled(signal: SIGKILL, coreDumped: false))
            try eventually("the group to be empty") { try !group.isPopulated() }
            try group.remove()
        }

        @Test(arguments: bothWays) func `a removed control group is a typed error`(oldKernel: Bool) throws {
            let own = try #require(try ControlGroup.own())
            let group = try own.createChild("roost-test-\(UUID().uuidString)")
            let directory = try group.open()
            try group.remove()
            let error = failure("true") {
                $0.controlGroup = directory.raw
                $0.pretendsOldKernel = oldKernel
            }
            #expect(error?.step == .controlGroup)
            #expect(error?.errno == ENOENT || error?.errno == ENODEV)
        }
    }
}
