package import Linux

/// A child that was spawned, held by a descriptor, so that a reused pid can never be hit.
///
/// Dropping it leaves the child running; the kernel keeps its exit status until this process waits for the pid or
/// ends. The ends of pipes that were not taken are closed.
package struct SpawnedProcess: ~Copyable, Sendable {
    /// The process id. It may mean another process once the exit has been collected.
    package let pid: Int32

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
    package borrowing func send(signal: Int32) throws(ProcessError) -> Bool {
        do { return try descriptor.send(signal: signal) } catch { throw ProcessError(error) }
    }

    /// Collects the child's exit if it has ended, once; nil while it is running.
    ///
    /// - Throws: `ProcessError` with `ECHILD` if the exit was collected before.
    package borrowing func poll() throws(ProcessError) -> TerminationStatus? {
        do { return try descriptor.reap().map(TerminationStatus.init) } catch { throw ProcessError(error) }
    }

    /// Blocks until the child has ended, and collects its exit.
    ///
    /// - Throws: `ProcessError` with `ECHILD` if the exit was collected before.
    package borrowing func wait() throws(ProcessError) -> TerminationStatus {
        do { return TerminationStatus(try descriptor.wait()) } catch { throw ProcessError(error) }
    }

    /// The end that writes to the child's standard input, if that is a pipe; once.
    package mutating func takeInput() -> OwnedDescriptor? { input.take() }

    /// The end that reads the child's standard output, if that is a pipe; once.
    package mutating func takeOutput() -> OwnedDescriptor? { output.take() }

    /// The end that reads the child's standard error, if that is a pipe of its own; once.
    package mutating func takeError() -> OwnedDescriptor? { error.take() }

    /// Gives up everything but the handle on the process.
    package consuming func intoDescriptor() -> ProcessDescriptor { descriptor }
}
