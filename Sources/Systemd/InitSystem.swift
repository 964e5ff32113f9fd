#if Systemd
    import CSystemd
    import Glibc
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

    /// Tells the manager about this process: lines of `KEY=VALUE`. Never fails in a way that matters here.
    package static func notify(_ lines: String...) {
        #if Systemd
            _ = sd_notify(0, lines.joined(separator: "\n"))
        #endif
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
