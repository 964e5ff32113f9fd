import FoundationEssentials

/// What the daemon makes of a frame.
package enum IncomingRequest: Equatable, Sendable {
    /// Without an id it is a notification: carried out, never answered.
    case command(Command, id: MessageID?)
    /// Without an id there is nothing to answer.
    case refused(ControlError, id: MessageID?)

    /// Reads one frame. Whatever the bytes are, something comes out.
    package init(frame: [UInt8]) {
        // The decoder looks at strings only when they are asked for, and would call a bad one a missing one.
        guard String(validating: frame, as: UTF8.self) != nil else {
            self = .refused(ControlError(.parseError, "cannot read the request: it is not UTF-8"), id: .null)
            return
        }
        do {
            self = try JSONDecoder().decode(RequestReader.self, from: Data(frame)).request
        } catch {
            // The reader itself never throws, so the bytes were no JSON.
            self = .refused(
                ControlError(.parseError, "cannot read the request: not valid JSON, or nested too deeply"), id: .null)
        }
    }
}

private struct RequestReader: Decodable {
    let request: IncomingRequest

    init(from decoder: any Decoder) {
        if (try? decoder.unkeyedContainer()) != nil {
            request = RequestReader.invalid("batches are not supported; send one request a line")
            return
        }
        guard let envelope = try? decoder.container(keyedBy: AnyKey.self) else {
            request = RequestReader.invalid("a request is a JSON object")
            return
        }
        guard (try? envelope.decode(String.self, forKey: AnyKey("jsonrpc"))) == "2.0" else {
            request = RequestReader.invalid("\"jsonrpc\" must be \"2.0\"")
            return
        }
        var id: MessageID?
        if envelope.contains(AnyKey("id")) {
            id = try? envelope.decode(MessageID.self, forKey: AnyKey("id"))
            if id == nil {
                request = RequestReader.invalid("\"id\" must be a whole number, a string of up to 256 bytes, or null")
                return
            }
        }
        guard let name = try? envelope.decode(String.self, forKey: AnyKey("method")) else {
            request = RequestReader.invalid("\"method\" must be a string", id: id ?? .null)
            return
        }
        guard let method = Command.Method(rawValue: name) else {
            let known = Command.Method.allCases.map(\.rawValue).joined(separator: ", ")
            request = .refused(
                ControlError(.methodNotFound, "cannot find the method \"\(name)\"; there are \(known)"), id: id)
            return
        }
        do {
            request = .command(try Command(method, ParameterReader(envelope)), id: id)
        } catch {
            request = .refused(error, id: id)
        }
    }

    private static func invalid(_ what: String, id: MessageID = .null) -> IncomingRequest {
        .refused(ControlError(.invalidRequest, "cannot take the request: \(what)"), id: id)
    }
}
