import CLinux

/// A descriptor that a thread waits for, and what became of it: for a few descriptors and one wait, where an `Epoll`
/// would be more than is needed.
package struct Watch: Sendable {
    package let descriptor: Int32
    package let interest: Readiness
    /// What the last wait found. Hang-up and failure are found whether asked for or not.
    package private(set) var ready: Readiness = []

    package init(_ descriptor: Int32, _ interest: Readiness) {
        self.descriptor = descriptor
        self.interest = interest
    }

    /// Waits until at least one of the descriptors is ready; signals do not end it.
    ///
    /// - Parameter deadline: nanoseconds of `MonotonicClock`; nil for no limit. One that has passed only looks.
    /// - Returns: false if the deadline passed first.
    package static func wait(_ watches: inout [Watch], until deadline: Int64?) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: pollfd.self, capacity: watches.count) { list in
            for (index, watch) in watches.enumerated() {
                // The bits of poll and epoll are the same.
                let events = Int16(truncatingIfNeeded: watch.interest.rawValue)
                unsafe list.initializeElement(at: index, to: pollfd(fd: watch.descriptor, events: events, revents: 0))
            }
            let isReady = unsafe poll(list, until: deadline)
            for index in watches.indices {
                unsafe watches[index].ready = Readiness(rawValue: UInt32(UInt16(bitPattern: list[index].revents)))
            }
            return isReady
        }
    }

    private static func poll(_ list: UnsafeMutableBufferPointer<pollfd>, until deadline: Int64?) -> Bool {
        while true {
            var left: timespec?
            if let deadline {
                let nanoseconds = max(0, deadline <= 0 ? 0 : deadline - MonotonicClock.now())
                left = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
            }
            let count = unsafe ppoll(list, left)
            if count > 0 { return true }
            // The kernel's timers are never early, so this was the deadline.
            if count == 0 { return false }
            let code = roost_errno()
            if code == EINTR { continue }
            // ENOMEM, or EINVAL under a limit of open files that was set below the few that are watched. Neither can be
            // mended here, and neither is a reason to forget what is waited for: look again in a moment.
            var moment = timespec(tv_sec: 0, tv_nsec: 1_000_000)
            unsafe nanosleep(&moment, nil)
            if let deadline, MonotonicClock.now() >= deadline { return false }
        }
    }

    private static func ppoll(_ list: UnsafeMutableBufferPointer<pollfd>, _ left: timespec?) -> Int32 {
        guard var left else { return unsafe CLinux.ppoll(list.baseAddress, nfds_t(list.count), nil, nil) }
        return unsafe CLinux.ppoll(list.baseAddress, nfds_t(list.count), &left, nil)
    }
}
