import CLinux

/// Signals that are read like bytes instead of interrupting the program.
///
/// Creating one blocks the signals in the calling thread, and so in every thread that it starts later. Do it before
/// the first thread is started: a signal is taken by any thread that does not block it. They stay blocked afterwards.
package struct SignalDescriptor: ~Copyable {
    package struct Signal: Hashable, Sendable {
        package let number: Int32
        /// Who sent it: 0 for the kernel.
        package let pid: Int32
        package let uid: UInt32
    }

    private let descriptor: OwnedDescriptor

    package init(signals: [Int32]) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals {
            guard unsafe sigaddset(&set, signal) == 0 else { throw .last("watch the signal", "\(signal)") }
        }
        let code = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        guard code == 0 else { throw SystemError("block signals", errno: code) }
        let raw = try retrying("create a signal descriptor") {
            unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        }
        descriptor = OwnedDescriptor(adopting: raw)
    }

    package var raw: Int32 { descriptor.raw }

    /// The next signal that has arrived, or nil.
    package borrowing func next() throws(SystemError) -> Signal? {
        let raw = descriptor.raw
        var record = signalfd_siginfo()
        let result = try transferring("read a signal") {
            unsafe withUnsafeMutableBytes(of: &record) { unsafe CLinux.read(raw, $0.baseAddress, $0.count) }
        }
        switch result {
        case .moved:
            return Signal(number: Int32(record.ssi_signo), pid: Int32(bitPattern: record.ssi_pid), uid: record.ssi_uid)
        case .wouldBlock, .endOfFile:
            return nil
        }
    }
}
