import Linux

#if Systemd
    import CSystemd
    import Glibc
#endif

/// The service manager that started this process, if it is one that speaks sd_notify(3).
///
/// Built without the trait `Systemd`, or started by hand, all of this does nothing.
package enum ServiceManager {
    /// Whether there is a manager to tell anything.
    package static let isPresent: Bool = {
        #if Systemd
            return getenv("NOTIFY_SOCKET") != nil
        #else
            return false
        #endif
    }()

    /// Tells the manager about this process: lines of `KEY=VALUE`. Never waits, which `sd_notify` would.
    ///
    /// - Returns: false when the manager has too much to read just now: say it again later.
    package static func notify(_ message: String) -> Bool {
        #if Systemd
            guard let path = getenv("NOTIFY_SOCKET") else { return true }
            return send(message, to: String(cString: path))
        #else
            return true
        #endif
    }

    /// A manager that is not there at all is no reason to try again.
    package static func send(_ message: String, to path: String) -> Bool {
        do {
            let socket = try UnixDatagramSocket(connectingTo: path)
            return try socket.descriptor.send(Array(message.utf8)[...]) != .wouldBlock
        } catch {
            return true
        }
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
