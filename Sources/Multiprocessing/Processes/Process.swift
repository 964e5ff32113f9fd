import Linux
public import Subprocesses
import Synchronization
import Threading

/// A process that runs one function: Python's `multiprocessing.Process`.
///
///     let process = try Process(square, 12)
///     let result = try process.result(of: square)     // 144
///
/// It is started at once. Every thread may use it. It is held by a descriptor of the kernel (pidfd), so a signal can
/// never hit another process that got its number, and its end is seen at once, whoever its descendants are.
///
/// The library keeps it among `children` until its end was noticed by `join`, `isAlive`, or a look at `children`;
/// dropping it changes nothing for it.
public final class Process: Sendable {
    /// Its name.
    public let name: String
    /// What becomes of it when this process ends.
    public let lifetime: Lifetime
    /// How it was started.
    public let method: StartMethod
    let handle: ChildHandle
    let parentPid = KernelProcess.id
    private let lifeline: Lifeline
    private let control: Connection
    private let isClosed = Atomic(false)
    private let hasBegun = Atomic(false)
    private let isTaken = Atomic(false)

    /// Starts a process that runs a function, and returns without waiting for it.
    ///
    /// - Parameters:
    ///   - function: what it runs; the worker's program must have registered it.
    ///   - argument: what it runs it with. Handles in it are passed along.
    ///   - name: how to call it; nil for `Process-1` and so on.
    ///   - context: how to start it, and from which program.
    ///   - lifetime: what becomes of it when this process ends.
    ///   - input: where it reads from.
    ///   - output: where it writes to.
    ///   - error: where it writes its diagnostics to.
    /// - Throws: `ProcessStartError`; or what encoding the argument throws.
    public init<Argument, Output>(
        _ function: RemoteFunction<Argument, Output>, _ argument: Argument, name: String? = nil,
        in context: Context = .spawn, lifetime: Lifetime = .diesWithParent, input: StandardInput = .inherit,
        output: StandardOutput = .inherit, error: Subprocesses.StandardError = .inherit
    ) throws {
        let numbers = CurrentProcess.nextNumbers()
        let name = name ?? "Process-" + numbers.map { "\($0)" }.joined(separator: ":")
        let lifeline: Lifeline
        do {
            lifeline = try Lifeline.current()
        } catch {
            throw ProcessStartError.connection(error)
        }
        // Whatever can fail by itself comes before there is a process.
        let parcel = try Parcel(
            FullAssignment(
                assignment: Assignment(
                    function: function.name, name: name, numbers: numbers, method: context.method, lifetime: lifetime,
                    parentPid: KernelProcess.id, parentName: CurrentProcess.name,
                    lifeline: PassedDescriptor(lifeline.reader)),
                argument: argument))
        let launch = Launch(name: name, program: context.program, input: input, output: output, error: error)
        Children.prepare()
        (handle, control) = try launch.start(context)
        self.name = name
        self.lifetime = lifetime
        self.lifeline = lifeline
        method = context.method
        do throws(ConnectionError) {
            try control.send(parcel: parcel)
        } catch {
            // One that has ended already says so better than this does.
            if error != .closed {
                _ = try? handle.send(signal: 9)
                _ = handle.wait(until: Deadline(after: nil))
                throw ProcessStartError.connection(error)
            }
        }
        Children.add(self)
    }

    /// Starts a process that runs a function without an argument.
    ///
    /// - Throws: `ProcessStartError`.
    public convenience init<Output>(
        _ function: RemoteFunction<Nothing, Output>, name: String? = nil, in context: Context = .spawn,
        lifetime: Lifetime = .diesWithParent, input: StandardInput = .inherit, output: StandardOutput = .inherit,
        error: Subprocesses.StandardError = .inherit
    ) throws {
        try self.init(
            function, Nothing(), name: name, in: context, lifetime: lifetime, input: input, output: output,
            error: error)
    }

    deinit {
        if handle.poll() == nil { AbandonedChildren.adopt(handle) }
    }

    // MARK: - Its end

    /// Its number. It may come to mean another process once its end was noticed.
    public var pid: Int32 { handle.pid }

    /// Whether it runs.
    public var isAlive: Bool { exitStatus == nil }

    /// How it ended; nil while it runs. Python's `exitcode`.
    public var exitStatus: TerminationStatus? {
        guard let ending = handle.poll() else { return nil }
        Children.remove(self)
        return ending.status
    }

