import Futures

// How long COUNT tasks take that do nothing: `FutureRate MEASURE WORKERS COUNT`, as programs/futures.py.

let arguments = CommandLine.arguments
let numbers = arguments.dropFirst(2).compactMap { Int($0) }
guard numbers.count == 2 else { fatalError("usage: FutureRate MEASURE WORKERS COUNT") }
let (workers, count) = (numbers[0], numbers[1])

func measure(_ body: (ThreadPoolExecutor) throws -> Void) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: workers)
    // The first workers are there.
    try wait((0..<workers).map { _ in try pool.submit {} })
    let time = try ContinuousClock().measure { try body(pool) }
    try pool.shutdown()
    print(time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000)
}

switch arguments[1] {
case "submit":
    try measure { pool in
        var futures: [Future<Void, Never>] = []
        for _ in 0..<count { futures.append(try pool.submit {}) }
        try wait(futures)
    }
case "trip":
    try measure { pool in
        for _ in 0..<count { try pool.submit {}.get() }
    }
case "map-1", "map-100":
    try measure { pool in
        let size = arguments[1] == "map-1" ? 1 : 100
        let sum = try pool.map(0..<count, chunkSize: size) { $0 }.collect().reduce(0, +)
        guard sum == count * (count - 1) / 2 else { fatalError("results were lost") }
    }
default: fatalError("no such measure: \(arguments[1])")
}
