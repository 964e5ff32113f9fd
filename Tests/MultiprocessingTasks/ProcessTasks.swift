import Glibc
package import Multiprocessing
import Subprocesses
import Threading

/// An error that travels as itself.
package struct Declared: Error, Codable, Hashable {
    package let number: Int
    package init(number: Int) { self.number = number }
}

/// An error that only its own process knows.
struct Undeclared: Error, CustomStringConvertible {
    let description = "out of cheese"
}

/// What `Tasks.describe` says of the process that runs it.
package struct Description: Codable, Hashable, Sendable {
    package let pid: Int32
    package let name: String
    package let method: StartMethod?
    package let parentPid: Int32?
    package let parentName: String?
    package let parentIsAlive: Bool?
    package let directory: String
    package let descriptors: [Int32]
    package let threads: Int
    package let blockedSignals: String
}

/// What starts a process in a process.
package struct Nested: Codable, Sendable {
    package let method: StartMethod
    package let lifetime: Lifetime
    package let connection: Connection
    package init(method: StartMethod, lifetime: Lifetime, connection: Connection) {
        self.method = method
        self.lifetime = lifetime
        self.connection = connection
    }
}

extension Tasks {
    package static let processes: [any RemoteCallable] = [
        square, nothing, fail, failDeclared, leave, leaveWithMessage, exitInC, printUnflushed, describe, sleep, nest,
        crash, returnBadly, stuck, hang, startWithoutStreams, count, nestObserver, observe, nestServer,
    ]

    package static let square = RemoteFunction("square") { (x: Int) in x * x }
    package static let nothing = RemoteFunction("nothing") {}
    package static let fail = RemoteFunction("fail") { () throws in throw Undeclared() }
    package static let failDeclared = RemoteFunction("failDeclared", throwing: Declared.self) { (number: Int) -> Int in
        throw Declared(number: number)
    }
    package static let leave = RemoteFunction("leave") { (code: Int) in throw ProcessExit(code) }
    package static let leaveWithMessage = RemoteFunction("leaveWithMessage") { (message: String) in
        throw ProcessExit(message: message)
    }
    package static let exitInC = RemoteFunction("exitInC") { (code: Int32) in exit(code) }
    /// Leaves something in the buffer of the standard output, which is no terminal.
    package static let printUnflushed = RemoteFunction("printUnflushed") { (text: String) in
        Swift.print(text, terminator: "")
    }
    /// Says that it runs, and waits to be killed.
    package static let sleep = RemoteFunction("sleep") { (ready: Connection?) in
        try ready?.send(getpid())
        while true { pause() }
    }
    /// The same where no code of ours ever runs again, and every signal is blocked that can be.
    package static let stuck = RemoteFunction("stuck") { (ready: Connection) in
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        try ready.send(getpid())
        while true { pause() }
    }
    /// Waits for the other end to be closed.
    package static let hang = RemoteFunction("hang") { (connection: Connection) in
        _ = try? connection.receiveBytes()
    }
    package static let crash = RemoteFunction("crash") { () in crashNow() }
    package static let returnBadly = RemoteFunction("returnBadly") { (way: Misbehaviour.Way) in
        Misbehaviour(way: way, at: .encoding)
    }

    package static let describe = RemoteFunction("describe") { () -> Description in
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
    package static let nest = RemoteFunction("nest") { (nested: Nested) in
        let (here, there) = try Pipe.duplex()
        let inner = try Process(stuck, there, in: Context(nested.method), lifetime: nested.lifetime)
        there.close()
        let pid = try here.receive(Int32.self)
        try nested.connection.send(pid)
        // Until it is told to end in the ordinary way.
        _ = try? nested.connection.receiveBytes()
        _ = inner
    }
}

extension Tasks {
    package static let count = RemoteFunction("count") { (bytes: [UInt8]) in bytes.count }

    /// Starts a process as a program that has no standard streams.
    package static let startWithoutStreams = RemoteFunction("startWithoutStreams") { (method: StartMethod) -> Int32 in
        for number in 0...2 as ClosedRange<Int32> { close(number) }
        let process = try Process(nothing, in: Context(method))
        guard case .exited(let code)? = try process.join() else { return -1 }
        return code
    }

    /// Starts a process that tells whether its parent lives, and hangs.
    package static let nestObserver = RemoteFunction("nestObserver") { (nested: Nested) in
        _ = try Process(observe, nested.connection, in: Context(nested.method), lifetime: nested.lifetime)
        while true { pause() }
    }

    package static let observe = RemoteFunction("observe") { (connection: Connection) in
        guard let parent = CurrentProcess.parent else { return }
        try connection.send(parent.isAlive)
        guard parent.join(timeout: .seconds(30)) else { return }
        try connection.send(parent.isAlive)
    }

    /// Starts a fork server, tells its number, and hangs.
    package static let nestServer = RemoteFunction("nestServer") { (nested: Nested) in
        let context = Context(nested.method)
        try context.prepare()
        try nested.connection.send(context.serverPid)
        while true { pause() }
    }
}

/// Ends this process by a signal that programs do not send. Swift's handler, which prints a backtrace, is in the way.
func crashNow() {
    signal(SIGSEGV, SIG_DFL)
    kill(getpid(), SIGSEGV)
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
