import CLinux
import Foundation
import Linux
import Synchronization
import Testing
import ToolkitTesting

@testable import Subprocesses

extension Spawning {
    @Suite struct Communicating {
        @Test func `SP-043 input is echoed, and what is no pipe is nil`() throws {
            let echo = Command.shell("printf pineapple >&2; cat")
            let child = try Subprocess(echo, input: .pipe, output: .pipe, error: .pipe)
            let result = try child.communicate(input: Array("banana".utf8))
            #expect(try result.outputText == "banana")
            #expect(try result.errorText == "pineapple")
            #expect(result.status.isSuccess)
            let silent = try Subprocess(["true"], output: .null).communicate()
            #expect(silent.output == nil)
            #expect(silent.error == nil)
        }

        @Test func `★ SP-044 four mebibytes each way do not get stuck`() throws {
            let input = (0..<4 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let script = "head -c 4194304 /dev/zero >&2; cat"
            try repeatedly { _ in
                let child = try Subprocess(.shell(script), input: .pipe, output: .pipe, error: .pipe)
                let result = try child.communicate(input: input)
                #expect(result.output == input)
                #expect(result.error == [UInt8](repeating: 0, count: 4 << 20))
                #expect(result.status.isSuccess)
            }
        }

        @Test func `SP-045 a child that does not read its input is no error`() throws {
            let child = try Subprocess(["true"], input: .pipe)
            let result = try child.communicate(input: [UInt8](repeating: 1, count: 1 << 20))
            #expect(result.status == .exited(code: 0))
        }

        @Test func `SP-046 what was written before goes first`() throws {
            let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
            try child.standardInput?.write("banana")
            #expect(try child.communicate(input: Array("split".utf8)).outputText == "bananasplit")
        }

        @Test func `what was read ahead before goes first`() throws {
            let child = try Subprocess(["printf", "one\\ntwo\\nthree"], output: .pipe)
            #expect(try child.standardOutput?.readLine() == Array("one\n".utf8))
            #expect(try child.communicate().outputText == "two\nthree")
        }

        @Test func `SP-048 signals that interrupt every call change nothing`() throws {
            // Without SA_RESTART, each call that waits ends with EINTR.
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in }
            var before = sigaction()
            sigaction(SIGUSR1, &action, &before)
            defer { sigaction(SIGUSR1, &before, nil) }
            let listener = pthread_self()
            let isOver = Atomic(false)
            let storm = DispatchGroup()
            storm.enter()
            Thread {
                while !isOver.load(ordering: .relaxed) {
                    pthread_kill(listener, SIGUSR1)
                    sched_yield()
                }
                storm.leave()
            }.start()
            let input = [UInt8](repeating: 7, count: 1 << 20)
            let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
            let result = try child.communicate(input: input)
            let status = try Subprocess(.shell("read x; exit 5"), input: .null).wait(timeout: .seconds(60))
            isOver.store(true, ordering: .relaxed)
            storm.wait()
            #expect(result.output == input)
            #expect(status == .exited(code: 5))
        }

        @Test func `SP-049 after a timeout communicate goes on, and nothing is lost or sent twice`() throws {
            try withTemporaryDirectory { (directory) throws in
                let fifo = "\(directory)/fifo"
                #expect(mkfifo(fifo, 0o600) == 0)
                let script = "echo first; read x < \(fifo); cat"
                let child = try Subprocess(.shell(script), input: .pipe, output: .pipe)
                #expect(try child.communicate(input: Array("pear".utf8), timeout: .milliseconds(100)) == nil)
                #expect(child.poll() == nil)
                let gate = open(fifo, O_WRONLY | O_CLOEXEC)
                close(gate)
                #expect(try child.communicate().outputText == "first\npear")
            }
        }

        @Test func `★ SP-050 input that a timeout interrupted is sent by later calls, and then closed`() throws {
            let input = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
            try repeatedly { _ in
                let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
                let first = try child.communicate(input: input, timeout: .zero)
                #expect(first == nil)
                #expect(try child.communicate().output == input)
            }
        }

        @Test func `SP-051 more input after a timeout is an error`() throws {
            let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
            #expect(try child.communicate(input: Array(repeating: 1, count: 1 << 20), timeout: .zero) == nil)
            #expect(throws: SubprocessError.lateInput) { try child.communicate(input: [2], timeout: .seconds(1)) }
            #expect(try child.communicate().output?.count == 1 << 20)
        }

        @Test func `input for a child without a pipe is an error`() throws {
            let child = try Subprocess(["true"], input: .null)
            #expect(throws: SubprocessError.noInputPipe) { try child.communicate(input: [1]) }
            #expect(child.wait().isSuccess)
        }

        @Test func `SP-052 a child that never reads does not hold up a timeout`() throws {
            let child = try Subprocess(["sleep", "1000"], input: .pipe)
            defer { child.end(.kill) }
            let time = try elapsed {
                let result = try child.communicate(
                    input: [UInt8](repeating: 0, count: 128 << 10), timeout: .milliseconds(200))
                #expect(result == nil)
            }
            #expect(time >= .milliseconds(200))
            #expect(time < .seconds(20))
        }

        @Test func `SP-053 output that comes over several timeouts is all there`() throws {
            let script = "for i in 1 2 3 4; do head -c 65536 /dev/zero; sleep 0.05; done"
            let child = try Subprocess(.shell(script), output: .pipe)
            var result: CompletedProcess?
            while result == nil { result = try child.communicate(timeout: .milliseconds(20)) }
            #expect(result?.output?.count == 4 * 65536)
        }

