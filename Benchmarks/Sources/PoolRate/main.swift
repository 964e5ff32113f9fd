import Futures
import Multiprocessing

// How long COUNT tasks take that do next to nothing in other processes: `PoolRate MEASURE WORKERS COUNT`, as
// programs/pools.py.

let nothing = RemoteFunction("nothing") {}
let square = RemoteFunction("square") { (number: Int) in number * number }

try Worker.begin([nothing, square])

let arguments = CommandLine.arguments
let numbers = arguments.dropFirst(2).compactMap { Int($0) }
guard numbers.count == 2 else { fatalError("usage: PoolRate MEASURE WORKERS COUNT") }
let (workers, count) = (numbers[0], numbers[1])

func measure(_ body: (ProcessPoolExecutor) throws -> Void) throws {
    let pool = try ProcessPoolExecutor(maxWorkers: workers)
    // The workers are there.
    while pool.workers.count < workers { try wait((0..<4 * workers).map { _ in try pool.submit(nothing) }) }
    try wait((0..<100 * workers).map { _ in try pool.submit(nothing) })
    let time = try ContinuousClock().measure { try body(pool) }
    try pool.shutdown()
    print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000)
}

switch arguments[1] {
case "submit":
    try measure { pool in
        var futures: [Future<Nothing, any Error>] = []
        for _ in 0..<count { futures.append(try pool.submit(nothing)) }
        try wait(futures)
    }
case "trip":
    try measure { pool in
        for _ in 0..<count { _ = try pool.submit(nothing).get() }
    }
case "map-1", "map-100", "map-1000":
    try measure { pool in
        let size = Int(arguments[1].dropFirst(4)) ?? 1
        let sum = try pool.map(square, 0..<count, chunkSize: size).collect().reduce(0, +)
        guard sum == (count - 1) * count / 2 * (2 * count - 1) / 3 else { fatalError("results were lost") }
    }
default: fatalError("no such measure: \(arguments[1])")
}
