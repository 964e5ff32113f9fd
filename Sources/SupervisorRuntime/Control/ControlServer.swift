package import ControlProtocol
import Linux
package import Logging
package import Reactor
import Scheduling
package import SupervisorCore

/// The control channel: takes connections and requests, and sends answers and events.
///
/// Whatever a client does harms that client at most: frames, requests, answers and connections are bounded, no client
/// gets more than its share of a turn, and one that does not read is dropped.
package final class ControlServer {
    package struct Limits: Sendable {
        package var connections = 512
        package var requestsPerConnection = 64
        /// Frames of one client that are handled in one turn.
        package var framesPerTurn = 16
        /// Bytes that may wait for one client.
        package var queueBytes = FrameReader.answerLimit
        /// How long a client that is being closed may take to read what is left.
        package var closingTime = Duration.seconds(10)

        package init() {}
    }

    /// What happened so far, to be looked at.
    package struct Counters: Equatable, Sendable {
        package var accepted = 0
        package var refused = 0
        package var evicted = 0
        package var slowReaders = 0
    }

    package private(set) var counters = Counters()
    package private(set) var journal: EventJournal
    package var connectionCount: Int { connections.count }

    private let limits: Limits
    private let loop: EventLoop
    private let logger: Logger
    private weak var delegate: (any ControlDelegate)?
    private var listener: ControlListener?
    private var connections: [ConnectionID: ControlConnection] = [:]
    private var lastConnection: UInt64 = 0
    private var lastRequest: UInt64 = 0
    /// Where every read goes first.
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    package init(
        loop: EventLoop, logger: Logger, delegate: any ControlDelegate, limits: Limits = Limits(),
        journal: EventJournal = EventJournal()
    ) {
        self.loop = loop
        self.logger = logger
        self.delegate = delegate
        self.limits = limits
        self.journal = journal
    }

    deinit { close() }

    /// Begins to listen at the place, which from now on is ours alone.
    package func listen(at place: ControlListener.Place) throws {
        listener = try ControlListener(place, loop: loop, logger: logger) { [unowned self] arrival in
            switch consume arrival {
            case .connection(let stream): admit(stream)
            case .noDescriptor(let stream): turnAway(stream, "roostd has no file descriptor left for a connection")
            }
        }
    }

    /// Stops listening, removes the socket, and closes all connections.
    package func close() {
        listener?.close()
        listener = nil
        for connection in connections.values { drop(connection) }
    }

    // MARK: - Answers

    /// Gives the result of a request.
    package func answer(_ token: RequestToken, _ result: some Encodable) {
        guard let (connection, id) = settle(token) else { return }
        if let id {
            let frame = Frame.result(result, id: id)
            let tooLarge = ControlError(
                .internalError,
                "cannot send an answer of \(frame.count) bytes, for \(FrameReader.answerLimit) is the limit; "
                    + "ask for fewer names or lines")
            send(frame.count <= FrameReader.answerLimit ? frame : Frame.failure(tooLarge, id: id), to: connection)
        }
        finishIfDone(connection)
    }

    /// Answers a `call`, with the bytes that a worker wrote.
    package func answer(_ token: RequestToken, _ result: PoolResult) {
        guard let (connection, id) = settle(token) else { return }
        if let id { send(Frame.result(result, id: id), to: connection) }
        finishIfDone(connection)
    }

    /// Says why a request is not carried out.
    package func refuse(_ token: RequestToken, _ error: ControlError) {
        guard let (connection, id) = settle(token) else { return }
        if let id { send(Frame.failure(error, id: id), to: connection) }
        finishIfDone(connection)
    }

    private func settle(_ token: RequestToken) -> (ControlConnection, MessageID?)? {
        guard let connection = connections[token.connection],
            let id = connection.outstanding.removeValue(forKey: token)
        else { return nil }
        return (connection, id)
    }

    // MARK: - Events and output

    /// Numbers an announcement, keeps it, and sends it to who wants it.
    package func announce(_ announcement: Announcement, at time: Timestamp) {
        let entry = journal.append(announcement, at: time)
        let interested = connections.values.filter { $0.subscription?.wants(announcement) == true }
        guard !interested.isEmpty else { return }
        let frame = Frame.notification(.event, entry.notification)
        for connection in interested { send(frame, to: connection) }
    }

    /// Answers `subscribe`, then sends the events that the client has missed. A second subscription replaces the first.
    package func subscribe(
        _ token: RequestToken, _ query: EventQuery, permits: @escaping (Announcement) -> Bool = { _ in true }
    ) {
        guard let connection = connections[token.connection] else { return }
        let subscription = ControlConnection.Subscription(filter: query.filter, permits: permits)
        connection.subscription = subscription
        let (entries, missed) = journal.entries(after: query.after ?? journal.latest)
        answer(token, SubscribeResult(missed: missed, oldest: journal.oldest, latest: journal.latest))
        for entry in entries where subscription.wants(entry.announcement) {
            send(Frame.notification(.event, entry.notification), to: connection)
        }
    }

    package func unsubscribe(_ token: RequestToken) {
        connections[token.connection]?.subscription = nil
        answer(token, EmptyResult())
    }

    /// From now on `log` notifications go to this client, so it is not idle.
    package func beginFollowing(_ connection: ConnectionID) {
        connections[connection]?.isFollowing = true
    }

    /// Sends output of a worker. False when the client is gone.
    package func send(_ log: LogNotification, to id: ConnectionID) -> Bool {
        guard let connection = connections[id], connection.phase != .closing else { return false }
        send(Frame.notification(.log, log), to: connection)
        return connections[id] != nil
    }

    // MARK: - Connections

    private func admit(_ stream: consuming UnixStream) {
        counters.accepted += 1
        if connections.count >= limits.connections, !evictLongestIdle() {
            return turnAway(stream, "roostd serves \(limits.connections) clients already, and all are busy")
        }
        let peer: Peer
        do {
            let credentials = try stream.peerCredentials()
            let groups = try stream.peerGroups()
            peer = Peer(user: credentials.uid, groups: [credentials.gid] + groups, pid: credentials.pid)
        } catch {
            logger.warning("\(error); a connection is closed")
            return
        }
        lastConnection += 1
        let id = ConnectionID(number: lastConnection)
        let connection = ControlConnection(id: id, stream: stream, peer: peer, at: loop.now)
        do {
            connection.source = try loop.add(connection.stream.descriptor.raw, .read, priority: .control) {
                [unowned self] readiness in serve(id, readiness)
            }
            connections[id] = connection
        } catch {
            logger.warning("\(error); a connection is closed")
        }
    }

    private func turnAway(_ stream: consuming UnixStream, _ why: String) {
        counters.refused += 1
        let error = ControlError(.busy, "cannot take the connection: \(why); try again later")
        // A new connection's buffer is empty, so this fits; and nobody is owed more.
        _ = try? stream.descriptor.send(Frame.failure(error, id: .null)[...])
    }

    private func evictLongestIdle() -> Bool {
        let idle = connections.values.filter(\.isIdle)
        guard let longest = idle.min(by: { ($0.lastActivity, $0.id.number) < ($1.lastActivity, $1.id.number) }) else {
            return false
        }
        counters.evicted += 1
        let error = ControlError(.busy, "cannot keep an idle connection: others need the room; connect again")
        send(Frame.failure(error, id: .null), to: longest)
        drop(longest)
        return true
    }

    private func serve(_ id: ConnectionID, _ readiness: Linux.Readiness) {
        guard let connection = connections[id] else { return }
        let isGone = !readiness.isDisjoint(with: [.hangUp, .failure])
        switch connection.phase {
        case .open: if connection.continuation == nil, isGone || readiness.contains(.read) { receive(connection) }
        // What it said before it went is still carried out.
        case .halfClosed: if isGone, connection.continuation == nil { return drop(connection) }
        case .closing: if isGone { return drop(connection) }
        }
        if readiness.contains(.write), connections[id] != nil { flush(connection) }
    }

    private func receive(_ connection: ControlConnection) {
        connection.lastActivity = loop.now
        do {
            switch try connection.stream.descriptor.read(into: &chunk) {
            case .moved(let count):
                connection.reader.append(chunk[..<count])
            case .wouldBlock:
                return
            case .endOfFile:
                connection.phase = .halfClosed
                // Who closes has said all: what is there is the last frame, newline or not.
                connection.reader.append([UInt8(ascii: "\n")])
            }
        } catch {
            return drop(connection)
        }
        handleFrames(connection)
    }

    private func handleFrames(_ connection: ControlConnection) {
        connection.isHandlingFrames = true
        do {
            for _ in 0..<limits.framesPerTurn {
                guard connections[connection.id] != nil, connection.phase != .closing else { return }
                guard let frame = try connection.reader.next() else {
                    connection.isHandlingFrames = false
                    finishIfDone(connection)
                    return update(connection)
                }
                handle(frame, of: connection)
            }
        } catch {
            return end(connection, with: ControlError(error))
        }
        // The others come first now. The next turn goes on here, without reading more.
        guard connections[connection.id] != nil else { return }
        connection.continuation = loop.schedule(at: loop.now) { [unowned self, unowned connection] in
            connection.continuation = nil
            handleFrames(connection)
        }
        update(connection)
    }

    private func handle(_ frame: [UInt8], of connection: ControlConnection) {
        switch IncomingRequest(frame: frame) {
        case .refused(let error, let id):
            if let id { send(Frame.failure(error, id: id), to: connection) }
        case .command(let command, let id):
            guard connection.outstanding.count < limits.requestsPerConnection else {
                let error = ControlError(Reply.Refusal.tooManyRequests(limit: limits.requestsPerConnection))
                if let id { send(Frame.failure(error, id: id), to: connection) }
                return
            }
            lastRequest += 1
            let token = RequestToken(connection: connection.id, number: lastRequest)
            connection.outstanding.updateValue(id, forKey: token)
            delegate?.handle(command, from: connection.peer, token: token, server: self)
        }
    }

    // MARK: - Sending and closing

    private func send(_ frame: [UInt8], to connection: ControlConnection) {
        guard connections[connection.id] != nil, connection.phase != .closing else { return }
        let isFull = !connection.queue.isEmpty && connection.queue.bytes + frame.count > limits.queueBytes
        if isFull {
            counters.slowReaders += 1
            logger.notice("a client (pid \(connection.peer.pid)) does not read its control connection and is dropped")
            connection.queue.dropUnsent()
            let error = ControlError(
                .slowReader,
                "cannot show more: it is not read as fast as it comes, and \(limits.queueBytes >> 10) KiB wait")
            return end(connection, with: error)
        }
        connection.queue.append(frame)
        flush(connection)
    }

    /// Says a last word, and closes when that has been read.
    private func end(_ connection: ControlConnection, with error: ControlError) {
        connection.phase = .closing
        connection.subscription = nil
        connection.queue.append(Frame.failure(error, id: .null))
        let id = connection.id
        connection.deadline = loop.schedule(at: loop.now + limits.closingTime) { [unowned self] in
            if let connection = connections[id] { drop(connection) }
        }
        flush(connection)
    }

    private func flush(_ connection: ControlConnection) {
        do {
            try connection.queue.send(to: connection.stream)
        } catch {
            // The client is gone.
            return drop(connection)
        }
        finishIfDone(connection)
        update(connection)
    }

    /// Closes a connection on which nothing can happen any more.
    private func finishIfDone(_ connection: ControlConnection) {
        switch connection.phase {
        case .open: return
        case .halfClosed: if connection.isIdle { drop(connection) }
        case .closing: if connection.queue.isEmpty { drop(connection) }
        }
    }

    private func update(_ connection: ControlConnection) {
        guard connections[connection.id] != nil, let source = connection.source else { return }
        do {
            try loop.rearm(source, connection.interest)
        } catch {
            logger.warning("\(error); a connection is closed")
            drop(connection)
        }
    }

    private func drop(_ connection: ControlConnection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        if let source = connection.source { loop.remove(source) }
        if let continuation = connection.continuation { loop.cancel(continuation) }
        if let deadline = connection.deadline { loop.cancel(deadline) }
        let abandoned = connection.outstanding.keys.sorted { $0.number < $1.number }
        connection.outstanding = [:]
        delegate?.connectionClosed(connection.id, abandoned: abandoned)
    }
}

extension ControlConnection.Subscription {
    fileprivate func wants(_ announcement: Announcement) -> Bool {
        filter.matches(announcement) && permits(announcement)
    }
}
