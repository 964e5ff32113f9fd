import CLinux
import Linux
import Subprocesses
import SubprocessesAsync
import Testing
import ToolkitTesting

extension Spawning {
    @Suite struct Asynchronously {
        @Test func `a task runs a command and gets its output`() async throws {
            let process = try await run(["cat"], input: .string("pear"), output: .capture, check: true)
            #expect(try process.outputText == "pear")
            let error = await #expect(throws: SubprocessError.self) { try await run(["false"], check: true) }
            #expect(error?.description == "cannot run false: exit code 1")
        }

        @Test func `many tasks run commands at once`() async throws {
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...40 {
                    group.addTask {
                        try await Int(run(["printf", "\(number)"], output: .capture, error: .capture).outputText) ?? 0
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 820)
        }

        @Test func `a timeout ends the command`() async throws {
            let error = await #expect(throws: SubprocessError.self) {
                try await run(["sleep", "1000"], timeout: .milliseconds(50))
            }
            guard case .timedOut = error else { throw Unexpected("\(String(describing: error))") }
        }

        @Test func `cancelling a task ends its command with all that it started`() async throws {
            let (lines, teller) = AsyncStream.makeStream(of: String.self)
            let task = Task {
                try await run(.shell("sleep 1000 & echo $!; wait"), output: .lines { teller.yield($0) })
            }
            var iterator = lines.makeAsyncIterator()
            let pid = try #require(await iterator.next().flatMap { Int32($0) })
            let sleeper = try ProcessDescriptor(pid: pid)
            task.cancel()
            let error = await #expect(throws: SubprocessError.self) { try await task.value }
            guard case .cancelled(let process) = error else { throw Unexpected("\(String(describing: error))") }
            #expect(process.status == .signaled(signal: SIGKILL, coreDumped: false))
            let hasEnded = sleeper.awaitEnd(until: nil)
            #expect(hasEnded)
        }

        @Test func `a task that is cancelled before starts nothing`() async throws {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await run(["true"])
            }
            let error = await #expect(throws: SubprocessError.self) { try await task.value }
            #expect(error == .cancelled(CompletedProcess(arguments: ["true"], status: .unknown)))
        }

        @Test func `a task waits for a child, with or without a limit`() async throws {
            let child = try Subprocess(["cat"], input: .pipe)
            #expect(await child.wait(timeout: .milliseconds(20)) == nil)
            child.standardInput?.close()
            #expect(await child.wait() == .exited(code: 0))
            #expect(await child.wait(timeout: .zero) == .exited(code: 0))
        }

        @Test func `cancelling a task that waits kills the child`() async throws {
            let child = try Subprocess(["sleep", "1000"])
            let task = Task { await child.wait() }
            task.cancel()
            #expect(await task.value == .signaled(signal: SIGKILL, coreDumped: false))
        }

        @Test func `a task communicates, and goes on after a timeout`() async throws {
            let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
            let input = [UInt8](repeating: 3, count: 1 << 20)
            #expect(try await child.communicate(input: input, timeout: .zero) == nil)
            #expect(try await child.communicate().output == input)
        }

        @Test func `cancelling a task that communicates kills the child and all that it started`() async throws {
            let child = try Subprocess(.shell("sleep 1000 & wait"), output: .pipe)
            let task = Task { try await child.communicate() }
            task.cancel()
            let error = await #expect(throws: SubprocessError.self) { try await task.value }
            guard case .cancelled = error else { throw Unexpected("\(String(describing: error))") }
            #expect(child.poll() == .signaled(signal: SIGKILL, coreDumped: false))
        }

        @Test func `lines come to a task one after the other`() async throws {
            let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
            let output = try #require(child.standardOutput)
            var lines = output.asyncLines.makeAsyncIterator()
            try child.standardInput?.write("one\n")
            #expect(await lines.next() == "one")
            try child.standardInput?.write("two\n\nthree")
            child.standardInput?.close()
            var rest: [String] = []
            while let line = await lines.next() { rest.append(line) }
            #expect(rest == ["two", "", "three"])
            #expect(await child.wait() == .exited(code: 0))
        }

        @Test func `cancelling a task ends its lines and leaves the child alone`() async throws {
            let child = try Subprocess(["cat"], input: .pipe, output: .pipe)
            let output = try #require(child.standardOutput)
            let task = Task {
                var count = 0
                for await _ in output.asyncLines { count += 1 }
                return count
            }
            task.cancel()
            #expect(await task.value == 0)
            #expect(child.poll() == nil)
            child.end(.kill)
        }
    }
}
