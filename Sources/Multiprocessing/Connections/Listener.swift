import CLinux
import Linux
import Threading

/// Takes connections from other programs: Python's `multiprocessing.connection.Listener`.
///
///     let listener = try Listener(.unix("/run/orders"), key: key)
///     let connection = try listener.accept()
///
/// With a key, only who has it, too, gets a connection, and finds out that the listener has it. Clients that say
/// nothing hold nobody up: `accept` goes on with others meanwhile, and drops them after a while. (64 of them at a time;
/// whoever can connect can so delay others by the time of a `handshake`, but not keep them out.)
///
/// The key says who may connect, and no more. Who is between both, and passes on what they say, is believed by both:
/// what is proved is that somebody with the key is there, not that this address is his. And nothing is encrypted or
/// signed afterwards. Over a network that others can reach, go through a tunnel (TLS, SSH, WireGuard).
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
    /// What `accept` waits for. The socket is among it while there is room for another client.
    private let ready: ReadySet
    private nonisolated(unsafe) var isWatched = true

    /// How many clients may be in the middle of their handshake; others wait in the kernel.
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
            ready = try ReadySet()
            let (socket, actual) = try address.listen(backlog: Int32(clamping: backlog))
            unsafe self.socket = socket
            self.address = actual
            try ready.add(waker.raw)
            try ready.add(socket.descriptor.raw)
        } catch {
            throw ConnectionError(error)
        }
        self.key = key
        patience = handshake
    }

    deinit { close() }

    /// Ends listening, and removes the socket's file. Threads in `accept` find it closed. Twice is fine.
    public func close() {
        let listening = state.withLock { () -> SharedDescriptor? in
            defer { unsafe socket = nil }
            return unsafe socket
        }
        guard let listening else { return }
        // At once, though a process that was made a moment ago, and has not come to its exec, has the socket too.
        shutdown(listening.descriptor.raw, Int32(SHUT_RDWR))
        if case .unix(let path) = address { try? FileSystem.remove(path) }
        waker.signal()
        // Where nobody accepts, nobody else lets them go.
        if turn.tryAcquire() {
            dismissAll()
            turn.release()
        }
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
            guard let socket = state.withLock({ unsafe self.socket }) else {
                dismissAll()
                throw ConnectionError.closedHere
            }
            if let connection = try next(from: socket) { return connection }
            if deadline.hasPassed { throw ConnectionError.timedOut }
            var watches = [Watch(ready.raw, .read)]
            _ = Watch.wait(&watches, until: deadline.nanoseconds)
        }
    }

    /// A connection, if one is ready now.
    private func next(from socket: SharedDescriptor) throws -> Connection? {
        // Those that are here come first: each that is done makes room, and gives back a descriptor.
        if let connection = try advance(socket) { return connection }
        // Not without an end, however many come.
        for _ in 0..<Listener.mostPending where unsafe pending.count < Listener.mostPending {
            let taken: SharedDescriptor?
            do throws(ConnectionError) {
                taken = try takeClient(socket)
            } catch {
                if isClosed { return nil }
                // No descriptor left, perhaps: others wait in the kernel until one of those here is done.
                if unsafe pending.isEmpty { throw error }
                try watch(socket, isStarved: true)
                return nil
            }
            guard let taken else { break }
            let connection = Connection(
                taken, directions: [.receive, .send], isStream: address.isStream, isShared: false)
            guard let key else { return connection }
            let end = Deadline(after: patience)
            guard let begun = try? PendingHandshake(connection, key: key, deadline: end),
                (try? ready.add(taken.descriptor.raw)) != nil
            else {
                connection.close()
                continue
            }
            unsafe pending.append(begun)
        }
        return try advance(socket)
    }

    /// Looks at all who are in the middle of their handshake, and returns one that is through.
    private func advance(_ socket: SharedDescriptor) throws -> Connection? {
        defer { try? watch(socket) }
        for place in unsafe pending.indices.reversed() {
            let client = unsafe pending[place]
            let outcome = client.advance()
            if outcome == .pending, !client.deadline.hasPassed { continue }
            unsafe pending.remove(at: place)
            if let descriptor = try? client.connection.descriptor() { ready.remove(descriptor.descriptor.raw) }
            if outcome == .accepted { return client.connection }
            client.connection.close()
            if outcome == .refused { throw AuthenticationError() }
        }
        return nil
    }

    /// Sets what the next wait is for: clients, unless there is no room, and those in the middle of their handshake.
    private func watch(_ socket: SharedDescriptor, isStarved: Bool = false) throws(ConnectionError) {
        do throws(SystemError) {
            let hasRoom = unsafe !isStarved && pending.count < Listener.mostPending
            if unsafe hasRoom != isWatched {
                if hasRoom { try ready.add(socket.descriptor.raw) } else { ready.remove(socket.descriptor.raw) }
                unsafe isWatched = hasRoom
            }
            try ready.setTime(unsafe pending.compactMap { $0.deadline.nanoseconds }.min())
        } catch {
            throw ConnectionError(error)
        }
    }

    private func dismissAll() {
        for client in unsafe pending { client.connection.close() }
        unsafe pending = []
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
}

extension Listener: Waitable {
    /// Ready when there is something to do for `accept`, which may then still find nobody: a client is there, or one
    /// has proved that it has the key, or has taken too long.
    public var waitHandle: WaitHandle {
        get throws(ConnectionError) {
            _ = try listening()
            return WaitHandle(ready.raw, keptBy: ready)
        }
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
