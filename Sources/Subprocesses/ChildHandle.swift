import CLinux
package import Linux
package import Threading

/// A child, for many threads at once: whoever looks first after its end collects its exit, and everybody gets the same.
package final class ChildHandle: Sendable {
    package let pid: Int32
    package let descriptor: ProcessDescriptor
    private let ending = Monitor<Ending?>(nil)

    package struct Ending: Sendable {
        package let status: TerminationStatus
        package let usage: ResourceUsage?
    }

    package init(pid: Int32, descriptor: consuming ProcessDescriptor) {
        self.pid = pid
        self.descriptor = descriptor
    }

    /// How it ended; nil while it is running.
    package func poll() -> Ending? {
        ending.withLock { ending in
            if ending == nil { ending = collect() }
            return ending
        }
    }

    private func collect() -> Ending? {
        do {
            guard let end = try descriptor.collect() else { return nil }
            return Ending(status: TerminationStatus(end.exit), usage: ResourceUsage(end.usage))
        } catch {
            // ECHILD: somebody else waited for the pid, or SIGCHLD is ignored. It is gone for sure only if the pidfd
            // says so: with SIGCHLD ignored the kernel says ECHILD only then, and a stranger's wait comes only then.
            return Ending(status: .unknown, usage: nil)
        }
    }

    /// Waits for its end; nil if the deadline passed first.
    package func wait(until deadline: Deadline) -> Ending? {
        if let ending = ending.withLock({ $0 }) { return ending }
        while true {
            if !deadline.isImmediate { _ = descriptor.awaitEnd(until: deadline.nanoseconds) }
            if let ending = poll() { return ending }
            if deadline.hasPassed { return nil }
            // It has ended, but a debugger is told first, and no descriptor says when that has looked.
            usleep(1000)
        }
    }

    /// Sends a signal; false if it has ended.
    package func send(signal: Int32) throws(SystemError) -> Bool { try descriptor.send(signal: signal) }

    /// Runs `body` while nobody can collect the exit, so that the pid, and the group of that number, surely mean this
    /// child. Does nothing if its exit was collected before.
    func whileUncollected(_ body: () -> Void) {
        ending.withLock { ending in
            if ending == nil { body() }
        }
    }
}
