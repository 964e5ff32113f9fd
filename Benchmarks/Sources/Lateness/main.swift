import Glibc
import Subprocesses

// How late the end of a child is noticed by a wait with a timeout: `Lateness COUNT FAREWELL`, as programs/lateness.c.

guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[1])
else { fatalError("usage: Lateness COUNT FAREWELL") }

for index in 0..<count {
    let microseconds = 5000 + index * 7919 % 20000
    let child = try Subprocess([CommandLine.arguments[2], "\(microseconds)"], output: .pipe)
    guard child.wait(timeout: .seconds(10)) != nil else { fatalError("it did not end") }
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let bytes = try child.standardOutput?.read(atMost: 8) ?? []
    let said = bytes.reversed().reduce(0) { $0 << 8 | Int64($1) }
    print(Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - said)
}
