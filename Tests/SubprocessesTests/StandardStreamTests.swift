import CLinux
import Foundation
import Linux
import Testing
import ToolkitTesting

@testable import Subprocesses

/// Tests that need a descriptor table of their own: threads can have one, so nobody else is disturbed.
extension Spawning {
    @Suite struct StandardStreams {
        @Test(.repeated) func `☆ SP-029 the three streams can change places in every permutation`() throws {
            let script = "read x; echo \"out $x\"; echo \"err $x\" >&2"
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map({ $0.map(Int32.init) })
            {
                let words = try onThreadWithOwnDescriptors { () -> [String] in
                    try withTemporaryFile { input, inputRaw in
                        try withTemporaryFile { output, outputRaw in
                            try withTemporaryFile { error, errorRaw in
                                write(inputRaw, "plum\n", 5)
                                lseek(inputRaw, 0, SEEK_SET)
                                // What is meant as input, output and error has the numbers 0, 1 and 2 in this order.
                                for (raw, number) in zip([inputRaw, outputRaw, errorRaw], order) {
                                    try #require(dup2(raw, number) == number)
                                }
                                try run(
                                    .shell(script), input: .descriptor(order[0]), output: .descriptor(order[1]),
                                    error: .descriptor(order[2]))
                                return try [output, error].map { try BoundedFile.readText($0, limit: 100) }
                            }
                        }
                    }
                }
                #expect(words == ["out plum\n", "err plum\n"], "\(order)")
            }
        }

        @Test(.repeated) func `☆ SP-030 a parent without some of the three streams captures both outputs`() throws {
            for subset in 0..<8 {
                let closed = (0...2).filter { subset & 1 << $0 != 0 }.map(Int32.init)
                let result = try onThreadWithOwnDescriptors { () -> [String] in
                    for number in closed { close(number) }
                    let process = try run(
                        .shell("cat; echo err >&2"), input: .string("in\n"), output: .capture, error: .capture)
                    let inherited = try run(.shell("cat; echo quiet"), output: .capture, error: .mergeWithOutput)
                    return try [process.outputText, process.errorText, String(inherited.outputText.suffix(6))]
                }
                #expect(result == ["in\n", "err\n", "quiet\n"], "without \(closed)")
            }
        }

        @Test func `SP-032 without 0 and 1 it is still told whether the program was executed`() throws {
            let words = try onThreadWithOwnDescriptors { () -> [String] in
                close(0)
                close(1)
                let failed = failure("/no/such/program")
                return try ["\(run(["true"]).status)", failed?.description ?? "spawned"]
            }
            #expect(words[0] == "exit code 0")
            #expect(words[1].hasPrefix("cannot execute /no/such/program: No such file"))
        }

        @Test func `★ SP-036 nothing leaks past a limit of open files that was lowered`() throws {
            for _ in 0..<rounds { #expect(try Ending(of: "lowered-limit").code == 0) }
        }

        @Test func `SP-037 descriptors that are not close-on-exec can be kept, and pipes of others never are`() throws {
            let stray = open("/etc/passwd", O_RDONLY)
            defer { close(stray) }
            let other = try Subprocess(["cat"], input: .pipe, output: .pipe)
            defer { other.end(.kill) }
            for keeps in [true, false] {
                var request = SpawnRequest(["cat"])
                request.keepsOtherDescriptors = keeps
                request.standardOutput = .null
                try withQuietChild(request) { pid in
                    let open = openDescriptors(of: pid)
                    #expect((open[stray] == "/etc/passwd") == keeps)
                    let pipes = Set(other.conversation.descriptors.compactMap { openDescriptors()[$0] })
                    #expect(pipes.count == 2)
                    #expect(pipes.isDisjoint(with: open.values))
                }
            }
        }

        @Test func `SP-042 every pipe has the capacity asked for`() throws {
            let command = Command(["cat"]) { $0.pipeCapacity = 1 << 18 }
            let child = try Subprocess(command, input: .pipe, output: .pipe, error: .pipe)
            for raw in child.conversation.descriptors { #expect(roost_fcntl(raw, F_GETPIPE_SZ, 0) == 1 << 18) }
            #expect(child.conversation.descriptors.count == 3)
            child.end(.kill)
        }

        @Test func `★ SP-004 a spawn that fails closes nothing of anybody else`() throws {
            repeatedly { _ in
                let failing = DispatchGroup()
                failing.enter()
                Thread {
                    for _ in 0..<10 { _ = failure("/no/such/program") { $0.standardOutput = .pipe } }
                    failing.leave()
                }.start()
                var ends: [Int32] = []
                for _ in 0..<40 {
                    var pipe: [Int32] = [-1, -1]
                    if pipe2(&pipe, O_CLOEXEC) == 0 { ends += pipe }
                }
                failing.wait()
                #expect(ends.count == 80)
                #expect(ends.allSatisfy { close($0) == 0 })
            }
        }
    }
}

extension Conversation {
    /// The parent's ends that are open.
    fileprivate var descriptors: [Int32] { (input?.raw.map { [$0] } ?? []) + outputs.compactMap(\.raw) }
}
