import Linux
import Synchronization
import Threading

/// A process that this program has started: Python's `subprocess.Popen`.
///
///     let child = try Subprocess(["tr", "a-z", "A-Z"], input: .pipe, output: .pipe)
///     let result = try child.communicate(input: Array("hello".utf8))
///
/// `run` is shorter where the process is only to be run to its end. Every thread may use it, many at once: all that
/// wait get the same status, and a look by one thread sees the end while another one waits. The child is held by a
/// descriptor of the kernel (pidfd), so a signal can never hit another process that got its pid.
///
/// Dropping the last reference changes nothing for a running child, except that its pipes are closed; its exit is
/// collected in the background, so it does not stay a zombie. `withSubprocess` ends it at the end of a scope instead.
public final class Subprocess: Sendable {
    /// What was executed, and as what.
    public let command: Command
    /// The pipe to its standard input; nil if that is no pipe.
    public let standardInput: ChildInput?
    /// The pipe from its standard output; nil if that is no pipe.
    public let standardOutput: ChildOutput?
    /// The pipe from its standard error; nil if that is no pipe of its own.
    public let standardError: ChildOutput?

    let handle: ChildHandle
    let conversation: Conversation
    private let leftAlone = Atomic(false)

    /// Starts a process, and returns when its program runs.
    ///
    /// The process is made by one `clone3` that shares memory until the program is executed, so it costs the same
    /// however much memory this program uses. The calling thread waits for that, with all its signals blocked.
    ///
    /// - Parameters:
    ///   - command: what to execute, and as what; an array of words will do.
    ///   - input: where it reads from.
    ///   - output: where it writes to.
    ///   - error: where it writes its diagnostics to.
    /// - Throws: `SpawnError`, with the step that failed; nothing is left behind then.
    public convenience init(
        _ command: Command, input: StandardInput = .inherit, output: StandardOutput = .inherit,
        error: StandardError = .inherit
    ) throws(SpawnError) {
        try self.init(
            SpawnRequest(command, input: input, output: output, error: error),
            sinks: (Sink(.capture(limit: Subprocess.captureLimit)), Sink(.capture(limit: Subprocess.captureLimit))))
    }

    init(_ request: SpawnRequest, sinks: (output: Sink, error: Sink)) throws(SpawnError) {
        var process = try spawn(request)
        command = request.command
        let pid = process.pid
        standardInput = if let end = process.takeInput() { ChildInput(end, of: pid) } else { nil }
        standardOutput = if let end = process.takeOutput() { ChildOutput(end, of: pid) } else { nil }
        standardError = if let end = process.takeError() { ChildOutput(end, of: pid) } else { nil }
        handle = ChildHandle(pid: pid, descriptor: process.intoDescriptor())
        var outputs: [ChildOutput] = []
        var used: [Sink] = []
        if let standardOutput {
            outputs.append(standardOutput)
            used.append(sinks.output)
        }
        if let standardError {
            outputs.append(standardError)
            used.append(sinks.error)
        }
        conversation = Conversation(with: handle, input: standardInput, outputs: outputs, sinks: used)
    }

    deinit {
        if handle.poll() == nil { AbandonedChildren.adopt(handle) }
    }

    // MARK: - Its end

    /// The process id. It may come to mean another process once the exit has been collected.
    public var pid: Int32 { handle.pid }

    /// How the child ended; nil while it is running. Never waits.
    public func poll() -> TerminationStatus? { handle.poll()?.status }

    /// Waits until the child has ended. A child that is only stopped has not.
    ///
    /// A child whose pipe nobody reads can be waiting for that; `communicate` reads and waits.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: how it ended, the same at every call; nil if the timeout passed first.
    public func wait(timeout: Duration?) -> TerminationStatus? { handle.wait(until: Deadline(after: timeout))?.status }

    /// Waits until the child has ended, however long that takes.
    ///
    /// - Returns: how it ended, the same at every call.
    @discardableResult
    public func wait() -> TerminationStatus { handle.wait(until: Deadline(after: nil))?.status ?? .unknown }

    /// What the child has used; nil while it is running, and if somebody else collected its exit.
    public var usage: ResourceUsage? { handle.poll()?.usage }

    // MARK: - Signals

    /// Sends a signal to the child, and to nobody else: where it has ended, nobody gets it.
    ///
    /// - Parameter signal: by number.
    /// - Returns: false if the child has ended.
    /// - Throws: `ProcessError` with `EPERM` if the child runs as another user, `EINVAL` if there is no such signal.
    @discardableResult
    public func send(signal: Int32) throws(ProcessError) -> Bool {
        do { return try handle.send(signal: signal) } catch { throw ProcessError(error) }
    }

    /// Asks the child to end, with SIGTERM.
    ///
    /// - Returns: false if it has ended already.
    /// - Throws: as `send(signal:)`.
    @discardableResult
    public func terminate() throws(ProcessError) -> Bool { try send(signal: 15) }

    /// Kills the child, with SIGKILL. What it has started lives on; see `killTree()`.
    ///
    /// - Returns: false if it has ended already.
    /// - Throws: as `send(signal:)`.
    @discardableResult
    public func kill() throws(ProcessError) -> Bool { try send(signal: 9) }

    /// Kills the child and all of its descendants, and waits until they are gone, two seconds at most.
    ///
    /// Each is stopped before its children are looked for, so none escapes by starting others. Descendants that lost
    /// their parent before are found if the child leads a process group or a session (`Command.processGroup`) that they
    /// are still in.
    public func killTree() { end(.kill) }

    /// Ends the child and all of its descendants, and waits until they are gone.
    ///
    /// - Parameter policy: whether they are asked first.
    /// - Returns: how the child ended. `unknown` if it is still there two seconds after it was killed, stuck in the
    ///   kernel; its exit is collected in the background then.
    @discardableResult
    public func end(_ policy: TerminationPolicy = .ask()) -> TerminationStatus {
        end(policy) { deadline in _ = handle.descriptor.awaitEnd(until: deadline.nanoseconds) }
        return handle.poll()?.status ?? .unknown
    }

    /// Leaves the child to itself: `withSubprocess` does not end it. Its exit is collected in the background when this
    /// object is gone.
    public func detach() { leftAlone.store(true, ordering: .releasing) }

    // MARK: - Inside

    /// What `communicate` keeps of an output at most, in bytes.
    static let captureLimit = 1 << 30
    /// How long killed processes may take to be gone.
    private static let patience = Duration.seconds(2)

    var isDetached: Bool { leftAlone.load(ordering: .acquiring) }

    /// - Parameter during: waits for the end of the child within the grace.
    func end(_ policy: TerminationPolicy, during wait: (Deadline) -> Void) {
        var family = ProcessFamily(of: handle, command.processGroup)
        if let signal = policy.signal {
            let deadline = Deadline(after: policy.grace)
            family.send(signal: signal)
            wait(deadline)
            _ = family.awaitEnd(until: deadline)
        }
        family.kill()
        _ = family.awaitEnd(until: Deadline(after: Subprocess.patience))
    }

    /// The result, once the conversation has finished.
    func waited() -> CompletedProcess {
        if handle.poll() == nil { _ = handle.wait(until: Deadline(after: nil)) }
        return result()
    }

    /// What is known of the child at this moment, with what was captured of its output.
    func result() -> CompletedProcess {
        let ending = handle.poll()
        return CompletedProcess(
            arguments: command.arguments, status: ending?.status ?? .unknown,
            output: standardOutput == nil ? nil : conversation.captured(0),
            error: standardError == nil ? nil : conversation.captured(standardOutput == nil ? 0 : 1),
            usage: ending?.usage)
    }
}
