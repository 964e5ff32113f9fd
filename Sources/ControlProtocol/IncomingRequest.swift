import FoundationEssentials
import SupervisorCore

/// What the daemon makes of a frame.
package enum IncomingRequest: Equatable, Sendable {
    /// Without an id it is a notification: carried out, never answered.
    case command(Command, id: MessageID?)
    /// Without an id there is nothing to answer.
    case refused(ControlError, id: MessageID?)

    /// Reads one frame. Whatever the bytes are, something comes out.
    package init(frame: [UInt8]) {
        if let call = IncomingRequest(callIn: frame) {
            self = call
            return
        }
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

extension IncomingRequest {
    /// Reads a well-formed `call` from its bytes: tens of thousands of them come in a second. Nil for all else, which
    /// the general way answers.
    fileprivate init?(callIn frame: [UInt8]) {
        guard let members = JSONText.members(in: frame) else { return nil }
        var version: Range<Int>?
        var method: Range<Int>?
        var identity: Range<Int>?
        var parameters: Range<Int>?
        for member in members {
            let key = frame[member.key]
            if key.elementsEqual("jsonrpc".utf8) {
                version = member.value
            } else if key.elementsEqual("method".utf8) {
                method = member.value
            } else if key.elementsEqual("id".utf8) {
                identity = member.value
            } else if key.elementsEqual("params".utf8) {
                parameters = member.value
            }
        }
        guard let version, frame[version].elementsEqual("\"2.0\"".utf8), let method,
            frame[method].elementsEqual("\"call\"".utf8)
        else { return nil }
        var id: MessageID?
        if let identity {
            guard let read = MessageID(plain: frame[identity]) else { return nil }
            id = read
        }
        let pieces = parameters.map { JSONText.members(in: frame, $0) } ?? []
        guard let pieces else { return nil }
        do {
            self = .command(.call(try PoolQuery(frame, pieces)), id: id)
        } catch {
            self = .refused(error, id: id)
        }
    }
}

extension MessageID {
    /// A whole number, a text without escapes, or null.
    fileprivate init?(plain text: ArraySlice<UInt8>) {
        if text.first == UInt8(ascii: "\"") {
            let inner = text.dropFirst().dropLast()
            guard !inner.contains(UInt8(ascii: "\\")), inner.count <= MessageID.maximumLength else { return nil }
            self = .text(String(decoding: inner, as: UTF8.self))
        } else if text.elementsEqual("null".utf8) {
            self = .null
        } else {
            guard let number = Int64(String(decoding: text, as: UTF8.self)) else { return nil }
            self = .number(number)
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