    /// Waits until it has ended.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: how it ended, the same at every call; nil if the timeout passed first.
    /// - Throws: `ProcessUseError.closed`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(ProcessUseError) -> TerminationStatus? {
        try checkOpen()
        guard let ending = handle.wait(until: Deadline(after: timeout)) else { return nil }
        Children.remove(self)
        return ending.status
    }

    /// What it has used; nil while it runs.
    public var usage: ResourceUsage? { handle.poll()?.usage }

    /// Lets go of what the kernel holds for it.
    ///
    /// - Throws: `ProcessUseError.running`. More often than once is fine.
    public func close() throws(ProcessUseError) {
        guard exitStatus != nil else { throw .running }
        isClosed.store(true, ordering: .releasing)
        control.close()
    }

    private func checkOpen() throws(ProcessUseError) {
        if isClosed.load(ordering: .acquiring) { throw .closed }
    }

    // MARK: - Its result

    /// Waits for the result of its function. Once: handles in it are passed to whoever asks first.
    ///
    /// - Parameters:
    ///   - function: the one it was started with.
    ///   - timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Throws: what the function threw there: an error that it declares as itself, any other one as `RemoteError`;
    ///   `ProcessResultError` if the process ended before, or did not end its function in time; `DecodingError`.
    public func result<Argument, Output>(
        of function: RemoteFunction<Argument, Output>, timeout: Duration? = nil
    ) throws -> Output {
        try function.outcome(from: try outcomeParcel(until: Deadline(after: timeout)))
    }

    private func outcomeParcel(until deadline: Deadline) throws -> Parcel {
        try checkOpen()
        if isTaken.load(ordering: .acquiring) { throw ProcessResultError.taken }
        while true {
            do {
                let parcel = try control.receiveParcel(timeout: deadline.remaining)
                if (try? parcel.decode(Hello.self)) != nil {
                    hasBegun.store(true, ordering: .relaxed)
                    continue
                }
                isTaken.store(true, ordering: .releasing)
                return parcel
            } catch ConnectionError.closed {
                // Another thread may have got it meanwhile.
                if isTaken.load(ordering: .acquiring) { throw ProcessResultError.taken }
                guard let ending = handle.wait(until: deadline) else { throw ProcessResultError.timedOut }
                Children.remove(self)
                throw hasBegun.load(ordering: .relaxed)
                    ? ProcessResultError.ended(ending.status) : .neverBegan(ending.status)
            } catch ConnectionError.timedOut {
                throw ProcessResultError.timedOut
            }
        }
    }

    // MARK: - Signals

    /// Sends a signal to it, and to nobody else.
    ///
    /// - Returns: false if it has ended.
    /// - Throws: `ProcessUseError`.
    @discardableResult
    public func send(signal: Int32) throws(ProcessUseError) -> Bool {
        try checkOpen()
        do throws(SystemError) {
            return try handle.send(signal: signal)
        } catch {
            throw .refused(errno: error.errno)
        }
    }

    /// Asks it to end, with SIGTERM. Its own children live on, but for those that die with it.
    ///
    /// - Returns: false if it has ended.
    /// - Throws: `ProcessUseError`.
    @discardableResult
    public func terminate() throws(ProcessUseError) -> Bool { try send(signal: 15) }

    /// Kills it, with SIGKILL.
    ///
    /// - Returns: false if it has ended.
    /// - Throws: `ProcessUseError`.
    @discardableResult
    public func kill() throws(ProcessUseError) -> Bool { try send(signal: 9) }

    /// Interrupts it, with SIGINT, as Ctrl-C does.
    ///
    /// - Returns: false if it has ended.
    /// - Throws: `ProcessUseError`.
    @discardableResult
    public func interrupt() throws(ProcessUseError) -> Bool { try send(signal: 2) }

    // MARK: - All of them

    /// All processes that this one has started and that run: Python's `active_children()`.
    public static var children: [Process] { Children.running }
}

extension Process: Waitable {
    /// Ready when it has ended: Python's `sentinel`.
    public var waitHandle: WaitHandle {
        get throws(ConnectionError) {
            if isClosed.load(ordering: .acquiring) { throw .closedHere }
            return WaitHandle(watching: handle.descriptor.raw)
        }
    }
}
