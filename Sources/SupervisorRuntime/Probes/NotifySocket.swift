package import Linux
package import Reactor

/// The socket on which one run tells how it fares: the receiving end of sd_notify.
///
/// Each run has a socket of its own, so that a late word of an earlier run cannot be taken for the next one's. A word
/// counts only if the kernel vouches that a process of the run sent it.
package final class NotifySocket {
    /// Who may speak for the run.
    package struct Owner {
        package let uid: UInt32
        package let gid: UInt32
        /// Whether the process belongs to the run.
        package let includes: (_ pid: Int32) -> Bool

        package init(uid: UInt32, gid: UInt32, includes: @escaping (_ pid: Int32) -> Bool) {
            self.uid = uid
            self.gid = gid
            self.includes = includes
        }
    }

    /// What arrives; `rejected` says why something was not believed.
    package enum News: Hashable, Sendable {
        case notified(NotifyMessage)
        case rejected(reason: String)
    }

    /// How many datagrams one turn of the loop takes.
    private static let batch = 32

    package let path: String
    private let loop: EventLoop
    private let socket: UnixDatagramSocket
    private let owner: Owner
    private let tell: (News) -> Void
    private var source: EventLoop.Source?
    // One byte more than allowed, so that a datagram that is too long shows.
    private var buffer = [UInt8](repeating: 0, count: NotifyMessage.longest + 1)

    /// Binds to `path`, replacing what an earlier daemon may have left there, for the owner alone.
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
                tell(judge(message))
            } catch {
                return tell(.rejected(reason: error.description))
            }
        }
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
        guard sender.uid == owner.uid || sender.uid == 0 else {
            return .rejected(
                reason: "process \(sender.pid) of user \(sender.uid) may not notify for a run of user \(owner.uid)")
        }
        guard owner.includes(sender.pid) else {
            return .rejected(reason: "process \(sender.pid) sent a notification but does not belong to the run")
        }
        return .notified(NotifyMessage(parsing: buffer.prefix(message.length)))
    }
}
