import CLinux
import Foundation
import Linux
import Testing
import ToolkitTesting

@testable import Subprocesses

extension Spawning {
    @Suite struct Running {
        @Test func `SP-001 an exit code comes back, and what was not captured is nil`() throws {
            let process = try run(["sh", "-c", "exit 47"])
            #expect(process.status == .exited(code: 47))
            #expect(process.arguments == ["sh", "-c", "exit 47"])
            #expect(process.output == nil)
            #expect(process.error == nil)
        }

        @Test func `SP-002 a program that cannot be started is a spawn error, and leaves nothing behind`() throws {
            for _ in 0..<20 {
                let error = #expect(throws: SubprocessError.self) {
                    try run(["/no/such/program"], output: .capture, error: .capture)
                }
                guard case .spawn(let reason) = error else { throw Unexpected("\(String(describing: error))") }
                #expect(reason.step == .execute)
                #expect(reason.subject == "/no/such/program")
            }
        }

        @Test func `SP-008 no arguments are refused before anything is made`() {
            let error = #expect(throws: SubprocessError.self) { try run([]) }
            #expect(error?.description == "cannot spawn with no arguments: Invalid argument")
        }

        @Test func `SP-015 a shell expands its script, and further arguments are $0 and $1`() throws {
            var command = Command.shell("echo $FRUIT")
            command.environment = .extend(["FRUIT": "orange"])
            #expect(try run(command, output: .capture).outputText == "orange\n")
            let words = Command.shell("printf '%s|' \"$0\" \"$1\" \"$#\"", ["zero", "two words"])
            #expect(try run(words, output: .capture).outputText == "zero|two words|1|")
            #expect(try run(.shell("echo $0"), output: .capture).outputText == "/bin/sh\n")
            #expect(try run(.shell("echo ${x:-dash}", shell: "/bin/dash"), output: .capture).outputText == "dash\n")
        }

        @Test func `SP-017 a shell that knows no such command exits with 127`() throws {
            let process = try run(.shell("no-such-command-here"), error: .null)
            #expect(process.status == .exited(code: 127))
        }

        @Test func `SP-018 a killed shell is told from a shell whose child was killed`() throws {
            #expect(try run(.shell("kill -9 $$")).status == .signaled(signal: SIGKILL, coreDumped: false))
            #expect(try run(.shell("sh -c 'kill -TERM $$'; exit $?")).status == .exited(code: 143))
        }

        @Test func `SP-019 an exit code has eight bits`() throws {
            let script = try run(["python3", "-c", "import os; os._exit(300)"])
            #expect(script.status == .exited(code: 44))
        }

        @Test func `SP-020 an aborted process was ended by SIGABRT`() throws {
            var command = Command.shell("kill -ABRT $$")
            command.resourceLimits = [ResourceLimit(.coreSize, soft: 0)]
            #expect(try run(command).status == .signaled(signal: SIGABRT, coreDumped: false))
        }

