import Linux
package import Reactor
import Scheduling

/// What a probe found.
package enum ProbeOutcome: Hashable, Sendable {
    case success
    /// Why not, fit for an operator.
    case failure(String)
}

/// One question asked over TCP: "does somebody listen?", or "is the answer to GET a good one?".
///
/// It calls back exactly once, from the event loop and never from within `init`, unless it is cancelled. "localhost"
/// is tried at both loopback addresses.
package final class NetworkProbe {
    package enum Question: Sendable {
        case connect(host: String, port: UInt16)
        /// Any status from 200 to 399 is good.
        case get(HTTPTarget)
    }

    private let question: Question
    private let loop: EventLoop
    private var whenDone: ((ProbeOutcome) -> Void)?
    private var addresses: [TCPAddress] = []
    private var connection: Connection?
    private var timer: EventLoop.TimerHandle?
    private var request: ArraySlice<UInt8> = []
    private var head = HTTPResponseHead()

    /// The socket in use. It leaves the loop before it is closed.
    private final class Connection {
        let socket: TCPSocket
        let address: TCPAddress
        var source: EventLoop.Source?
        var isConnected = false
        private let loop: EventLoop

        init(to address: TCPAddress, _ loop: EventLoop) throws(SystemError) {
            socket = try TCPSocket(connectingTo: address)
            self.address = address
            self.loop = loop
        }

        deinit {
            if let source { loop.remove(source) }
        }
    }

    /// Starts to ask.
    ///
    /// - Parameter timeout: for the whole exchange.
    package init(
        _ question: Question, timeout: Duration, on loop: EventLoop, _ whenDone: @escaping (ProbeOutcome) -> Void
    ) {
        self.question = question
        self.loop = loop
        self.whenDone = whenDone
        timer = loop.schedule(at: loop.now + timeout) { [weak self] in
            self?.finish(.failure("no answer within \(timeout)"))
        }
        let (host, port) =
            switch question {
            case .connect(let host, let port): (host, port)
            case .get(let target): (target.host, target.port)
            }
        do {
            addresses = try TCPAddress.resolve(host: host, port: port)
            connectToNext(after: nil)
        } catch {
            finishSoon(.failure(error.description))
        }
    }

    deinit { cancel() }

    /// Forgets the question; there will be no call.
    package func cancel() {
        whenDone = nil
        connection = nil
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    private func finish(_ outcome: ProbeOutcome) {
        let tell = whenDone
        cancel()
        tell?(outcome)
    }

    /// Ends in the next turn, so that nobody is called back from a call of their own.
    private func finishSoon(_ outcome: ProbeOutcome) {
        connection = nil
        if let timer { loop.cancel(timer) }
        timer = loop.schedule(at: loop.now) { [weak self] in self?.finish(outcome) }
    }

    private func connectToNext(after failure: SystemError?) {
        connection = nil
        guard !addresses.isEmpty else { return finishSoon(.failure(failure?.description ?? "no address to ask")) }
        do {
            let connection = try Connection(to: addresses.removeFirst(), loop)
            self.connection = connection
            connection.source = try loop.add(
                connection.socket.descriptor.raw, .write, .oneShot, priority: .control
            ) { [weak self] _ in self?.becameReady() }
        } catch {
            connectToNext(after: error)
        }
    }

    private func becameReady() {
        guard let connection else { return }
        do {
            if !connection.isConnected {
                try connection.socket.finishConnecting(to: connection.address)
                connection.isConnected = true
                switch question {
                case .connect: return finish(.success)
                case .get(let target): request = target.request[...]
                }
            }
            try exchange(connection)
        } catch  where !connection.isConnected {
            connectToNext(after: error)
        } catch {
            finish(.failure(error.description))
        }
    }

    /// Sends what is left of the request, then reads until the status is known.
    private func exchange(_ connection: Connection) throws(SystemError) {
        guard let source = connection.source else { return }
        while !request.isEmpty {
            switch try connection.socket.descriptor.send(request) {
            case .moved(let count): request.removeFirst(count)
            case .wouldBlock, .endOfFile: return try loop.rearm(source, .write)
            }
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            switch try connection.socket.descriptor.read(into: &buffer) {
            case .wouldBlock: return try loop.rearm(source, .read)
            case .endOfFile: return finish(.failure("the connection was closed before an answer came"))
            case .moved(let count):
                switch head.feed(buffer[..<count]) {
                case .incomplete: continue
                case .malformed(let reason): return finish(.failure(reason))
                case .status(let status):
                    let isGood = (200..<400).contains(status)
                    return finish(isGood ? .success : .failure("the answer has status \(status)"))
                }
            }
        }
    }
}
