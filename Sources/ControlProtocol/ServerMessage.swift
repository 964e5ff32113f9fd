import FoundationEssentials

/// What a client makes of a frame from the daemon.
package enum ServerMessage: Sendable {
    /// An answer; read it with `result(of:)`.
    case answer(id: MessageID, Answer)
    case failure(id: MessageID, ControlError)
    case event(EventNotification)
    case log(LogNotification)

    /// The frame of an answer that has a result.
    package struct Answer: Sendable {
        let frame: [UInt8]

        /// - Throws: `Malformed` when the daemon's idea of this result is another.
        package func result<Result: Decodable>(of type: Result.Type) throws(Malformed) -> Result {
            do {
                return try JSONDecoder().decode(ResultReader<Result>.self, from: Data(frame)).result
            } catch {
                throw Malformed("an answer that is no \(type): \(error)")
            }
        }
    }

    package struct Malformed: Error, CustomStringConvertible, Sendable {
        package let description: String

        init(_ what: String) {
            description = "cannot understand roostd: it sent \(what); are roostctl and roostd of one version?"
        }
    }

    package init(frame: [UInt8]) throws(Malformed) {
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(frame))
            switch header.method {
            case nil: break
            case .event:
                self = .event(try JSONDecoder().decode(NotificationReader.self, from: Data(frame)).params)
                return
            case .log:
                self = .log(try JSONDecoder().decode(NotificationReader.self, from: Data(frame)).params)
                return
            }
        } catch {
            throw Malformed("a frame that is no message: \(error)")
        }
        let id = header.id ?? .null
        self = header.error.map { .failure(id: id, $0) } ?? .answer(id: id, Answer(frame: frame))
    }
}

private struct Header: Decodable {
    let id: MessageID?
    let method: NotificationMethod?
    let error: ControlError?
}

private struct ResultReader<Result: Decodable>: Decodable {
    let result: Result
}

private struct NotificationReader<Parameters: Decodable>: Decodable {
    let params: Parameters
}
