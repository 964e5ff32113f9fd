import Foundation

// How long running a program to its end takes with Foundation's `Process`, as programs/run-rate.c.

guard CommandLine.arguments.count == 4,
    let count = Int(CommandLine.arguments[1]),
    let ballast = Int(CommandLine.arguments[2])
else { fatalError("usage: RunRateFoundation COUNT BALLAST_MIB PROGRAM") }

let memory = [UInt8](repeating: 1, count: ballast << 20)
let program = URL(filePath: CommandLine.arguments[3])
let clock = ContinuousClock()
var times: [Duration] = []
times.reserveCapacity(count)

for _ in 0..<count {
    let before = clock.now
    let process = Process()
    process.executableURL = program
    try process.run()
    process.waitUntilExit()
    precondition(process.terminationStatus == 0)
    times.append(clock.now - before)
}

withExtendedLifetime(memory) {
    for time in times { print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000) }
}
