import Reactor
import Scheduling

/// What the service manager is to hear, in order. A manager that does not read must not stop the supervisor: what it
/// cannot take now is said again until it does.
final class ServiceNotices {
    private static let retryDelay = Duration.milliseconds(200)
    /// Of more, the oldest are left out: the newest say how things stand.
    private static let limit = 16

    private let loop: EventLoop
    /// Returns false when it could not be said now.
    private let send: (String) -> Bool
    private var unsaid: [String] = []
    private var retry: EventLoop.TimerHandle?

    init(on loop: EventLoop, _ send: @escaping (String) -> Bool) {
        self.loop = loop
        self.send = send
    }

    deinit {
        if let retry { loop.cancel(retry) }
    }

    /// Lines of `KEY=VALUE`, as one notice.
    func say(_ lines: String...) {
        unsaid.append(lines.joined(separator: "\n"))
        unsaid.removeFirst(max(0, unsaid.count - Self.limit))
        if retry == nil { sayWhatIsLeft() }
    }

    private func sayWhatIsLeft() {
        while let notice = unsaid.first {
            guard send(notice) else {
                retry = loop.schedule(at: loop.now + Self.retryDelay) { [unowned self] in
                    retry = nil
                    sayWhatIsLeft()
                }
                return
            }
            unsaid.removeFirst()
        }
    }
}
