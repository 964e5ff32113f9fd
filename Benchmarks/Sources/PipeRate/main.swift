// How long it takes to pass messages to another process, to start processes, and to encode values: nanoseconds.
//
//     PipeRate bytes SIZE COUNT       COUNT messages of SIZE bytes to another process
//     PipeRate values SIZE COUNT      the same as values, encoded and decoded
//     PipeRate round SIZE COUNT       there and back, one after the other
//     PipeRate spawn COUNT            COUNT processes, one after the other, from start to end
//     PipeRate forkserver COUNT
//     PipeRate code SHAPE COUNT       encode and decode a value: int, struct, nested, bytes
import Multiprocessing

struct Job: Codable, Sendable {
    var connection: Connection
    var count: Int
    var kind: String
}

struct Small: Codable, Sendable, Equatable {
    var id: Int
    var name: String
    var ratio: Double
}

struct Nested: Codable, Sendable {
    var title: String
    var items: [Small]
    var table: [String: Int]
}

let peer = RemoteFunction("peer") { (job: Job) in
    let connection = job.connection
    switch job.kind {
    case "bytes": for _ in 0..<job.count { _ = try connection.receiveBytes() }
    case "values": for _ in 0..<job.count { _ = try connection.receive([UInt8].self) }
    default: for _ in 0..<job.count { try connection.send(bytes: try connection.receiveBytes()) }
    }
    try connection.send(bytes: [])
}
let nothing = RemoteFunction("nothing") {}

try Worker.begin([peer, nothing])

func timed(_ body: () throws -> Void) rethrows {
    let taken = try ContinuousClock().measure(body).components
    print(taken.seconds * 1_000_000_000 + taken.attoseconds / 1_000_000_000)
}

func pass(_ kind: String, size: Int, count: Int) throws {
    let (here, there) = try Pipe.duplex()
    let process = try Process(peer, Job(connection: there, count: count, kind: kind))
    there.close()
    let message = [UInt8](repeating: 7, count: size)
    try timed {
        switch kind {
        case "bytes": for _ in 0..<count { try here.send(bytes: message) }
        case "values": for _ in 0..<count { try here.send(message) }
        default:
            for _ in 0..<count {
                try here.send(bytes: message)
                _ = try here.receiveBytes()
            }
        }
        _ = try here.receiveBytes()
    }
    try process.join()
}

func start(_ context: Context, count: Int) throws {
    try context.prepare()
    try timed {
        for _ in 0..<count { try Process(nothing, in: context).join() }
    }
}

func code<Value: Codable>(_ value: Value, count: Int) throws {
    // Through a connection's own writer and reader, without the kernel.
    var total = 0
    try timed { for _ in 0..<count { total += try Parcel(value).bytes.count } }
    let parcel = try Parcel(value)
    try timed { for _ in 0..<count { _ = try parcel.decode(Value.self) } }
    precondition(total > 0)
}

let arguments = Array(CommandLine.arguments[1...])
let numbers = arguments.compactMap { Int($0) }
switch arguments.first {
case "bytes", "values", "round": try pass(arguments[0], size: numbers[0], count: numbers[1])
case "spawn": try start(.spawn, count: numbers[0])
case "forkserver": try start(.forkserver, count: numbers[0])
case "code":
    let small = Small(id: 5, name: "order", ratio: 0.5)
    switch arguments[1] {
    case "int": try code(5, count: numbers[0])
    case "struct": try code(small, count: numbers[0])
    case "nested":
        let items = [Small](repeating: small, count: 10)
        try code(Nested(title: "many", items: items, table: ["a": 1, "b": 2]), count: numbers[0])
    default: try code([UInt8](repeating: 1, count: 1 << 20), count: numbers[0])
    }
default: print("usage: PipeRate bytes|values|round SIZE COUNT | spawn|forkserver COUNT | code SHAPE COUNT")
}
