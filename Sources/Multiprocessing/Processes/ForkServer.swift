import CLinux
import Linux
import Subprocesses
import Threading

/// The fork server of a context, as the program sees it that uses it.
///
/// It is reached through a pair of sockets that nobody else has, and has no name that anybody could connect to. It
/// ends when this object is gone, and when this program is, however that ended: its socket says so. One that was
/// killed is replaced when the next process is to be made.
final class ForkServer: Sendable {
    private struct Server {
        let link: Connection
        let handle: ChildHandle
    }

    private enum Attempt {
        case made(ChildHandle, Connection)
        case serverIsGone
    }

    private let program: String?
    /// Held while a process is made: the server makes one at a time.
    private let turn = FutexLock()
    private nonisolated(unsafe) var server: Server?

    /// How long a program may take to come to its first statement.
    private static let patience = Duration.seconds(30)
    /// How long a server may take to make a process. One that takes longer stands still, and is replaced.
    private let answerTime: Duration
    /// How long a server that was told to end may take for it.
    private static let farewell = Duration.seconds(5)

    init(program: String?, answerTime: Duration = .seconds(30)) {
        self.program = program
        self.answerTime = answerTime
    }

    deinit {
        unsafe server?.link.close()
        if let handle = unsafe server?.handle { AbandonedChildren.adopt(handle) }
    }

    /// The server's number; nil while there is none.
    var pid: Int32? { turn.withLock { unsafe server?.handle.pid } }

    func start() throws(ProcessStartError) {
        try turn.withLock { () throws(ProcessStartError) in _ = try running() }
    }

    func stop() {
        let server = turn.withLock { () -> Server? in
            defer { unsafe self.server = nil }
            return unsafe self.server
        }
        if let server { end(server) }
    }

    private func end(_ server: Server, isHanging: Bool = false) {
        server.link.close()
        if !isHanging, server.handle.wait(until: Deadline(after: ForkServer.farewell)) != nil { return }
        _ = try? server.handle.send(signal: SIGKILL)
        AbandonedChildren.adopt(server.handle)
    }

    /// The server, started if it must be.
    private func running() throws(ProcessStartError) -> Server {
        if let server = unsafe server {
            if server.handle.poll() == nil { return server }
            server.link.close()
        }
        let launch = Launch(name: "", program: program, input: .null, output: .null, error: .null)
        let (ours, theirs) = try Launch.pair()
        let handle = try launch.execute(as: .forkserver, control: theirs)
        let new = Server(link: Connection(ours), handle: handle)
        theirs.close()
        guard (try? new.link.receive(Hello.self, timeout: ForkServer.patience)) != nil else {
            _ = try? handle.send(signal: SIGKILL)
            end(new)
            throw .notAWorker(program: program ?? Launch.ownProgram)
        }
        unsafe server = new
        return new
    }

    // MARK: - Making processes

    /// Makes a process with the streams of a launch.
    func makeProcess(for launch: Launch) throws(ProcessStartError) -> (ChildHandle, Connection) {
        let streams = try self.streams(of: launch)
        return try turn.withLock { () throws(ProcessStartError) in
            // More often than once only if somebody keeps killing servers.
            for _ in 0..<3 {
                switch try attempt(streams) {
                case .made(let handle, let control): return (handle, control)
                case .serverIsGone: unsafe server = nil
                }
            }
            throw .forkServer(errno: ECHILD)
        }
    }

    /// Descriptors of our own for the streams, so that they stay open until the server has them.
    private func streams(of launch: Launch) throws(ProcessStartError) -> [PassedDescriptor] {
        let opened: ChildStreams
        do throws(SpawnError) {
            opened = try ChildStreams(
                SpawnRequest(Command([""]), input: launch.input, output: launch.output, error: launch.error))
        } catch {
            throw .spawn(error)
        }
        var passed: [PassedDescriptor] = []
        for source in opened.sources {
            do throws(ConnectionError) {
                passed.append(try PassedDescriptor(duplicating: source))
            } catch {
                throw .connection(error)
            }
        }
        _ = consume opened
        return passed
    }

    private func attempt(_ streams: [PassedDescriptor]) throws(ProcessStartError) -> Attempt {
        let server = try running()
        let (ours, theirs) = try Launch.pair()
        let control = Connection(ours)
        do {
            try ask(server, streams, theirs)
            theirs.close()
            let reply = try server.link.receive(CopyReply.self, timeout: answerTime)
            guard reply.pid > 0 else { throw ProcessStartError.forkServer(errno: reply.errno) }
            return .made(try handle(for: reply.pid, reply.process), control)
        } catch let error as ProcessStartError {
            throw error
        } catch {
            theirs.close()
            let failure = error as? ConnectionError
            // If only we have no descriptor left for the process, nothing is wrong with the server.
            if failure != .descriptorsLost { end(server, isHanging: failure == .timedOut) }
            // The server may have died between making the process and telling of it. Then the process tells itself, and
            // as it is our child, its number cannot mean another one.
            guard let hello = try? control.receive(Hello.self, timeout: ForkServer.farewell) else {
                return .serverIsGone
            }
            return .made(try handle(for: hello.hello, nil), control)
        }
    }

    /// Takes charge of a process that was made. If that cannot be, it is ended: nobody else would wait for it.
    private func handle(for pid: Int32, _ process: PassedDescriptor?) throws(ProcessStartError) -> ChildHandle {
        do throws(SystemError) {
            guard let descriptor = try process?.shared.descriptor.duplicate() else {
                return ChildHandle(pid: pid, descriptor: try ProcessDescriptor(pid: pid))
            }
            return ChildHandle(pid: pid, descriptor: ProcessDescriptor(adopting: descriptor))
        } catch {
            // Nobody has waited for it yet, so the number is still its own.
            kill(pid, SIGKILL)
            var status: Int32 = 0
            while unsafe waitpid(pid, &status, Int32(__WALL)) < 0, roost_errno() == EINTR {}
            throw .forkServer(errno: error.errno)
        }
    }

    private func ask(_ server: Server, _ streams: [PassedDescriptor], _ theirs: Launch.WorkerEnd) throws {
        let directory = unsafe roost_open(".", O_PATH | O_DIRECTORY, 0)
        try server.link.send(
            CopyRequest(
                control: PassedDescriptor(theirs.descriptor()),
                streams: streams,
                directory: directory >= 0 ? PassedDescriptor(adopting: directory) : nil),
            timeout: answerTime)
    }
}
