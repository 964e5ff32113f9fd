import Subprocesses

// How long starting a process takes with `Subprocess`:
// `SpawnRate COUNT BALLAST_MIB PROGRAM`, as programs/spawn-rate.c.

guard CommandLine.arguments.count == 4,
    let count = Int(CommandLine.arguments[1]),
    let ballast = Int(CommandLine.arguments[2])
else { fatalError("usage: SpawnRate COUNT BALLAST_MIB PROGRAM") }

let memory = [UInt8](repeating: 1, count: ballast << 20)
let command = Command([CommandLine.arguments[3]])
let clock = ContinuousClock()
var times: [Duration] = []
times.reserveCapacity(count)

for _ in 0..<count {
    let before = clock.now
    let child = try Subprocess(command)
    times.append(clock.now - before)
    try child.kill()
    child.wait()
}

withExtendedLifetime(memory) {
    for time in times { print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000) }
}