        @Test func `SP-021 a checked command that fails is an error with status, arguments and output`() throws {
            let script = "echo out; echo why >&2; exit 47"
            let error = #expect(throws: SubprocessError.self) {
                try run(.shell(script), output: .capture, error: .capture, check: true)
            }
            guard case .unsuccessful(let process) = error else { throw Unexpected("\(String(describing: error))") }
            #expect(process.status == .exited(code: 47))
            #expect(process.arguments == ["/bin/sh", "-c", script])
            #expect(try process.outputText == "out\n")
            #expect(error?.description == "cannot run /bin/sh -c '\(script)': exit code 47: why")
        }

        @Test func `SP-021 the error of a command that a signal ended names the signal`() throws {
            let process = try run(
                Command(["sh", "-c", "kill -SEGV $$"]) { $0.resourceLimits = [.init(.coreSize, soft: 0)] })
            let error = #expect(throws: SubprocessError.self) { try process.check() }
            #expect(error?.description == "cannot run sh -c 'kill -SEGV $$': signal 11 (SIGSEGV)")
            #expect(
                "\(TerminationStatus.signaled(signal: 37, coreDumped: true))" == "signal 37 (SIGRTMIN+3), core dumped")
        }

        @Test func `a successful command passes a check`() throws {
            #expect(try run(["true"], check: true).check().status.isSuccess)
        }

        @Test func `SP-025 merged diagnostics come in order`() throws {
            let script = "printf apple; printf orange >&2; printf pear"
            let process = try run(.shell(script), output: .capture, error: .mergeWithOutput)
            #expect(try process.outputText == "appleorangepear")
            #expect(process.error == nil)
        }

        @Test func `SP-026 diagnostics merged with an inherited output go to the parent's output`() throws {
            let output = try onThreadWithOwnDescriptors { () -> String in
                try withTemporaryFile { path, raw in
                    try #require(dup2(raw, 1) == 1)
                    try run(.shell("echo out; echo err >&2"), error: .mergeWithOutput)
                    return try BoundedFile.readText(path, limit: 100)
                }
            }
            #expect(output == "out\nerr\n")
        }

        @Test func `SP-027 both outputs can go to one descriptor`() throws {
            try withTemporaryFile { path, raw in
                try run(.shell("echo out; echo err >&2"), output: .descriptor(raw), error: .descriptor(raw))
                #expect(try BoundedFile.readText(path, limit: 100) == "out\nerr\n")
            }
        }

        @Test func `input is bytes, a text, a file or nothing`() throws {
            #expect(try run(["cat"], input: .bytes([0, 255, 10]), output: .capture).output == [0, 255, 10])
            #expect(try run(["cat"], input: .string("héllo"), output: .capture).outputText == "héllo")
            #expect(try run(["cat"], input: .string(""), output: .capture).output == [])
            #expect(try run(["cat"], input: .null, output: .capture).output == [])
            #expect(try run(["cat"], input: .file("/proc/self/comm"), output: .capture).output?.isEmpty == false)
        }

        @Test func `lines come while the command runs, whole and in order`() throws {
            var seen: [String] = []
            var errors: [String] = []
            let script = "echo one; echo oops >&2; printf 'two\\r\\n\\nthree'"
            let process = try run(
                .shell(script), output: .lines { seen.append($0) }, error: .lines { errors.append($0) })
            #expect(seen == ["one", "two\r", "", "three"])
            #expect(errors == ["oops"])
            #expect(process.output == nil)
        }

        @Test func `chunks are all of the output`() throws {
            var seen: [UInt8] = []
            try run(["seq", "1", "50000"], output: .chunks { seen += $0 })
            #expect(String(decoding: seen, as: UTF8.self) == (1...50000).map { "\($0)\n" }.joined())
        }

        @Test func `a command that writes more than is allowed is ended, and what fits is kept`() throws {
            let error = #expect(throws: SubprocessError.self) { try run(["yes"], output: .captured(limit: 1000)) }
            guard case .tooMuchOutput(let process, limit: 1000) = error else {
                throw Unexpected("\(String(describing: error))")
            }
            #expect(process.output?.count == 1000)
            #expect(process.status == .signaled(signal: SIGKILL, coreDumped: false))
            #expect(try run(["printf", "1234"], output: .captured(limit: 4)).output?.count == 4)
            #expect(throws: SubprocessError.self) { try run(["printf", "1"], output: .captured(limit: 0)) }
        }

        @Test func `what the child has used is known`() throws {
            let usage = try #require(try run(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"]).usage)
            #expect(usage.userTime + usage.systemTime > .zero)
            #expect(usage.peakMemory > 100_000)
        }

        @Test func `SP-072 line ends stay as they are`() throws {
            let process = try run(["printf", "a\r\nb\rc\n"], output: .capture)
            #expect(try process.outputText == "a\r\nb\rc\n")
        }

        @Test func `SP-073 output that is no UTF-8 is a typed error with all the bytes`() throws {
            let process = try run(.shell("printf 'a\\377b'; printf '\\200' >&2"), output: .capture, error: .capture)
            let error = #expect(throws: SubprocessError.self) { try process.outputText }
            #expect(error == .notUTF8(process, .output))
            guard case .notUTF8(let kept, _) = error else { return }
            #expect(kept.output == [97, 255, 98])
            #expect(throws: SubprocessError.notUTF8(process, .error)) { try process.errorText }
        }

        @Test func `SP-078 a shell's status and output come in one`() throws {
            let (status, text) = try shellOutput(#"printf "a\n\n""#)
            #expect(text == "a\n")
            #expect(status == .exited(code: 0))
            #expect(try shellOutput("exit 3").status == .exited(code: 3))
            #expect(try shellOutput("kill -9 $$").status == .signaled(signal: SIGKILL, coreDumped: false))
            #expect(try shellOutput("echo err >&2").output == "err")
        }

        @Test func `a command can join a process group`() throws {
            let leader = try Subprocess(Command(["cat"]) { $0.processGroup = .own }, input: .pipe)
            defer { leader.end(.kill) }
            let child = try Subprocess(Command(["cat"]) { $0.processGroup = .join(leader.pid) }, input: .pipe)
            defer { child.end(.kill) }
            #expect(try ProcessFileSystem.statistics(of: child.pid)?.processGroup == leader.pid)
            let error = failure("true") { $0.processGroup = .join(1) }
            #expect(error?.step == .processGroup)
            #expect(failure("true") { $0.processGroup = .join(-1) }?.step == .request)
        }

        @Test func `SP-039 the umask counts for files that the child makes`() throws {
            try withTemporaryDirectory { (directory) throws in
                try run(
                    Command(["touch", "\(directory)/file"]) {
                        $0.umask = 0o053
                        $0.directory = directory
                    }, check: true)
                var status = stat()
                #expect(lstat("\(directory)/file", &status) == 0)
                #expect(status.st_mode & 0o777 == 0o624)
            }
        }

        @Test func `SP-040 a user or group that does not exist is named`() throws {
            let error = #expect(throws: SpawnError.self) { try Command.Credentials(user: "no-such-user") }
            #expect(error?.step == .account)
            #expect(
                error?.description == "cannot find the user no-such-user: there is none; create it, or name another one"
            )
            #expect(throws: SpawnError.self) { try Command.Credentials(group: "no-such-group") }
            #expect(throws: SpawnError.self) { try Command.Credentials(supplementaryGroups: ["no-such-group"]) }
            #expect(throws: SpawnError.self) { try Command.Credentials(user: "18446744073709551616") }
            #expect(throws: SpawnError.self) { try Command.Credentials(user: "4294967295") }
            #expect(throws: SpawnError.self) { try Command.Credentials(user: "-1") }
            #expect(failure("true") { $0.credentials = .init(user: .max, group: 0) }?.step == .request)
        }

        @Test func `SP-040 names of users and groups become their ids`() throws {
            let credentials = try Command.Credentials(
                user: "root", group: "daemon", supplementaryGroups: ["root", "1"])
            #expect(credentials == .init(user: 0, group: 1, supplementaryGroups: [0, 1]))
            #expect(try Command.Credentials(supplementaryGroups: []).user == geteuid())
        }
    }
}

/// A new file and a descriptor of it, both gone afterwards.
func withTemporaryFile<Value>(_ body: (String, Int32) throws -> Value) throws -> Value {
    var path = Array("/tmp/roost-subprocess-XXXXXX".utf8CString)
    let raw = mkostemp(&path, O_CLOEXEC | O_APPEND)
    try #require(raw >= 0)
    let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        close(raw)
        unlink(name)
    }
    return try body(name, raw)
}

/// What a test did not expect.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
