import CLinux
import Foundation
import Linux
import Testing
import class Threading.Monitor
import ToolkitTesting

@testable import Subprocesses

extension Spawning {
    @Suite struct Waiting {
        @Test func `SP-060 every wait and every look gives the same status`() throws {
            let child = try Subprocess(.shell("exit 7"))
            for _ in 0..<3 {
                #expect(child.wait() == .exited(code: 7))
                #expect(child.wait(timeout: .zero) == .exited(code: 7))
                #expect(child.poll() == .exited(code: 7))
            }
            #expect(child.usage != nil)
        }

        @Test func `SP-061 a wait that timed out can be repeated`() throws {
            let child = try Subprocess(["cat"], input: .pipe)
            let time = elapsed { #expect(child.wait(timeout: .milliseconds(20)) == nil) }
            #expect(time >= .milliseconds(20))
            #expect(child.wait(timeout: .zero) == nil)
            #expect(child.wait(timeout: .seconds(-1)) == nil)
            child.standardInput?.close()
            #expect(child.wait(timeout: .seconds(1_000_000_000_000)) == .exited(code: 0))
        }

        @Test func `★ SP-063 a look sees the end while another thread waits, and all get the same status`() throws {
            try repeatedly { round in
                let child = try Subprocess(["sleep", "1000"])
                let results = Monitor<[TerminationStatus?]>([])
                let waiters = DispatchGroup()
                for index in 0..<4 {
                    waiters.enter()
                    Thread {
                        let status = index.isMultiple(of: 2) ? child.wait() : child.wait(timeout: .seconds(60))
                        results.withLock { $0.append(status) }
                        waiters.leave()
                    }.start()
                }
                let descriptor = try ProcessDescriptor(pid: child.pid)
                #expect(child.poll() == nil)
                try child.kill()
                let hasEnded = descriptor.awaitEnd(until: nil)
                #expect(hasEnded)
                // The kernel says that it has ended, so from now on nobody may be told anything else.
                #expect(child.poll() == .signaled(signal: SIGKILL, coreDumped: false), "round \(round)")
                waiters.wait()
                #expect(
                    results.withLock { $0 }
                        == Array(repeating: .signaled(signal: SIGKILL, coreDumped: false), count: 4))
            }
        }

        @Test func `SP-064 a child that somebody else collected has an unknown end, and never a success`() throws {
            let child = try Subprocess(["true"])
            #expect(waitpid(child.pid, nil, 0) == child.pid)
            #expect(child.wait() == .unknown)
            #expect(child.poll() == .unknown)
            #expect(child.poll()?.isSuccess == false)
            #expect(child.usage == nil)
            let error = #expect(throws: SubprocessError.self) {
                try CompletedProcess(arguments: ["true"], status: .unknown).check()
            }
            #expect(error?.description == "cannot run true: unknown exit")
        }

        @Test func `SP-064 where the program ignores SIGCHLD ends are unknown, too`() throws {
            #expect(try Ending(of: "ignored-sigchld").code == 0)
        }

        @Test func `SP-065 a child that has ended gets no signal, and neither does anybody else`() throws {
            let child = try Subprocess(["true"])
            child.wait()
            #expect(try child.send(signal: SIGKILL) == false)
            #expect(try child.terminate() == false)
            #expect(try child.kill() == false)
            child.killTree()
            #expect(child.end() == .exited(code: 0))
        }

        @Test func `SP-067 a child that ends between look and kill is no error`() throws {
            try repeatedly { _ in
                let child = try Subprocess(["true"])
                while child.poll() == nil { try child.kill() }
                #expect(try child.kill() == false)
            }
        }

        @Test func `a signal that does not exist is a typed error`() throws {
            let child = try Subprocess(["cat"], input: .pipe)
            let error = #expect(throws: ProcessError.self) { try child.send(signal: 999) }
            #expect(error?.errno == EINVAL)
            child.end(.kill)
        }

        @Test func `SP-068 a stopped child has not ended`() throws {
            let child = try Subprocess(["cat"], input: .pipe)
            try child.send(signal: SIGSTOP)
            try eventually("the stop") { try ProcessFileSystem.statistics(of: child.pid)?.state == "T" }
            #expect(child.poll() == nil)
            #expect(child.wait(timeout: .milliseconds(20)) == nil)
            try child.send(signal: SIGCONT)
            child.standardInput?.close()
            #expect(child.wait() == .exited(code: 0))
        }

        @Test func `SP-070 a child whose handle is dropped does not stay a zombie`() throws {
            var pids: [Int32] = []
            for _ in 0..<5 {
                let child = try Subprocess(["cat"], input: .pipe)
                pids.append(child.pid)
                // Dropping it closes the pipe, whereupon the child ends.
            }
            for pid in pids { try eventually("\(pid) to be collected") { !ProcessFileSystem.exists(pid) } }
        }

        @Test func `SP-070 a handle that is dropped after its child has ended collects it at once`() throws {
            var pid: Int32 = 0
            do {
                let child = try Subprocess(["true"])
                pid = child.pid
                let hasEnded = child.handle.descriptor.awaitEnd(until: nil)
                #expect(hasEnded)
            }
            #expect(!ProcessFileSystem.exists(pid))
        }

        @Test func `SP-079 a spawned process is never a copy of its parent`() throws {
            try repeatedly { round in
                var request = SpawnRequest(["sleep", "1000"])
                if geteuid() == 0, round.isMultiple(of: 2) { request.credentials = .init(user: 65534, group: 65534) }
                let process = try spawn(request)
                // After a plain fork this could still be the parent's.
                let name = try ProcessFileSystem.statistics(of: process.pid)?.command
                #expect(name == "sleep")
                try process.send(signal: SIGKILL)
                _ = try process.wait()
            }
        }

        @Test func `SP-080 a parent with half a gibibyte spawns as fast as a small one`() throws {
            func time() throws -> Duration {
                // The best of many, for others use the machine, too.
                try (0..<30).map { _ in try elapsed { try run(["/bin/true"]) } }.min() ?? .zero
            }
            let small = try time()
            let size = 512 << 20
            let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
            memset(memory, 1, size)
            let large = try time()
            memory.deallocate()
            #expect(large < small * 5)
        }
    }
}
