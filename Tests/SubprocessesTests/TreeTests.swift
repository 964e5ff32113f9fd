import CLinux
import Foundation
import Linux
import Testing
import ToolkitTesting

@testable import Subprocesses

extension Spawning {
    @Suite struct Trees {
        @Test func `☆ SP-056 a timeout ends a captured shell and what it waits for`() throws {
            try repeatedly { _ in
                var error: SubprocessError?
                let time = elapsed {
                    error = #expect(throws: SubprocessError.self) {
                        try run(.shell("sleep 30"), output: .capture, timeout: .milliseconds(100))
                    }
                }
                guard case .timedOut(let process, after: .milliseconds(100)) = error else {
                    throw Unexpected("\(String(describing: error))")
                }
                #expect(process.status == .signaled(signal: SIGKILL, coreDumped: false))
                #expect(process.output == [])
                #expect(
                    error?.description.hasPrefix("cannot run /bin/sh -c 'sleep 30': it was killed after 0.1 sec")
                        == true)
                #expect(time >= .milliseconds(100))
                #expect(time < .seconds(20))
            }
        }

        @Test func `★ SP-057 after a timeout the output is there, and nothing of the tree is`() throws {
            try repeatedly { round in
                let mark = "3\(getpid())\(round)"
                // One child that it waits for, one in the background, and one whose parent has ended.
                let script = "sleep \(mark) & (sleep \(mark) & ); echo hi; sleep \(mark)"
                let error = #expect(throws: SubprocessError.self) {
                    try run(.shell(script), output: .capture, timeout: .milliseconds(150))
                }
                guard case .timedOut(let process, _) = error else { throw Unexpected("\(String(describing: error))") }
                #expect(try process.outputText == "hi\n")
                #expect(sleepers(mark) == [])
            }
        }

        @Test func `SP-057 a pipe that a process took along does not hold up a timeout`() throws {
            // In a session of its own and without its parent it is out of reach; it holds the pipe for long.
            let mark = "4\(getpid())"
            let script = "setsid sh -c 'sleep \(mark) &'; echo hi; sleep 1000"
            let time = try elapsed {
                let error = #expect(throws: SubprocessError.self) {
                    try run(.shell(script), output: .capture, timeout: .milliseconds(200))
                }
                guard case .timedOut(let process, _) = error else { throw Unexpected("\(String(describing: error))") }
                #expect(try process.outputText == "hi\n")
            }
            #expect(time < .seconds(30))
            try sleepers(mark).forEach(killAndCollect)
        }

        @Test func `a process that floods the pipe it took along does not hold up a timeout`() throws {
            try withTemporaryFile { path, _ in
                let script = "setsid sh -c 'yes & echo $! >> \(path)'; sleep 1000"
                let time = elapsed {
                    // Caught here, because the testing library would look at every byte of the output in the error.
                    do throws(SubprocessError) {
                        try run(.shell(script), output: .capture, timeout: .milliseconds(100))
                        Issue.record("no timeout")
                    } catch {
                        if case .timedOut = error {} else { Issue.record("another error") }
                    }
                }
                #expect(time < .seconds(30))
                // Its reader is gone, so SIGPIPE ends it, if this does not.
                let pid = try #require(Int32(BoundedFile.readText(path, limit: 100).dropLast()))
                try killAndCollect(pid)
            }
        }

        @Test(arguments: [Duration.zero, .seconds(-5)])
        func `SP-058 no time at all is a timeout, and no process is left`(
            timeout: Duration
        ) throws {
            let error = #expect(throws: SubprocessError.self) {
                try run(["sleep", "1000"], output: .capture, timeout: timeout)
            }
            guard case .timedOut(let process, after: timeout) = error else {
                throw Unexpected("\(String(describing: error))")
            }
            #expect(process.status == .signaled(signal: SIGKILL, coreDumped: false))
        }

        @Test func `a tree that is asked to end may have last words`() throws {
            let script = "trap 'echo bye; exit 3' TERM; echo hi; while :; do sleep 0.05; done"
            let error = #expect(throws: SubprocessError.self) {
                try run(
                    .shell(script), output: .capture, timeout: .milliseconds(200), ending: .ask(grace: .seconds(60)))
            }
            guard case .timedOut(let process, _) = error else { throw Unexpected("\(String(describing: error))") }
            #expect(process.status == .exited(code: 3))
            #expect(try process.outputText == "hi\nbye\n")
        }

        @Test func `a tree that does not end when it is asked is killed after the grace`() throws {
            let mark = "5\(getpid())"
            let script = "trap '' TERM; sleep \(mark) & sleep \(mark)"
            let error = #expect(throws: SubprocessError.self) {
                try run(.shell(script), timeout: .milliseconds(100), ending: .ask(grace: .milliseconds(100)))
            }
            guard case .timedOut(let process, _) = error else { throw Unexpected("\(String(describing: error))") }
            #expect(process.status == .signaled(signal: SIGKILL, coreDumped: false))
            #expect(sleepers(mark) == [])
        }

        @Test(arguments: [Command.ProcessGroup.inherit, .own, .session()])
        func `killing a tree reaches every descendant that is linked to it`(group: Command.ProcessGroup) throws {
            let mark = "6\(getpid())"
            // Also one in another process group and session, for its parent is still there.
            let script = "sleep \(mark) & setsid -w sleep \(mark) & sh -c 'sleep \(mark) & wait' & wait"
            let child = try Subprocess(Command(["sh", "-c", script]) { $0.processGroup = group })
            try eventually("three sleepers") { sleepers(mark).count == 3 }
            child.killTree()
            #expect(child.wait() == .signaled(signal: SIGKILL, coreDumped: false))
            try eventually("nobody to be left") { sleepers(mark).isEmpty }
        }

        @Test func `a session's processes are found although their parents are gone`() throws {
            let mark = "7\(getpid())"
            // In a process group of its own, as a shell with job control makes them, and orphaned.
            let script =
                "python3 -c 'import os; os.fork() and os._exit(0); os.setpgid(0, 0); "
                + "os.execvp(\"sleep\", [\"sleep\", \"\(mark)\"])'; sleep 1000"
            let child = try Subprocess(Command(["sh", "-c", script]) { $0.processGroup = .session() })
            try eventually("the sleeper") { sleepers(mark).count == 1 }
            #expect(child.end(.kill) == .signaled(signal: SIGKILL, coreDumped: false))
            #expect(sleepers(mark) == [])
        }

        @Test func `a command with a timeout leads a process group, unless a terminal needs it`() throws {
            let look = "import os; print(os.getpgid(0) == os.getpid())"
            let limited = try run(["python3", "-c", look], output: .capture, timeout: .seconds(60))
            #expect(try limited.outputText == (Terminal.isOurs() ? "False\n" : "True\n"))
            #expect(try run(["python3", "-c", look], output: .capture).outputText == "False\n")
        }

        @Test func `a tree that keeps forking is killed for good`() throws {
            let mark = "8\(getpid())"
            // As fast as it can, but not for ever, should this test be ended before its tree is.
            let script = "for i in $(seq 60); do sleep \(mark) & sh -c 'sleep \(mark) & wait' & done; wait"
            let child = try Subprocess(.shell(script))
            try eventually("some sleepers") { sleepers(mark).count > 4 }
            child.killTree()
            child.wait()
            try eventually("nobody to be left") { sleepers(mark).isEmpty }
        }
    }
}

/// Ends a process that has escaped, and collects it if it has come to this process, as it does to a subreaper.
private func killAndCollect(_ pid: Int32) throws {
    guard let process = try? ProcessDescriptor(pid: pid) else { return }
    try process.send(signal: SIGKILL)
    let hasEnded = process.awaitEnd(until: nil)
    #expect(hasEnded)
    _ = try? process.reap()
}

/// The processes that sleep for so many seconds.
private func sleepers(_ mark: String) -> [Int32] {
    ((try? ProcessFileSystem.processes()) ?? []).filter { pid in
        (try? ProcessFileSystem.commandLine(of: pid)) == ["sleep", mark]
    }
}
