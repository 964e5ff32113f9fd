import CLinux
import Linux
import Threading

/// What becomes of a process when the one that started it ends.
public enum Lifetime: String, Hashable, Codable, Sendable, CaseIterable {
    /// It ends, too: when its parent ends in the ordinary way it is asked (SIGTERM) and then killed, and when its
    /// parent is killed the kernel kills it at once, whatever it is doing: blocked, stopped, in an endless loop.
    /// Python's `daemon=True`, but sure.
    ///
    /// The promise hangs on a descriptor of the process. It ends where the process gives that up: when it executes
    /// another program in its place (`exec`), closes all descriptors that it does not know (`close_range`, as programs
    /// do that make themselves daemons), or where a security module keeps the signal from it. Processes that it starts
    /// itself are not part of it.
    case diesWithParent
    /// The parent waits for it before it ends in the ordinary way. If the parent is killed, it lives on. Python's
    /// `daemon=False`.
    case joined
    /// It lives on.
    case detached
}

/// What shows that the parent lives: the kernel closes the writing end when it does not, however it ended.
///
/// Nobody else has that end: it is close-on-exec and never passed along. There is one for all children, as long as
/// there are any. (A parent-death signal of `prctl` would come when the *thread* ends that started the process.)
final class Lifeline: Sendable {
    let reader: SharedDescriptor
    private let writer: SharedDescriptor

    private init() throws(SystemError) {
        (reader, writer) = try Linux.Pipe().split { reader, writer in
            (SharedDescriptor(reader), SharedDescriptor(writer))
        }
    }

    private struct Latest {
        weak var lifeline: Lifeline?
    }

    private static let latest = Monitor(Latest())

    static func current() throws(ConnectionError) -> Lifeline {
        try latest.withLock { latest throws(ConnectionError) in
            if let lifeline = latest.lifeline { return lifeline }
            do throws(SystemError) {
                let lifeline = try Lifeline()
                latest.lifeline = lifeline
                return lifeline
            } catch {
                throw ConnectionError(error)
            }
        }
    }

    /// Makes the kernel kill this process when the parent's end of `reader` is closed.
    ///
    /// - Returns: what must stay open for it.
    static func tie(to reader: SharedDescriptor) -> SharedDescriptor {
        // The owner of signals belongs to the open file, which all children would share; opened anew, it is our own.
        let path = "/proc/self/fd/\(reader.descriptor.raw)"
        let raw = unsafe roost_open(path, O_RDONLY | O_NONBLOCK, 0)
        let own = raw >= 0 ? SharedDescriptor(OwnedDescriptor(adopting: raw)) : reader
        let isSet =
            raw >= 0 && roost_fcntl(raw, F_SETSIG, Int(SIGKILL)) == 0 && roost_fcntl(raw, F_SETOWN, Int(getpid())) == 0
            && roost_fcntl(raw, F_SETFL, Int(O_NONBLOCK | O_ASYNC)) == 0
        if !isSet { watch(own) }
        // It may have happened before anybody was told of it.
        if hasEnded(own, until: Deadline(after: .zero)) { kill(getpid(), SIGKILL) }
        return own
    }

    /// Without /proc a thread does it, as long as it gets to run.
    private static func watch(_ reader: SharedDescriptor) {
        try? KernelThread.withAllSignalsBlocked { () throws(SystemError) in
            try KernelThread.start(stackSize: 128 << 10) {
                KernelThread.setName("lifeline")
                _ = hasEnded(reader, until: Deadline(after: nil))
                kill(getpid(), SIGKILL)
            }
        }
    }

    /// Whether the other end is closed; nobody ever writes to it.
    static func hasEnded(_ reader: SharedDescriptor, until deadline: Deadline) -> Bool {
        var watches = [Watch(reader.descriptor.raw, .read)]
        return Watch.wait(&watches, until: deadline.nanoseconds)
    }
}
