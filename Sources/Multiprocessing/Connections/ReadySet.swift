import Linux

/// Several descriptors and a time, which can be watched as one: it is readable while any of them is, or it is time.
final class ReadySet: @unchecked Sendable {
    private let epoll: Epoll
    private let timer: TimerDescriptor

    init() throws(SystemError) {
        epoll = try Epoll(batch: 1)
        timer = try TimerDescriptor()
        try epoll.add(timer.raw, .read, token: 0)
    }

    var raw: Int32 { epoll.raw }

    /// Watches a descriptor as well. Closing it for good ends that, too.
    func add(_ raw: Int32) throws(SystemError) { try epoll.add(raw, .read, token: 0) }

    func remove(_ raw: Int32) { try? epoll.remove(raw) }

    /// Sets the time; nil for none.
    func setTime(_ nanoseconds: Int64?) throws(SystemError) {
        if let nanoseconds { try timer.arm(at: nanoseconds) } else { try timer.disarm() }
    }
}
