import CLinux

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let read = Readiness(rawValue: EPOLLIN.rawValue)
    package static let write = Readiness(rawValue: EPOLLOUT.rawValue)
    /// The other side has hung up. Reported always, whether asked for or not.
    package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// The descriptor has failed. Reported always, whether asked for or not.
    package static let failure = Readiness(rawValue: EPOLLERR.rawValue)
    /// Exceptional news, such as a change of a cgroup's events file.
    package static let urgent = Readiness(rawValue: EPOLLPRI.rawValue)
}

/// The kernel's list of descriptors to watch.
@safe package struct Epoll: ~Copyable {
    /// How often a watched descriptor reports.
    package enum Trigger: Sendable {
        /// As long as it is ready.
        case level
        /// Each time it becomes ready.
        case edge
        /// Once, until `modify` arms it again.
        case oneShot

        fileprivate var flags: UInt32 {
            switch self {
            case .level: 0
            case .edge: EPOLLET.rawValue
            case .oneShot: EPOLLONESHOT.rawValue
            }
        }
    }

    package struct Event: Sendable {
        /// What was given when the descriptor was added.
        package let token: UInt64
        package let readiness: Readiness
    }

    private let descriptor: OwnedDescriptor
    private var buffer: [epoll_event]

    /// The descriptor's number, to be watched itself: it is readable while any of its own is ready.
    package var raw: Int32 { descriptor.raw }

    /// - Parameter batch: the most events that one `wait` returns.
    package init(batch: Int) throws(SystemError) {
        let raw = try retrying("create an epoll") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        descriptor = OwnedDescriptor(adopting: raw)
        unsafe buffer = [epoll_event](repeating: epoll_event(), count: batch)
    }

    package borrowing func add(
        _ fd: Int32, _ interest: Readiness, _ trigger: Trigger = .level, token: UInt64
    ) throws(SystemError) {
        try control(EPOLL_CTL_ADD, fd, interest, trigger, token)
    }

    package borrowing func modify(
        _ fd: Int32, _ interest: Readiness, _ trigger: Trigger = .level, token: UInt64
    ) throws(SystemError) {
        try control(EPOLL_CTL_MOD, fd, interest, trigger, token)
    }

    package borrowing func remove(_ fd: Int32) throws(SystemError) {
        try control(EPOLL_CTL_DEL, fd, [], .level, 0)
    }

    private borrowing func control(
        _ operation: Int32, _ fd: Int32, _ interest: Readiness, _ trigger: Trigger, _ token: UInt64
    ) throws(SystemError) {
        let raw = descriptor.raw
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue | trigger.flags
        unsafe event.data.u64 = token
        _ = try retrying("watch a descriptor") { unsafe epoll_ctl(raw, operation, fd, &event) }
    }

    /// Waits until something is ready, or returns at once when `blocking` is false.
    ///
    /// A signal that interrupts the wait ends it with no events.
    package mutating func wait(blocking: Bool, into events: inout [Event]) throws(SystemError) {
        let raw = descriptor.raw
        events.removeAll(keepingCapacity: true)
        let count = unsafe buffer.withUnsafeMutableBufferPointer {
            unsafe epoll_wait(raw, $0.baseAddress, Int32($0.count), blocking ? -1 : 0)
        }
        guard count >= 0 else {
            let error = SystemError.last("wait for events")
            if error.errno == EINTR { return }
            throw error
        }
        for index in 0..<Int(count) {
            let event = unsafe buffer[index]
            unsafe events.append(Event(token: event.data.u64, readiness: Readiness(rawValue: event.events)))
        }
    }
}
