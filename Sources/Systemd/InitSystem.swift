import Glibc
import Linux

#if Systemd
    import CSystemd
#endif

/// The service manager that started this process, if it is one that speaks sd_notify(3).
///
/// Built without the trait `Systemd`, or started by hand, all of this does nothing.
package enum InitSystem {
    /// Whether there is a manager to tell anything.
    package static let isPresent: Bool = {
        #if Systemd
            return getenv("NOTIFY_SOCKET") != nil
        #else
            return false
        #endif
    }()

    /// Tells the manager about this process: lines of `KEY=VALUE`. Never waits, which `sd_notify` alone would.
    ///
    /// - Returns: false when the manager has too much to read just now: say it again later.
    package static func notify(_ message: String) -> Bool {
        #if Systemd
            guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }) else { return true }
            guard takesNotices(at: path) else { return false }
            _ = sd_notify(0, message)
        #endif
        return true
    }

    /// Whether a notice to the socket at `path` would be taken at once. One that is not there takes all: there is no
    /// reason to try again.
    package static func takesNotices(at path: String) -> Bool {
        guard let socket = try? UnixDatagramSocket(connectingTo: path) else { return true }
        var poll = pollfd(fd: socket.descriptor.raw, events: Int16(POLLOUT), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1 && poll.revents & Int16(POLLOUT) != 0
    }

    /// How often the manager wants to hear `WATCHDOG=1` at the least; nil when it does not watch this process.
    package static var watchdogInterval: Duration? {
        #if Systemd
            var microseconds: UInt64 = 0
            guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
            return .microseconds(Int64(clamping: microseconds))
        #else
            return nil
        #endif
    }
}
