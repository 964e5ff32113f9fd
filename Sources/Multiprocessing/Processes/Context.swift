import Subprocesses

/// How and from which program processes are started: Python's contexts. A value, and never one for the whole program.
public struct Context: Sendable {
    /// How they are started.
    public let method: StartMethod
    /// The path of the program that they run, which calls `Worker.begin` first; nil for this one.
    public let program: String?
    let server: ForkServer?

    /// A context.
    ///
    /// - Parameters:
    ///   - method: how to start processes. With `forkserver`, this context and its copies have a server of their own,
    ///     which is started by the first process, or by `prepare()`, and ends when nobody has the context any more.
    ///   - program: the path of the program that they run; nil for this one.
    public init(_ method: StartMethod = .spawn, program: String? = nil) {
        self.method = method
        self.program = program
        server = method == .forkserver ? ForkServer(program: program) : nil
    }

    /// A context by the name of its method: Python's `get_context`.
    ///
    /// - Throws: `StartMethodError`, with the reason why there is no `fork`.
    public init(named name: String, program: String? = nil) throws(StartMethodError) {
        if name == "fork" { throw .forkIsUnsafe }
        guard let method = StartMethod(rawValue: name) else { throw .unknown(name) }
        self.init(method, program: program)
    }

    /// This program, executed anew.
    public static let spawn = Context(.spawn)

    /// This program, by one server for all that say so.
    public static let forkserver = Context(.forkserver)

    /// Starts the server of `forkserver`, if it does not run: best early, while the program is small.
    ///
    /// - Throws: `ProcessStartError`.
    public func prepare() throws(ProcessStartError) {
        if program == nil, FunctionRegistry.current == nil { throw .notBegun }
        try server?.start()
    }

    /// The number of the server's process; nil while there is none.
    package var serverPid: Int32? { server?.pid }

    /// Ends the server of `forkserver`, if it runs. The next process starts it anew.
    public func shutDown() { server?.stop() }
}
