import Glibc
import Linux
import Synchronization

/// While it lives, Ctrl-C and a change of the window's size do not act by themselves but arrive as bytes on a pipe,
/// so that a wait can end in an orderly way and the terminal be put back.
final class Interrupts {
    let readable: Int32
    private let writable: Int32
    private static let signals = [SIGINT, SIGTERM, SIGWINCH]

    init() throws(Failure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(.notReached, "cannot make a pipe: \(SystemError.text(errno))") }
        readable = ends[0]
        writable = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            // A handler must never block.
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        signalPipe.store(writable, ordering: .sequentiallyConsistent)
        for number in Interrupts.signals { signal(number, passOn) }
        // Whoever started us may have had them blocked, and a blocked Ctrl-C would end nothing.
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in Interrupts.signals { sigaddset(&mask, number) }
        sigprocmask(SIG_UNBLOCK, &mask, nil)
    }

    deinit {
        for number in Interrupts.signals { signal(number, SIG_DFL) }
        signalPipe.store(-1, ordering: .sequentiallyConsistent)
        close(readable)
        close(writable)
    }

    /// What a signal means to whoever waits: a new window size is for the caller to look at, the others end it.
    static func act(on signal: Int32) throws(Failure) {
        if signal != SIGWINCH { throw Failure(.interrupted) }
    }

    /// The number of the next signal that came, or nil when there was none.
    func next() -> Int32? {
        var byte: UInt8 = 0
        return read(readable, &byte, 1) == 1 ? Int32(byte) : nil
    }
}

/// The writing end for the handler, or -1. One at a time: signals belong to the process.
private let signalPipe = Atomic<Int32>(-1)

private func passOn(_ number: Int32) {
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: number)
    // A full pipe already holds a reason to wake.
    _ = write(signalPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
    errno = saved
}
