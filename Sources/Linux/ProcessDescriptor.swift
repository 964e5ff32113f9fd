import CLinux

/// How a process ended.
package enum ProcessExit: Hashable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    case signaled(signal: Int32, coreDumped: Bool)

    package var isSuccess: Bool { self == .exited(code: 0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal, coreDumped: false): "signal \(signal)"
        case .signaled(let signal, coreDumped: true): "signal \(signal), core dumped"
        }
    }
}

/// A stable handle on a process: unlike a pid, it can never come to mean another one.
///
/// It becomes readable (epoll) when the process has ended.
package struct ProcessDescriptor: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor

    /// Takes over a pidfd.
    package init(adopting descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    /// Opens the process that has `pid` at this moment.
    ///
    /// - Throws: `ESRCH` if there is none. Whoever is not the parent checks afterwards that it is the one meant.
    package init(pid: Int32) throws(SystemError) {
        let raw = try retrying("open the process", "\(pid)") { roost_pidfd_open(pid, 0) }
        self.init(adopting: OwnedDescriptor(adopting: raw))
    }

    /// The descriptor's number, for epoll; valid as long as this value lives.
    package var raw: Int32 { descriptor.raw }

    /// Sends `signal` to the process itself; 0 only asks whether it could be sent.
    ///
    /// - Returns: false if the process has ended, which is not an error: nobody else is hit in its place.
    @discardableResult
    package borrowing func send(signal: Int32) throws(SystemError) -> Bool {
        if roost_pidfd_send_signal(descriptor.raw, signal) == 0 { return true }
        let error = SystemError.last("send signal \(signal)")
        if error.errno == ESRCH { return false }
        throw error
    }

    /// Collects the exit of a child, once; nil while it is still running.
    ///
    /// - Throws: `ECHILD` if it is not our child, or was reaped before.
    package borrowing func reap() throws(SystemError) -> ProcessExit? { try collect()?.exit }

    /// The same, with what the child has used.
    package borrowing func collect() throws(SystemError) -> (exit: ProcessExit, usage: ProcessUsage)? {
        guard let end = try collectExit(P_PIDFD, id_t(descriptor.raw), options: WEXITED | WNOHANG) else { return nil }
        return (end.exit, end.usage)
    }

    /// Blocks until the process has ended, whoever its parent is, and collects nothing.
    ///
    /// - Parameter deadline: nanoseconds of `MonotonicClock`; nil for no limit.
    /// - Returns: false if the deadline passed first.
    package borrowing func awaitEnd(until deadline: Int64?) -> Bool {
        var watches = [Watch(raw, .read)]
        return Watch.wait(&watches, until: deadline)
    }

    /// Blocks until the child has ended, and collects its exit.
    ///
    /// - Throws: as `reap()`.
    package borrowing func wait() throws(SystemError) -> ProcessExit {
        while true {
            if let end = try collectExit(P_PIDFD, id_t(descriptor.raw), options: WEXITED) { return end.exit }
        }
    }

    /// Gives up ownership of the pidfd.
    package consuming func intoDescriptor() -> OwnedDescriptor { descriptor }
}

/// `waitid`, with the answer in our words; nil if no child is waiting.
func collectExit(
    _ kind: idtype_t, _ id: id_t, options: Int32
) throws(SystemError) -> (pid: Int32, exit: ProcessExit, usage: ProcessUsage)? {
    var answer = roost_exit()
    _ = try retrying("wait for a child") { unsafe roost_waitid(kind, id, options, &answer) }
    guard answer.pid != 0 else { return nil }
    let exit: ProcessExit =
        answer.code == Int32(CLD_EXITED)
        ? .exited(code: answer.status)
        : .signaled(signal: answer.status, coreDumped: answer.code == Int32(CLD_DUMPED))
    return (answer.pid, exit, ProcessUsage(answer.usage))
}

/// What a process has used, with all descendants that it waited for.
package struct ProcessUsage: Hashable, Sendable {
    package let userTime: Duration
    package let systemTime: Duration
    /// The most memory that it, or the largest of those descendants, had at one time, in bytes.
    package let peakMemory: Int

    fileprivate init(_ usage: rusage) {
        func duration(_ time: timeval) -> Duration { .seconds(time.tv_sec) + .microseconds(time.tv_usec) }
        userTime = duration(usage.ru_utime)
        systemTime = duration(usage.ru_stime)
        peakMemory = usage.ru_maxrss << 10
    }
}
