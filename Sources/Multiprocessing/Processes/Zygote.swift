import CLinux
import Linux
import Threading

/// What a fork server is asked: a copy of itself with these descriptors.
struct CopyRequest: Codable {
    /// The worker's end of its connection.
    let control: PassedDescriptor
    /// Its three standard streams.
    let streams: [PassedDescriptor]
    /// Its working directory; nil to stay in the server's.
    let directory: PassedDescriptor?
}

/// What a fork server answers.
struct CopyReply: Codable {
    let pid: Int32
    /// The descriptor of the process; nil if there is none.
    let process: PassedDescriptor?
    /// Why there is none.
    let errno: Int32
}

/// The fork server's own life: a program that stopped at its first statement and makes copies of itself.
///
/// It has one thread, so a copy of it is whole. A copy is made as a child of the server's parent: its end is told to
/// whoever asked for it, and is not lost when the server dies.
enum Zygote {
    /// Serves until the parent is gone, and goes on as a worker in each copy.
    static func run(_ control: SharedDescriptor, _ registry: FunctionRegistry) -> Never {
        // Ctrl-C is for the program; the server ends with it.
        let isDeaf = roost_ignore_signal(SIGINT) != 0
        KernelThread.setName("forkserver")
        // The socket is ours and the copies': none may shut it down.
        let link = Connection(control, directions: [.receive, .send], isStream: false, isShared: true)
        guard isAlone, (try? link.send(Hello(hello: getpid()))) != nil else { _exit(1) }
        while serve(link, control, isDeaf) == .server {}
        WorkerLife.run(Connection(control), registry)
    }

    private enum Side {
        case server
        case copy
    }

    private static var isAlone: Bool {
        guard let threads = try? BoundedFile.names(in: "/proc/self/task") else { return true }
        return threads.count == 1
    }

    private static func serve(_ link: Connection, _ control: SharedDescriptor, _ isDeaf: Bool) -> Side {
        // The end of the parent, or something that no parent says.
        guard let request = try? link.receive(CopyRequest.self), request.streams.count == 3 else { _exit(0) }
        var pidfd: Int32 = -1
        let pid = unsafe roost_fork_sibling(&pidfd)
        if pid == 0 {
            // The only thing that is not as it was when the server was executed, which may have been with it ignored.
            if !isDeaf { roost_default_signal(SIGINT) }
            become(request, control)
            return .copy
        }
        let code = roost_errno()
        let reply = CopyReply(
            pid: pid, process: pidfd >= 0 ? PassedDescriptor(adopting: pidfd) : nil, errno: pid < 0 ? code : 0)
        if (try? link.send(reply)) == nil { _exit(0) }
        return .server
    }

    /// Takes what the copy is to have, and gives up what is the server's.
    private static func become(_ request: CopyRequest, _ control: SharedDescriptor) {
        for (number, stream) in request.streams.enumerated() { dup2(stream.shared.descriptor.raw, Int32(number)) }
        if let directory = request.directory { fchdir(directory.shared.descriptor.raw) }
        // Under the server's number, whose socket is closed thereby, however many know it.
        dup3(request.control.shared.descriptor.raw, control.descriptor.raw, O_CLOEXEC)
    }
}
