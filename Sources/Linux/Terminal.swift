import CLinux

/// The terminal that a program was started from, if there is one.
package enum Terminal {
    /// Whether this program is in the foreground of its terminal: it, and its process group, may read from there, and
    /// get a signal when somebody presses Ctrl-C.
    package static func isOurs() -> Bool {
        let raw = unsafe roost_open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK, 0)
        guard raw >= 0 else { return false }
        let terminal = OwnedDescriptor(adopting: raw)
        return tcgetpgrp(terminal.raw) == getpgrp()
    }
}
