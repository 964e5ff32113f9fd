// Processes with a function each, a pipe between them, and a pool that loses a worker.
import Futures
import Glibc
import Multiprocessing

let square = RemoteFunction("square") { (x: Int) in x * x }
let greet = RemoteFunction("greet") { (connection: Connection) in
    let name = try connection.receive(String.self)
    try connection.send("Hello, \(name), from \(CurrentProcess.name)")
}

let stop = RemoteFunction("stop") { () in exit(3) }

// The copies of this program that become workers stay in here.
try Worker.begin([square, greet, stop, SharedObjects.count])

let processes = try (1...4).map { try Process(square, $0) }
for process in processes { print(process.name, try process.result(of: square)) }

let (here, there) = try Pipe.duplex()
let greeter = try Process(greet, there, name: "greeter")
there.close()
try here.send("world")
print(try here.receive(String.self))
try greeter.join()

let pool = try ProcessPoolExecutor(maxWorkers: 2)
print(try pool.map(square, 1...10, chunkSize: 5).collect())
let lost = try pool.submit(stop)
let kept = try pool.submit(square, 12)
if case .failure(let error) = lost.result() { print(error) }
print(try kept.get())
try pool.shutdown()
try SharedObjects.show()