        @Test func `SP-054 a child that closed its output and runs is waited for without a loop`() throws {
            let child = try Subprocess(
                .shell("exec >&- 2>&-; read x; exit 0"), input: .pipe, output: .pipe, error: .pipe)
            // Held open by a copy, so that the child goes on reading although communicate closes the input.
            let raw = try #require(child.standardInput?.takeDescriptor())
            // This thread's alone: other tests run beside it.
            let before = try processorTime()
            for _ in 0..<3 { #expect(try child.communicate(timeout: .milliseconds(100)) == nil) }
            // Busy loops would have used the processor for all of the 300 ms.
            #expect(try processorTime() - before < .milliseconds(200))
            close(raw)
            let result = try child.communicate()
            #expect(result.status.isSuccess)
            #expect(result.output == [])
        }

        @Test func `SP-055 after the end every call gives the same result`() throws {
            let one = try Subprocess(["echo", "same"], output: .pipe)
            let three = try Subprocess(.shell("cat; echo err >&2"), input: .pipe, output: .pipe, error: .pipe)
            for (child, input) in [(one, []), (three, Array("in".utf8))] {
                let first = try child.communicate(input: input)
                #expect(try child.communicate() == first)
                #expect(try child.communicate(timeout: .zero) == first)
            }
        }

        @Test func `SP-069 a scope ends its child although writing to it failed`() throws {
            var pid: Int32 = 0
            let error = #expect(throws: ProcessError.self) {
                try withSubprocess(.shell("exec <&-; echo; sleep 1000"), input: .pipe, output: .pipe) { child in
                    pid = child.pid
                    _ = try child.standardOutput?.readLine()
                    try child.standardInput?.write("nobody reads this")
                }
            }
            #expect(error?.errno == EPIPE)
            #expect(error?.description.hasSuffix("Broken pipe; it has ended, or closed its input") == true)
            #expect(!ProcessFileSystem.exists(pid))
        }

        @Test func `SP-069 a scope asks its child to end, and leaves alone one that was detached`() throws {
            let asked = try withSubprocess(
                .shell("trap 'exit 3' TERM; echo; while :; do read x; done"), input: .pipe, output: .pipe
            ) { child -> Subprocess in
                _ = try child.standardOutput?.readLine()
                return child
            }
            #expect(asked.poll() != nil)
            let detached = try withSubprocess(["sleep", "1000"]) { child -> Subprocess in
                child.detach()
                return child
            }
            #expect(detached.poll() == nil)
            detached.end(.kill)
        }

        @Test func `SP-077 the first of a pipeline gets SIGPIPE when the second ends early`() throws {
            let first = try Subprocess(["yes"], output: .pipe)
            let pipe = try #require(first.standardOutput?.takeDescriptor())
            let second = try run(["head", "-n", "1"], input: .descriptor(pipe), output: .capture)
            close(pipe)
            #expect(try second.outputText == "y\n")
            #expect(first.wait(timeout: .seconds(60)) == .signaled(signal: SIGPIPE, coreDumped: false))
        }

        @Test func `writing to a child that is gone is an error, and no SIGPIPE`() throws {
            let before = signal(SIGPIPE, SIG_DFL)
            defer { signal(SIGPIPE, before) }
            let child = try Subprocess(["true"], input: .pipe)
            child.wait()
            let error = #expect(throws: ProcessError.self) { try child.standardInput?.write("x") }
            #expect(error?.errno == EPIPE)
            var pending = sigset_t()
            sigpending(&pending)
            #expect(sigismember(&pending, SIGPIPE) == 0)
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            #expect(sigismember(&mask, SIGPIPE) == 0)
        }

        @Test func `a write that does not fit is cut off by its timeout`() throws {
            let child = try Subprocess(["sleep", "1000"], input: .pipe)
            defer { child.end(.kill) }
            let written = try child.standardInput?.write(
                [UInt8](repeating: 0, count: 1 << 20), timeout: .milliseconds(20))
            #expect(written == 65536)
            #expect(try child.standardInput?.write([0], timeout: .zero) == 0)
        }

        @Test func `output is read as it comes, line by line, to the end`() throws {
            let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
            let (input, output) = (try #require(child.standardInput), try #require(child.standardOutput))
            #expect(try output.readLine(timeout: .zero) == nil)
            try input.write("one\nhal")
            #expect(try output.readLine() == Array("one\n".utf8))
            #expect(try output.readLine(timeout: .milliseconds(10)) == nil)
            try input.write("f\n\nend")
            input.close()
            #expect(Array(output.lines) == ["half", "", "end"])
            #expect(try output.readLine() == [])
            #expect(try output.read() == [])
            output.close()
            #expect(throws: ProcessError.self) { try output.read() }
            #expect(throws: ProcessError.self) { try input.write("x") }
            #expect(child.wait().isSuccess)
        }

        @Test func `a long line comes in pieces`() throws {
            let child = try Subprocess(["printf", "abcdefgh\\nij"], output: .pipe)
            let output = try #require(child.standardOutput)
            var pieces: [String] = []
            while let piece = try output.readLine(limit: 3), !piece.isEmpty {
                pieces.append(String(decoding: piece, as: UTF8.self))
            }
            #expect(pieces == ["abc", "def", "gh\n", "ij"])
            child.wait()
        }
    }
}
