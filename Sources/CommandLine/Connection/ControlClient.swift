import ControlProtocol

/// One conversation with roostd: a request, its answer, and what else it sends meanwhile.
struct ControlClient: ~Copyable {
    private var socket: StreamSocket
    private let path: String
    private var reader = FrameReader(limit: FrameReader.answerLimit)
    private var lastID: Int64 = 0
    /// Notifications that came while an answer was waited for.
    private var early: [ServerMessage] = []

    /// How long roostd may think about something that needs no waiting.
    static let patience: Int32 = 15_000

    init(path: String) throws(Failure) {
        self.path = path
        socket = try StreamSocket(connectingTo: path)
    }

    /// Asks, and waits for the answer: as long as it takes for a command that waits for an outcome.
    ///
    /// - Parameter show: is shown the notifications that come meanwhile; without it they are kept.
    mutating func call<Result: Decodable>(
        _ command: Command, _ type: Result.Type, interrupts: Interrupts?,
        showing show: ((ServerMessage) throws(Failure) -> Void)? = nil
    ) throws(Failure) -> Result {
        if let show {
            for message in takeEarly() { try show(message) }
        }
        let id = MessageID.number(try send(command))
        let patience = command.takesTime ? nil : ControlClient.patience
        while true {
            switch try receive(milliseconds: patience, interrupts: interrupts) {
            case .message(.answer(id, let answer)):
                do { return try answer.result(of: type) } catch { throw Failure(.unreachable, error.description) }
            case .message(.failure(id, let error)), .message(.failure(.null, let error)):
                throw Failure(error)
            case .message(.answer), .message(.failure), .resize, .input:
                continue
            case .message(let notification):
                if let show { try show(notification) } else { early.append(notification) }
            case .timeout:
                throw Failure(
                    .unreachable,
                    "cannot get an answer from roostd at \(path) within \(ControlClient.patience / 1000) seconds; "
                        + "it may hang: look at its log")
            }
        }
    }

    /// The next event or piece of output. Nil when none came within so many milliseconds, or the window's size changed.
    mutating func notification(
        milliseconds: Int32? = nil, interrupts: Interrupts?
    ) throws(Failure) -> ServerMessage? {
        if !early.isEmpty { return early.removeFirst() }
        switch try receive(milliseconds: milliseconds, interrupts: interrupts) {
        case .message(.failure(_, let error)): throw Failure(error)
        case .message(let message): return message
        case .timeout, .resize, .input: return nil
        }
    }

    /// The notifications that came before the last answer.
    mutating func takeEarly() -> [ServerMessage] {
        defer { early = [] }
        return early
    }

    /// Waits until roostd closes the connection.
    mutating func waitForEnd(interrupts: Interrupts?) throws(Failure) {
        while true {
            switch try socket.receive(milliseconds: nil, interrupts: interrupts) {
            case .end: return
            case .interrupt(let signal): try Interrupts.act(on: signal)
            case .bytes, .timeout, .input: break
            }
        }
    }

    /// Sends a request, and returns its number.
    mutating func send(_ command: Command) throws(Failure) -> Int64 {
        lastID += 1
        try socket.send(Frame.request(command, id: .number(lastID)))
        return lastID
    }

    enum Arrival {
        case message(ServerMessage)
        /// Another descriptor that was waited for has something to read.
        case input
        case timeout
        case resize
    }

    mutating func receive(
        orInput input: Int32 = -1, milliseconds: Int32?, interrupts: Interrupts?
    ) throws(Failure) -> Arrival {
        while true {
            if let frame = try nextFrame() {
                do { return .message(try ServerMessage(frame: frame)) } catch {
                    throw Failure(.unreachable, error.description)
                }
            }
            switch try socket.receive(orInput: input, milliseconds: milliseconds, interrupts: interrupts) {
            case .bytes(let bytes): reader.append(bytes)
            case .input: return .input
            case .timeout: return .timeout
            case .interrupt(let signal):
                try Interrupts.act(on: signal)
                return .resize
            case .end:
                throw Failure(
                    .unreachable, "cannot go on: roostd at \(path) closed the connection; it was stopped or restarted")
            }
        }
    }

    private mutating func nextFrame() throws(Failure) -> [UInt8]? {
        do {
            return try reader.next()
        } catch {
            throw Failure(.unreachable, "cannot read an answer of more than \(error.limit) bytes; ask for fewer names")
        }
    }
}

extension Command {
    /// Whether the answer may take as long as workers take.
    fileprivate var takesTime: Bool {
        switch self {
        case .start(_, .untilDone), .stop(_, .untilDone), .restart(_, .untilDone), .scale(_, _, .untilDone),
            .apply(.untilDone), .call:
            true
        case .start(_, .no), .stop(_, .no), .restart(_, .no), .scale(_, _, .no), .apply(.no), .status, .signal, .clear,
            .plan, .logs, .subscribe, .unsubscribe, .why, .version, .shutdown:
            false
        case .task(let verb):
            verb.takesTime
        }
    }
}
