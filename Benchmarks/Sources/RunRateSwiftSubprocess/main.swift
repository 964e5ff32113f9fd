import Subprocess
import SystemPackage

// How long running a program to its end takes with swift-subprocess, as programs/run-rate.c.

guard CommandLine.arguments.count == 4,
    let count = Int(CommandLine.arguments[1]),
    let ballast = Int(CommandLine.arguments[2])
else { fatalError("usage: RunRateSwiftSubprocess COUNT BALLAST_MIB PROGRAM") }

let memory = [UInt8](repeating: 1, count: ballast << 20)
let program = FilePath(CommandLine.arguments[3])
let clock = ContinuousClock()
var times: [Duration] = []
times.reserveCapacity(count)

for _ in 0..<count {
    let before = clock.now
    let result = try await run(.path(program), input: .none, output: .discarded, error: .discarded)
    precondition(result.terminationStatus.isSuccess)
    times.append(clock.now - before)
}

withExtendedLifetime(memory) {
    for time in times { print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000) }
}
