import FoundationEssentials

/// The `id` of a request, chosen by the client and given back in the answer.
package enum MessageID: Hashable, Codable, Sendable {
    case number(Int64)
    case text(String)
    case null

    /// Longer ones are refused: the id of every outstanding request is kept.
    package static let maximumLength = 256

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let number = try? container.decode(Int64.self) {
            self = .number(number)
        } else {
            let text = try container.decode(String.self)
            guard text.utf8.count <= MessageID.maximumLength else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "the id is too long")
            }
            self = .text(text)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .null: try container.encodeNil()
        }
    }
}

/// Makes frames, newline included. Keys are sorted, so that the same value is the same bytes.
package enum Frame {
    package static func request(_ command: Command, id: MessageID) -> [UInt8] {
        if case .call(let query) = command { return query.frame(id: id) }
        return encode(RequestEnvelope(id: id, command: command))
    }

    package static func result(_ result: some Encodable, id: MessageID) -> [UInt8] {
        encode(ResultEnvelope(id: id, result: result))
    }

    package static func failure(_ error: ControlError, id: MessageID) -> [UInt8] {
        encode(FailureEnvelope(id: id, error: error))
    }

    package static func notification(_ method: NotificationMethod, _ parameters: some Encodable) -> [UInt8] {
        encode(NotificationEnvelope(method: method.rawValue, params: parameters))
    }

    /// The JSON of a value by itself, as `--json` prints it.
    package static func json(_ value: some Encodable) -> String {
        String(decoding: bytes(of: value), as: UTF8.self)
    }

    private static func encode(_ envelope: some Encodable) -> [UInt8] {
        bytes(of: envelope) + [UInt8(ascii: "\n")]
    }

    private static func bytes(of value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(value))
        } catch {
            // Our own types hold text and finite numbers only, which always encode.
            preconditionFailure("cannot encode \(type(of: value)): \(error)")
        }
    }
}

/// What the daemon says without being asked again.
package enum NotificationMethod: String, Codable, Sendable, CaseIterable {
    case event, log
}

private struct RequestEnvelope: Encodable {
    let id: MessageID
    let command: Command

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        try container.encode("2.0", forKey: AnyKey("jsonrpc"))
        try container.encode(id, forKey: AnyKey("id"))
        try container.encode(command.method.rawValue, forKey: AnyKey("method"))
        var parameters = container.nestedContainer(keyedBy: AnyKey.self, forKey: AnyKey("params"))
        try command.encodeParameters(into: &parameters)
    }
}

private struct ResultEnvelope<Result: Encodable>: Encodable {
    let jsonrpc = "2.0"
    let id: MessageID
    let result: Result
}

private struct FailureEnvelope: Encodable {
    let jsonrpc = "2.0"
    let id: MessageID
    let error: ControlError
}

private struct NotificationEnvelope<Parameters: Encodable>: Encodable {
    let jsonrpc = "2.0"
    let method: String
    let params: Parameters
}
