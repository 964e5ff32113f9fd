import Glibc
import Multiprocessing

// How long it takes to pass COUNT messages of SIZE bytes from this process to another one, or there and back:
// `ProcessQueueRate KIND SIZE COUNT`, as programs/process_queues.py. Prints nanoseconds.

struct Ends: Codable, Sendable {
    let there: ProcessQueue<[UInt8]>
    let back: ProcessQueue<[UInt8]>
    let count: Int
}

struct SimpleEnds: Codable, Sendable {
    let there: SimpleQueue<[UInt8]>
    let back: SimpleQueue<[UInt8]>
    let count: Int
}

func total(_ count: Int, _ get: () throws -> [UInt8]) rethrows -> Int {
    var bytes = 0
    for _ in 0..<count { bytes += try get().count }
    return bytes
}

func bytes(of number: Int) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }

let consume = RemoteFunction("consume") { (ends: Ends) in
    try ends.back.put([])
    try ends.back.put(bytes(of: total(ends.count) { try ends.there.get() }))
}
let consumeSimple = RemoteFunction("consumeSimple") { (ends: SimpleEnds) in
    try ends.back.put([])
    try ends.back.put(bytes(of: total(ends.count) { try ends.there.get() }))
}
let echo = RemoteFunction("echo") { (ends: Ends) in
    try ends.back.put([])
    for _ in 0..<ends.count { try ends.back.put(try ends.there.get()) }
}

try Worker.begin([consume, consumeSimple, echo])
guard CommandLine.arguments.count == 4, let size = Int(CommandLine.arguments[2]),
    let count = Int(CommandLine.arguments[3])
else { fatalError("usage: ProcessQueueRate queue|simple|echo SIZE COUNT") }
let message = [UInt8](repeating: 1, count: size)

/// Waits until the other side is there, and says how long the rest took.
func measure(_ process: Process, ready: () throws -> Void, _ body: () throws -> Void) throws {
    try ready()
    let began = ContinuousClock.now
    try body()
    let time = (ContinuousClock.now - began).components
    print(time.seconds * 1_000_000_000 + time.attoseconds / 1_000_000_000)
    try process.join()
}

func check(_ answer: [UInt8]) {
    guard answer == bytes(of: size * count) else { fatalError("messages were lost") }
}

switch CommandLine.arguments[1] {
case "queue":
    let ends = Ends(there: try ProcessQueue(), back: try ProcessQueue(), count: count)
    try measure(try Process(consume, ends)) {
        _ = try ends.back.get()
    } _: {
        for _ in 0..<count { try ends.there.put(message) }
        check(try ends.back.get())
    }
case "simple":
    let ends = SimpleEnds(there: try SimpleQueue(), back: try SimpleQueue(), count: count)
    try measure(try Process(consumeSimple, ends)) {
        _ = try ends.back.get()
    } _: {
        for _ in 0..<count { try ends.there.put(message) }
        check(try ends.back.get())
    }
case "echo":
    let ends = Ends(there: try ProcessQueue(), back: try ProcessQueue(), count: count)
    try measure(try Process(echo, ends)) {
        _ = try ends.back.get()
    } _: {
        for _ in 0..<count {
            try ends.there.put(message)
            _ = try ends.back.get()
        }
    }
default: fatalError("no such kind: \(CommandLine.arguments[1])")
}
