import Glibc
public import Multiprocessing
import Threading

/// An error that travels as itself.
public struct Declared: Error, Codable, Hashable {
    public let number: Int
    public init(number: Int) { self.number = number }
}

/// An error that only its own process knows.
struct Undeclared: Error, CustomStringConvertible {
    let description = "out of cheese"
}

/// What `Tasks.describe` says of the process that runs it.
public struct Description: Codable, Hashable, Sendable {
    public let pid: Int32
    public let name: String
    public let method: StartMethod?
    public let parentPid: Int32?
    public let parentName: String?
    public let parentIsAlive: Bool?
    public let directory: String
    public let descriptors: [Int32]
    public let threads: Int
    public let blockedSignals: String
}

/// What starts a process in a process.
public struct Nested: Codable, Sendable {
    public let lifetime: Lifetime
    public let connection: Connection
    public init(lifetime: Lifetime, connection: Connection) {
        self.lifetime = lifetime
        self.connection = connection
    }
}

extension Tasks {
    public static let processes: [any RemoteCallable] = [
        square, nothing, fail, failDeclared, leave, leaveWithMessage, exitInC, printUnflushed, describe, sleep, nest,
        crash, returnBadly, stuck, print, hang,
    ]

    public static let square = RemoteFunction("square") { (x: Int) in x * x }
    public static let nothing = RemoteFunction("nothing") {}
    public static let fail = RemoteFunction("fail") { () throws in throw Undeclared() }
    public static let failDeclared = RemoteFunction("failDeclared", throwing: Declared.self) { (number: Int) -> Int in
        throw Declared(number: number)
    }
    public static let leave = RemoteFunction("leave") { (code: Int) in throw ProcessExit(code) }
    public static let leaveWithMessage = RemoteFunction("leaveWithMessage") { (message: String) in
        throw ProcessExit(message: message)
    }
    public static let exitInC = RemoteFunction("exitInC") { (code: Int32) in exit(code) }
    /// Leaves something in the buffer of the standard output, which is no terminal.
    public static let printUnflushed = RemoteFunction("printUnflushed") { (text: String) in
        Swift.print(text, terminator: "")
    }
    public static let print = RemoteFunction("print") { (text: String) in Swift.print(text) }
    /// Says that it runs, and waits to be killed.
    public static let sleep = RemoteFunction("sleep") { (ready: Connection?) in
        try ready?.send(getpid())
        while true { pause() }
    }
    /// The same where no code of ours ever runs again, and every signal is blocked that can be.
    public static let stuck = RemoteFunction("stuck") { (ready: Connection) in
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        try ready.send(getpid())
        while true { usleep(1_000_000) }
    }
    /// Waits for the other end to be closed.
    public static let hang = RemoteFunction("hang") { (connection: Connection) in
        _ = try? connection.receiveBytes()
    }
    public static let crash = RemoteFunction("crash") { () in
        kill(getpid(), SIGSEGV); return
    }
    public static let returnBadly = RemoteFunction("returnBadly") { (way: Misbehaviour.Way) in
        Misbehaviour(way: way, at: .encoding)
    }

    public static let describe = RemoteFunction("describe") { () -> Description in
        let parent = CurrentProcess.parent
        var directory = [CChar](repeating: 0, count: 4096)
        _ = getcwd(&directory, directory.count)
        let status = File.lines("/proc/self/status")
        return Description(
            pid: getpid(), name: CurrentProcess.name, method: CurrentProcess.startMethod, parentPid: parent?.pid,
            parentName: parent?.name, parentIsAlive: parent?.isAlive, directory: File.text(directory),
            descriptors: (0..<1024).filter { fcntl($0, F_GETFD) >= 0 },
            threads: status.first { $0.hasPrefix("Threads:") }.flatMap { Int($0.dropFirst(9)) } ?? 0,
            blockedSignals: status.first { $0.hasPrefix("SigBlk:") }.map { String($0.dropFirst(8)) } ?? "")
    }

    /// Starts a process that hangs, tells both numbers, and hangs, too.
    public static let nest = RemoteFunction("nest") { (nested: Nested) in
        let (here, there) = try Pipe.duplex()
        let inner = try Process(stuck, there, lifetime: nested.lifetime)
        there.close()
        let pid = try here.receive(Int32.self)
        try nested.connection.send(pid)
        // Until it is told to end in the ordinary way.
        _ = try? nested.connection.receiveBytes()
        _ = inner
    }
}

enum File {
    static func lines(_ path: String) -> [String] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var lines: [String] = []
        var buffer = [CChar](repeating: 0, count: 512)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            lines.append(text(buffer).split(separator: "\n").first.map(String.init) ?? "")
        }
        return lines
    }

    static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
