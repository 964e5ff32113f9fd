package import Linux
package import Reactor
import Scheduling

/// The socket on which one run tells how it fares: the receiving end of sd_notify.
///
/// Each run has a socket of its own, so that a late word of an earlier run cannot be taken for the next one's. A word
/// counts only if the kernel vouches that a process of the run sent it.
///
/// The socket is its owner's alone, unless that is root: what starts as root may become another user before it is
/// ready, so then everybody may send, and only who sends decides.
package final class NotifySocket {
    /// Who may speak for the run.
    package struct Owner {
        package let uid: UInt32
        package let gid: UInt32
        /// Whether the process belongs to the run; told by nothing that a stranger could forge.
        package let includes: (_ pid: Int32) -> Bool

        package init(uid: UInt32, gid: UInt32, includes: @escaping (_ pid: Int32) -> Bool) {
            self.uid = uid
            self.gid = gid
            self.includes = includes
        }

        var mayBecomeAnother: Bool { uid == 0 }
    }

    /// What arrives; `rejected` says why something was not believed.
    package enum News: Hashable, Sendable {
        case notified(NotifyMessage)
        case rejected(reason: String)
    }

    /// How many datagrams one turn of the loop takes.
    private static let batch = 32
    /// Of what is not believed, so much is told: anybody may be sending.
    private static let betweenRejections = Duration.seconds(1)

    package let path: String
    private let loop: EventLoop
    private let socket: UnixDatagramSocket
    private let owner: Owner
    private let tell: (News) -> Void
    private var source: EventLoop.Source?
    private var lastRejection: Instant?
    // One byte more than allowed, so that a datagram that is too long shows.
    private var buffer = [UInt8](repeating: 0, count: NotifyMessage.longest + 1)

    /// Binds to `path`, replacing what an earlier daemon may have left there.
    package init(
        path: String, owner: Owner, on loop: EventLoop, _ tell: @escaping (News) -> Void
    ) throws(SystemError) {
        self.path = path
        self.loop = loop
        self.owner = owner
        self.tell = tell
        try FileSystem.remove(path)
        // By path neither mode nor owner is changed of anything that somebody may have put there meanwhile.
        socket = try UnixDatagramSocket(bindingTo: path, mode: 0o600)
        try FileSystem.setOwner(uid: owner.uid, gid: owner.gid, of: path)
        // Past the umask, hence by path: in a directory of root's no one else can have put another file there.
        if owner.mayBecomeAnother { try FileSystem.setMode(0o666, of: path) }
        source = try loop.add(socket.descriptor.raw, .read, priority: .control) { [weak self] _ in self?.receive() }
    }

    deinit {
        if let source { loop.remove(source) }
        // The directory is cleaned with the run anyway; a name that stays behind is replaced by the next bind.
        try? FileSystem.remove(path)
    }

    private func receive() {
        for _ in 0..<Self.batch {
            do {
                guard let message = try socket.receive(into: &buffer) else { return }
                switch judge(message) {
                case .notified(let message): tell(.notified(message))
                case .rejected(let reason): reject(reason)
                }
            } catch {
                return reject(error.description)
            }
        }
    }

    private func reject(_ reason: String) {
        if let lastRejection, loop.now < lastRejection + Self.betweenRejections { return }
        lastRejection = loop.now
        tell(.rejected(reason: reason))
    }

    /// Descriptors that came along are closed with the message: `BARRIER=1` waits for exactly that.
    private func judge(_ message: borrowing ReceivedMessage) -> News {
        guard let sender = message.sender, sender.pid > 0 else {
            return .rejected(reason: "a notification came from a process that cannot be identified")
        }
        guard !message.isTruncated, message.length <= NotifyMessage.longest else {
            return .rejected(
                reason: "a notification of process \(sender.pid) is longer than \(NotifyMessage.longest) bytes")
        }
        guard sender.uid == owner.uid || sender.uid == 0 || owner.mayBecomeAnother else {
            return .rejected(
                reason: "process \(sender.pid) of user \(sender.uid) may not notify for a run of user \(owner.uid)")
        }
        guard owner.includes(sender.pid) else {
            return .rejected(reason: "process \(sender.pid) sent a notification but does not belong to the run")
        }
        return .notified(NotifyMessage(parsing: buffer.prefix(message.length)))
    }
}
