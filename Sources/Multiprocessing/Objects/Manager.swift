import Linux
import Subprocesses
import Threading

/// Objects that several processes share, in a server process: Python's `multiprocessing.Manager`.
///
///     let manager = Manager()
///     try manager.start()
///     let counts = try manager.dictionary(of: String.self, Int.self)
///     let worker = try Process(count, counts)             // a proxy is passed like any value
///     …
///     try manager.shutdown()
///
/// The objects are in the server; everybody else has proxies, which can be passed to processes, put into queues, and
/// kept in other objects of the same server. Every thread may use a proxy. An object lives as long as somebody has a
/// proxy of it; a process that ends, however it does, gives everything back: its proxies, the locks that it holds
/// (whoever gets one next is told), its waiting calls.
///
/// The server is reached by sockets without a name, which only those have who were given a proxy; with an address also
/// by others, who must prove that they have the key, as the server must. It ends with `shutdown`, with the program,
/// even when that is killed, and when neither the manager nor any proxy is left in the program that started it. It
/// takes no notice of Ctrl-C.
public final class Manager: Sendable {
    private enum State {
        case initial
        case starting
        case running(ObjectClient, Process?, Address?)
        case ended
    }

    /// What clients must know that come by the address.
    public let key: AuthKey
    private let order: Order?
    private let state: Monitor<State>

    /// How to start the server.
    private struct Order {
        let context: Context
        let server: RemoteFunction<ServerOrder, Nothing>
        let address: Address?
        let limits: ServerLimits
    }

    /// A manager that is not started yet.
    ///
    /// - Parameters:
    ///   - address: where the server is to listen; nil to be reached by proxies only.
    ///   - key: what clients must know that come by the address; nil for a new one that nobody can guess.
    ///   - context: how to start the process.
    ///   - server: the server, if the program has types of its own.
    ///   - limits: how much the server takes on.
    public init(
        at address: Address? = nil, key: AuthKey? = nil, in context: Context = .spawn,
        server: RemoteFunction<ServerOrder, Nothing> = Manager.standardServer, limits: ServerLimits = ServerLimits()
    ) {
        self.key = key ?? .random()
        order = Order(context: context, server: server, address: address, limits: limits)
        state = Monitor(.initial)
    }

    init(_ client: ObjectClient, address: Address?, key: AuthKey) {
        self.key = key
        order = nil
        state = Monitor(.running(client, nil, address))
    }

    /// Becomes a client of a server that somebody else has started: Python's `connect`.
    ///
    /// - Parameters:
    ///   - address: where it listens.
    ///   - key: the server's key.
    ///   - timeout: how long to wait for each of its answers at most.
    /// - Throws: `ObjectError.unreachable`, `wrongKey`.
    public static func connect(
        to address: Address, key: AuthKey, timeout: Duration = .seconds(10)
    ) throws(ObjectError) -> Manager {
        let connection: Connection
        do {
            connection = try Connection.connect(to: address, key: key, timeout: timeout)
        } catch is AuthenticationError {
            throw .wrongKey
        } catch {
            throw .unreachable("\(error)")
        }
        let client = try ObjectClient.greeting(connection, address: address, timeout: timeout)
        return Manager(client, address: address, key: key)
    }

    // MARK: - Its life

    /// Starts the server's process, and waits until it is ready.
    ///
    /// - Throws: `ObjectError.alreadyStarted`, `unreachable` with the reason; `ProcessStartError`.
    public func start() throws {
        guard let order else { throw ObjectError.alreadyStarted }
        let mayStart = state.withLock { state in
            guard case .initial = state else { return false }
            state = .starting
            return true
        }
        guard mayStart else { throw ObjectError.alreadyStarted }
        do {
            let (client, process, address) = try launch(order)
            state.withLock { $0 = .running(client, process, address) }
        } catch {
            state.withLock { $0 = .initial }
            throw error
        }
    }

    private func launch(_ order: Order) throws -> (ObjectClient, Process, Address?) {
        let (ours, theirs) = try Pipe.duplex()
        let job = ServerOrder(control: theirs, address: order.address, key: key, limits: order.limits)
        let process = try Process(order.server, job, name: "objects", in: order.context)
        // Or its end could not be seen.
        theirs.close()
        do {
            let ready = try ours.receive(ServerReady.self)
            if let failure = ready.failure { throw ObjectError.unreachable(failure) }
            return (try ObjectClient.greeting(ours, address: nil), process, ready.address)
        } catch {
            _ = try? process.kill()
            let ending = try? process.join()
            guard case ConnectionError.closed = error else { throw error }
            let words = ending.map { "\($0)" } ?? "no status"
            throw ObjectError.unreachable(
                "its process ended with \(words); does its program call Worker.begin first, and register the server?")
        }
    }

    /// Ends the server, and waits for that. A manager that was connected only ends its connection. More often than once
    /// is fine.
    ///
    /// - Parameter timeout: how long the server may take; then it is killed.
    /// - Throws: `ObjectError.notRunning` if it was never started.
    public func shutdown(timeout: Duration = .seconds(5)) throws(ObjectError) {
        let before = state.withLock { state in
            defer { if case .running = state { state = .ended } }
            return state
        }
        switch before {
        case .initial, .starting: throw .notRunning
        case .ended: return
        case .running(let client, let process, _):
            if process != nil { _ = try? client.call(ObjectMessage(id: 0, code: ObjectOperation.stop.rawValue)) }
            client.close()
            guard let process else { return }
            if (try? process.join(timeout: timeout)) == nil {
                _ = try? process.kill()
                _ = try? process.join()
            }
        }
    }

    /// Where the server listens, with the port that the kernel chose; nil if it does not, or does not run.
    public var address: Address? {
        if case .running(_, _, let address) = state.withLock({ $0 }) { address } else { nil }
    }

    /// The server's process; nil if it does not run, or is not this manager's.
    public var process: Process? {
        if case .running(_, let process, _) = state.withLock({ $0 }) { process } else { nil }
    }

    /// How many objects and how many clients the server has.
    ///
    /// - Throws: `ObjectError`.
    public func census() throws(ObjectError) -> (objects: Int, clients: Int) {
        let answer = ObjectAnswer(
            try client().call(ObjectMessage(id: 0, code: ObjectOperation.census.rawValue)), from: try client())
        return (answer.number(), answer.number(1))
    }

    func client() throws(ObjectError) -> ObjectClient {
        guard case .running(let client, _, _) = state.withLock({ $0 }) else { throw .notRunning }
        return client
    }
}

/// Starts a manager, runs `body` with it, and shuts it down, whether `body` returns or throws.
///
/// - Throws: as `Manager.start`; what `body` throws.
public func withManager<Result>(_ manager: Manager = Manager(), _ body: (Manager) throws -> Result) throws -> Result {
    try manager.start()
    defer { try? manager.shutdown() }
    return try body(manager)
}
