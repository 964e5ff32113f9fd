import ControlProtocol
import Foundation
import Linux
import SupervisorCore

/// A connection to the control channel whose every wait has an end.
final class Channel {
    private let stream: UnixStream
    private var reader = FrameReader(limit: FrameReader.answerLimit)
    private var lastID: Int64 = 0
    /// Every event that has come.
    private(set) var events: [EventNotification] = []
    private(set) var output = ""

    init(_ path: String) throws { stream = try Self.connect(to: path) }

    private static func connect(to path: String) throws(SystemError) -> UnixStream {
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                return try UnixStream(connectingTo: path, blocking: false)
            } catch {
                // The queue of those who want to connect is full, and the kernel tells nobody when it is not.
                guard error.errno == EAGAIN, ContinuousClock.now < deadline else { throw error }
                poll(nil, 0, 5)
            }
        }
    }

    // MARK: - Requests

    func call<Result: Decodable>(
        _ command: Command, _ type: Result.Type = EmptyResult.self, within patience: Duration = patience
    ) throws -> Result {
        try result(of: ask(command), type, within: patience)
    }

    /// Sends a request; `result` has its answer later.
    func ask(_ command: Command) throws -> MessageID {
        lastID += 1
        let id = MessageID.number(lastID)
        try send(Frame.request(command, id: id))
        return id
    }

    func result<Result: Decodable>(
        of id: MessageID, _ type: Result.Type = ActionResult.self, within patience: Duration = patience
    ) throws -> Result {
        let deadline = ContinuousClock.now + patience
        while true {
            switch try next(until: deadline) {
            case .answer(id, let answer): return try answer.result(of: type)
            case .failure(id, let error): throw error
            case .failure(.null, let error): throw error
            case .answer, .failure, .event, .log: continue
            }
        }
    }

    /// The answer to a call.
    func poolResult(of id: MessageID) throws -> PoolResult {
        let deadline = ContinuousClock.now + patience
        while true {
            switch try next(until: deadline) {
            case .answer(id, let answer): return try answer.poolResult()
            case .failure(id, let error): throw error
            case .failure(.null, let error): throw error
            case .answer, .failure, .event, .log: continue
            }
        }
    }

    // MARK: - Events and output

    /// Waits for an event, or finds it among those that came before.
    func event(
        _ what: String, within patience: Duration = patience, where matches: (EventNotification) -> Bool
    ) throws -> EventNotification {
        let deadline = ContinuousClock.now + patience
        var looked = 0
        while true {
            if let found = events[looked...].first(where: matches) { return found }
            looked = events.count
            do {
                _ = try next(until: deadline)
            } catch {
                let last = events.suffix(12).map { "\($0.seq) \($0.kind) \($0.name ?? "-") \($0.message)" }
                throw Unexpected("no event \(what): \(error)\n\(last.joined(separator: "\n"))")
            }
        }
    }

    /// Waits until followed output has this in it.
    func output(containing text: String) throws {
        let deadline = ContinuousClock.now + patience
        while !output.contains(text) { _ = try next(until: deadline) }
    }

    // MARK: - Bytes

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch try stream.descriptor.send(rest) {
            case .moved(let count): rest = rest.dropFirst(count)
            case .wouldBlock: try wait(for: POLLOUT, until: .now + patience)
            case .endOfFile: throw Unexpected("roostd closed the connection")
            }
        }
    }

    /// The next thing that roostd says.
    @discardableResult
    func next(until deadline: ContinuousClock.Instant = .now + patience) throws -> ServerMessage {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            if let frame = try reader.next() {
                let message = try ServerMessage(frame: frame)
                if case .event(let event) = message { events.append(event) }
                if case .log(let log) = message { output += log.text }
                return message
            }
            switch try stream.descriptor.read(into: &chunk) {
            case .moved(let count): reader.append(chunk[..<count])
            case .wouldBlock: try wait(for: POLLIN, until: deadline)
            case .endOfFile: throw Unexpected("roostd closed the connection")
            }
        }
    }

    /// Waits until roostd closes the connection; returns the last error that it told before.
    func end() throws -> ControlError? {
        var last: ControlError?
        let deadline = ContinuousClock.now + patience
        do {
            while true {
                if case .failure(_, let error) = try next(until: deadline) { last = error }
            }
        } catch let error as Unexpected where error.description.contains("closed") {
            return last
        } catch let error as SystemError where error.errno == ECONNRESET {
            return last
        }
    }

    private func wait(for events: Int32, until deadline: ContinuousClock.Instant) throws {
        let left = deadline - ContinuousClock.now
        var waited = pollfd(fd: stream.descriptor.raw, events: Int16(events), revents: 0)
        guard left > .zero, poll(&waited, 1, Int32(left / .milliseconds(1)) + 1) > 0 else {
            throw Unexpected("roostd said nothing in time")
        }
    }
}
