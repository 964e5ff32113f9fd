package import Linux

/// How a child ended.
public enum TerminationStatus: Hashable, Sendable {
    /// It ended by itself, with this code from 0 to 255.
    case exited(code: Int32)
    /// A signal ended it.
    case signaled(signal: Int32, coreDumped: Bool)

    /// Whether it ended by itself with code 0.
    public var isSuccess: Bool { self == .exited(code: 0) }

    init(_ exit: ProcessExit) {
        switch exit {
        case .exited(let code): self = .exited(code: code)
        case .signaled(let signal, let coreDumped): self = .signaled(signal: signal, coreDumped: coreDumped)
        }
    }
}

/// Why a spawned process could not be signalled or waited for.
public struct ProcessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kernel's reason, as in `errno(3)`; `ECHILD` if someone else collected the child.
    public let errno: Int32
    /// What failed and why, for people.
    public let description: String

    init(_ error: SystemError) {
        errno = error.errno
        description = error.description
    }
}

/// A child that was spawned, held by a descriptor, so that a reused pid can never be hit.
///
/// Dropping it leaves the child running; the kernel keeps its exit status until this process waits for the pid or
/// ends. The ends of pipes that were not taken are closed.
public struct SpawnedProcess: ~Copyable, Sendable {
    /// The process id. It may mean another process once the exit has been collected.
    public let pid: Int32

    package let descriptor: ProcessDescriptor
    private var input: OwnedDescriptor?
    private var output: OwnedDescriptor?
    private var error: OwnedDescriptor?

    init(pid: Int32, descriptor: consuming ProcessDescriptor, streams: consuming ChildStreams) {
        self.pid = pid
        self.descriptor = descriptor
        input = streams.input.parentEnd.take()
        output = streams.output.parentEnd.take()
        error = streams.error?.parentEnd.take()
    }

    /// Sends `signal` to the child.
    ///
    /// - Returns: false if it has ended.
    /// - Throws: `ProcessError` with `EPERM` or `EINVAL`.
    @discardableResult
    public borrowing func send(signal: Int32) throws(ProcessError) -> Bool {
        do { return try descriptor.send(signal: signal) } catch { throw ProcessError(error) }
    }

    /// Collects the child's exit if it has ended, once; nil while it is running.
    ///
    /// - Throws: `ProcessError` with `ECHILD` if the exit was collected before.
    public borrowing func poll() throws(ProcessError) -> TerminationStatus? {
        do { return try descriptor.reap().map(TerminationStatus.init) } catch { throw ProcessError(error) }
    }

    /// Blocks until the child has ended, and collects its exit.
    ///
    /// - Throws: `ProcessError` with `ECHILD` if the exit was collected before.
    public borrowing func wait() throws(ProcessError) -> TerminationStatus {
        do { return TerminationStatus(try descriptor.wait()) } catch { throw ProcessError(error) }
    }

    /// The descriptor that writes to the child's standard input, if that is a pipe; the caller closes it. Once.
    public mutating func takeStandardInput() -> Int32? { input.take()?.release() }

    /// The descriptor that reads the child's standard output, if that is a pipe; the caller closes it. Once.
    public mutating func takeStandardOutput() -> Int32? { output.take()?.release() }

    /// The descriptor that reads the child's standard error, if that is a pipe of its own; the caller closes it. Once.
    public mutating func takeStandardError() -> Int32? { error.take()?.release() }

    /// Gives up everything but the handle on the process.
    package consuming func intoDescriptor() -> ProcessDescriptor { descriptor }
}
