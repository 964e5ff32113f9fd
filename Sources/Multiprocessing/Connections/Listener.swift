import CLinux
import Linux
import Threading

/// Takes connections from other programs: Python's `multiprocessing.connection.Listener`.
///
///     let listener = try Listener(.unix("/run/orders"), key: key)
///     let connection = try listener.accept()
///
/// With a key, only who has it, too, gets a connection, and finds out that the listener has it. Clients that say
/// nothing hold nobody up: `accept` goes on with others meanwhile, and drops them after a while.
public final class Listener: Sendable {
    /// Where it is found; with the port that it got, if it was to be any.
    public let address: Address
    private let key: AuthKey?
    private let patience: Duration
    private let state: FutexLock = FutexLock()
    private nonisolated(unsafe) var socket: SharedDescriptor?
    /// Held by the thread that accepts; others take their turn.
    private let turn = FutexLock()
    private nonisolated(unsafe) var pending: [PendingHandshake] = []
    private let waker: EventDescriptor

    /// How many clients may be in the middle of their handshake; the oldest gives way to the next.
    private static let mostPending = 64

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - address: where; a path must not exist yet.
    ///   - key: what clients must have; nil to take everybody who can reach the address.
    ///   - backlog: how many clients may wait for `accept`.
    ///   - handshake: how long a client may take to prove that it has the key.
    /// - Throws: `ConnectionError.refused`, with `EADDRINUSE` if somebody listens there, or did and left its file.
    public init(
        _ address: Address = .unique(), key: AuthKey?, backlog: Int = 128, handshake: Duration = .seconds(10)
    ) throws(ConnectionError) {
        do throws(SystemError) {
            waker = try EventDescriptor()
            let (socket, actual) = try address.listen(backlog: Int32(clamping: backlog))
            unsafe self.socket = socket
            self.address = actual
        } catch {
            throw ConnectionError(error)
        }
        self.key = key
        patience = handshake
    }

    deinit { close() }

    /// Ends listening, and removes the socket's file. Threads in `accept` find it closed. Twice is fine.
    public func close() {
        let wasOpen = state.withLock {
            defer { unsafe socket = nil }
            return unsafe socket != nil
        }
        guard wasOpen else { return }
        if case .unix(let path) = address { try? FileSystem.remove(path) }
        waker.signal()
    }

    /// Whether it was closed.
    public var isClosed: Bool { state.withLock { unsafe socket == nil } }

    private func listening() throws(ConnectionError) -> SharedDescriptor {
        guard let socket = state.withLock({ unsafe self.socket }) else { throw .closedHere }
        return socket
    }

    /// Waits for the next client that has the key.
    ///
    /// - Parameter timeout: how long to wait for it; nil for no limit, zero or less to look once.
    /// - Throws: `AuthenticationError` if a client has another key; the listener goes on. `ConnectionError`:
    ///   `timedOut`, `closedHere`, or `refused`.
    public func accept(timeout: Duration? = nil) throws -> Connection {
        let deadline = Deadline(after: timeout)
        guard turn.acquire(until: deadline) else { throw ConnectionError.timedOut }
        defer { turn.release() }
        while true {
            let socket = try listening()
            if let connection = try next(from: socket) { return connection }
            if deadline.hasPassed { throw ConnectionError.timedOut }
            wait(for: socket, until: deadline)
        }
    }

    /// A connection, if one is ready now.
    private func next(from socket: SharedDescriptor) throws -> Connection? {
        while let descriptor = try takeClient(socket) {
            let connection = Connection(
                descriptor, directions: [.receive, .send], isStream: address.isStream, isShared: false)
            guard let key else { return connection }
            let deadline = Deadline(after: patience)
            guard let begun = try? PendingHandshake(connection, key: key, deadline: deadline) else { continue }
            if unsafe pending.count >= Listener.mostPending { unsafe pending.removeFirst().connection.close() }
            unsafe pending.append(begun)
        }
        for place in unsafe pending.indices.reversed() {
            let client = unsafe pending[place]
            switch client.advance() {
            case .pending:
                guard client.deadline.hasPassed else { continue }
                unsafe pending.remove(at: place)
                client.connection.close()
            case .accepted:
                unsafe pending.remove(at: place)
                return client.connection
            case .refused:
                unsafe pending.remove(at: place)
                client.connection.close()
                throw AuthenticationError()
            case .failed:
                unsafe pending.remove(at: place)
                client.connection.close()
            }
        }
        return nil
    }

    private func takeClient(_ socket: SharedDescriptor) throws(ConnectionError) -> SharedDescriptor? {
        while true {
            let raw = roost_accept(socket.descriptor.raw)
            if raw >= 0 {
                if address.isStream { _ = roost_set_no_delay(raw) }
                return SharedDescriptor(OwnedDescriptor(adopting: raw))
            }
            switch roost_errno() {
            case EAGAIN: return nil
            // The client gave up before we came, or the network failed it: the next one may be there.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, ENETUNREACH: continue
            case let code: throw ConnectionError(SystemError("accept a connection", errno: code))
            }
        }
    }

    /// Waits until there may be something to do.
    private func wait(for socket: SharedDescriptor, until deadline: Deadline) {
        let clients = unsafe pending
        var watches = [Watch(socket.descriptor.raw, .read), Watch(waker.raw, .read)]
        var first = deadline.nanoseconds
        // The descriptors stay open as long as their connections are.
        for client in clients {
            guard let descriptor = try? client.connection.descriptor() else { continue }
            watches.append(Watch(descriptor.descriptor.raw, .read))
            if let end = client.deadline.nanoseconds { first = min(first ?? end, end) }
        }
        withExtendedLifetime(clients) { _ = Watch.wait(&watches, until: first) }
    }
}

extension Listener: Waitable {
    /// Ready when a client is there, who may still have to prove that it has the key.
    public var waitHandle: WaitHandle {
        get throws(ConnectionError) { WaitHandle(try listening()) }
    }
}

extension Connection {
    /// Connects to a listener: Python's `multiprocessing.connection.Client`.
    ///
    /// - Parameters:
    ///   - address: where it is.
    ///   - key: what both must have; nil if the listener has none.
    ///   - timeout: how long it may take altogether; nil for no limit.
    /// - Throws: `AuthenticationError` if the listener has another key; `ConnectionError`.
    public static func connect(to address: Address, key: AuthKey?, timeout: Duration? = nil) throws -> Connection {
        let deadline = Deadline(after: timeout)
        let socket: SharedDescriptor
        do throws(SystemError) {
            socket = try address.connect(until: deadline.nanoseconds)
        } catch {
            throw error.errno == ETIMEDOUT ? ConnectionError.timedOut : ConnectionError(error)
        }
        let connection = Connection(
            socket, directions: [.receive, .send], isStream: address.isStream, isShared: false)
        do {
            if let key { try Handshake(key: key).connect(connection, until: deadline) }
        } catch {
            connection.close()
            throw error
        }
        return connection
    }
}
