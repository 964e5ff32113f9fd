// Starts programs, talks to them, and ends them: `swift run example-subprocesses`.
import Subprocesses

// A command to its end, with its output as a text.
let sorted = try run(["sort", "-u"], input: .string("pear\napple\npear\n"), output: .capture, check: true)
print("sorted:", try sorted.outputText.split(separator: "\n"))

// Its lines, as they come.
try run(.shell("for i in 1 2 3; do echo line $i; done"), output: .lines { print("heard:", $0) })

// An end that was not wished for is an error that says what happened.
do {
    try run(.shell("echo no such luck >&2; exit 3"), error: .capture, check: true)
} catch {
    print("failed:", error)
}

// A whole tree of processes has 200 milliseconds; what it had written by then is not lost.
do throws(SubprocessError) {
    try run(.shell("echo working; sleep 1000 & sleep 1000"), output: .capture, timeout: .milliseconds(200))
} catch {
    guard case .timedOut(let process, let limit) = error else { throw error }
    print("after \(limit) it had said “\(try process.outputText.dropLast())” and was ended by \(process.status)")
}

// A conversation with a child that lives until the end of the scope.
try withSubprocess(["sed", "-u", "s/^/echo: /"], input: .pipe, output: .pipe) { child in
    for word in ["hello", "world"] {
        try child.standardInput?.write(word + "\n")
        print(String(decoding: try child.standardOutput?.readLine() ?? [], as: UTF8.self), terminator: "")
    }
}

// Two programs in a row, without a shell.
let producer = try Subprocess(["seq", "1", "100"], output: .pipe)
let consumer = try Subprocess(["tail", "-n", "1"], input: .pipe, output: .pipe)
for line in producer.standardOutput!.lines { try consumer.standardInput?.write(line + "\n") }
print("last:", try consumer.communicate().outputText, terminator: "")
print("both ended well:", [producer.wait(), consumer.wait()].allSatisfy(\.isSuccess))
