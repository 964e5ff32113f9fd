// Processes with a function each, and a pipe between them.
import Multiprocessing

let square = RemoteFunction("square") { (x: Int) in x * x }
let greet = RemoteFunction("greet") { (connection: Connection) in
    let name = try connection.receive(String.self)
    try connection.send("Hello, \(name), from \(CurrentProcess.name)")
}

// The copies of this program that become workers stay in here.
try Worker.begin([square, greet, SharedObjects.count])

let processes = try (1...4).map { try Process(square, $0) }
for process in processes { print(process.name, try process.result(of: square)) }

let (here, there) = try Pipe.duplex()
let greeter = try Process(greet, there, name: "greeter")
there.close()
try here.send("world")
print(try here.receive(String.self))
try greeter.join()

try SharedObjects.show()
