import Futures
import Glibc
package import Multiprocessing
import Threading

/// An error that can be encoded and not decoded.
package struct Unreadable: Error, Codable {
    package init() {}
    package init(from decoder: any Decoder) throws { throw Undeclared() }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(1)
    }
}

/// What a task says when it has begun, and waits for until it ends.
package struct Gate: Codable, Sendable {
    package let connection: Connection
    package let number: Int
    package init(_ connection: Connection, _ number: Int = 0) {
        self.connection = connection
        self.number = number
    }
}

extension Tasks {
    package static let pools: [any RemoteCallable] = [
        pid, raise, leaveAtOnce, trap, nap, hold, add, halve, prepare, prepared, failToPrepare, dieToPrepare,
        returnUnreadable, throwUnreadable, throwDeclared, makeBytes, ignoreTermination, nestPool, dieOnce, appendLine,
        spell, leavePool, leaveExecutor,
    ]

    package static let pid = RemoteFunction("pid") { () -> Int32 in getpid() }
    package static let raise = RemoteFunction("raise") { (number: Int32) in
        // Printing a backtrace of an expected crash takes seconds.
        signal(number, SIG_DFL)
        kill(getpid(), number)
        while true { pause() }
    }
    package static let leaveAtOnce = RemoteFunction("leaveAtOnce") { (code: Int32) in _exit(code) }
    /// What a precondition does, without the seconds that it takes to print a backtrace.
    package static let trap = RemoteFunction("trap") { () in
        signal(SIGILL, SIG_DFL)
        kill(getpid(), SIGILL)
        while true { pause() }
    }
    /// Takes a while, in milliseconds.
    package static let nap = RemoteFunction("nap") { (milliseconds: Int) -> Int in
        poll(nil, 0, Int32(milliseconds))
        return milliseconds
    }
    /// Says that it runs, and ends when the other end is closed or says something.
    package static let hold = RemoteFunction("hold") { (gate: Gate) -> Int in
        try gate.connection.send(getpid())
        _ = try? gate.connection.receiveBytes()
        return gate.number
    }
    package static let add = RemoteFunction("add") { (pair: Pair<Int, Int>) in pair.first + pair.second }
    package static let halve = RemoteFunction("halve", throwing: Declared.self) { (number: Int) throws -> Int in
        if number % 2 == 1 { throw Declared(number: number) }
        return number / 2
    }

    private static let readyNumber = Monitor(0)
    package static let prepare = RemoteFunction("prepare") { (number: Int) in readyNumber.withLock { $0 = number } }
    package static let prepared = RemoteFunction("prepared") { () in readyNumber.withLock { $0 } }
    package static let failToPrepare = RemoteFunction("failToPrepare") { () throws in throw Undeclared() }
    package static let dieToPrepare = RemoteFunction("dieToPrepare") { () in
        kill(getpid(), SIGKILL); return
    }

    package static let returnUnreadable = RemoteFunction("returnUnreadable") { () in
        Misbehaviour(way: .throwError, at: .decoding)
    }
    package static let throwUnreadable = RemoteFunction("throwUnreadable", throwing: Unreadable.self) { () throws in
        throw Unreadable()
    }
    package static let throwDeclared = RemoteFunction("throwDeclared", throwing: Declared.self) {
        (number: Int) throws in
        throw Declared(number: number)
    }
    package static let makeBytes = RemoteFunction("makeBytes") { (count: Int) in [UInt8](repeating: 7, count: count) }
    package static let ignoreTermination = RemoteFunction("ignoreTermination") { (ready: Connection) in
        signal(SIGTERM, SIG_IGN)
        try ready.send(getpid())
        while true { pause() }
    }
    /// Squares in a pool of its own.
    package static let nestPool = RemoteFunction("nestPool") { (count: Int) throws -> [Int] in
        try withProcessPool(maxWorkers: 2) { pool in try pool.map(square, 0..<count).collect() }
    }
    /// Dies the first time, which a file tells from the second one.
    package static let dieOnce = RemoteFunction("dieOnce") { (path: String) -> String in
        if open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0o600) >= 0 { kill(getpid(), SIGKILL) }
        return "alive"
    }
    /// Adds its argument to a file, as a line.
    package static let appendLine = RemoteFunction("appendLine") { (line: Pair<String, Int>) in
        let file = open(line.first, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0o600)
        _ = "\(line.second)\n".withCString { Glibc.write(file, $0, strlen($0)) }
        close(file)
    }
    private static let leftPool = Monitor<Pool?>(nil)
    private static let leftExecutor = Monitor<ProcessPoolExecutor?>(nil)
    /// Ends its process while it has a pool that works.
    package static let leavePool = RemoteFunction("leavePool") { () throws in
        let pool = try Pool(processes: 2)
        for _ in 0..<4 { try pool.applyAsync(nap, 60_000) }
        leftPool.withLock { $0 = pool }
    }
    /// The same with an executor, which is to finish.
    package static let leaveExecutor = RemoteFunction("leaveExecutor") { (path: String) throws in
        let pool = try ProcessPoolExecutor(maxWorkers: 2)
        for number in 0..<4 { _ = try pool.submit(appendLine, Pair(path, number)) }
        leftExecutor.withLock { $0 = pool }
    }
    package static let spell = RemoteFunction("spell") { (text: String) in text.count }
}
