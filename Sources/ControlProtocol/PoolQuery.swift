import SupervisorCore

/// The parameters of `call`: a task for a pool, as bytes, so that it is not taken apart and put together on its way.
package struct PoolQuery: Equatable, Sendable {
    package var pool: String
    /// JSON on one line, without blanks between its tokens.
    package var task: [UInt8]
    package var wait: Command.Wait
    /// Whether a full pool is waited for, as long as `wait` has it, and not an error.
    package var waitsForRoom: Bool
    /// The same key again is the same task.
    package var key: String?

    package init(
        pool: String, task: [UInt8], wait: Command.Wait = .untilDone(timeout: nil), waitsForRoom: Bool = false,
        key: String? = nil
    ) {
        self.pool = pool
        self.task = task
        self.wait = wait
        self.waitsForRoom = waitsForRoom
        self.key = key
    }
}

extension PoolQuery {
    private static let parameters = ["pool", "task", "wait", "timeout", "wait_for_room", "key"]

    /// Reads the parameters out of an object whose parts have been found.
    init(_ frame: [UInt8], _ members: [JSONText.Member]) throws(ControlError) {
        var found: [String: Range<Int>] = [:]
        for member in members {
            let name = String(decoding: frame[member.key], as: UTF8.self)
            guard PoolQuery.parameters.contains(name) else {
                let known = PoolQuery.parameters.joined(separator: ", ")
                throw ControlError(
                    .invalidParameters, "cannot take the parameter \"\(name)\"; there are \(known)")
            }
            guard found.updateValue(member.value, forKey: name) == nil else {
                throw ControlError(.invalidParameters, "cannot take the parameter \"\(name)\": it is there twice")
            }
        }
        guard let pool = try text(frame, found, "pool"), let task = found["task"] else {
            throw ControlError(.invalidParameters, "cannot call without the parameters \"pool\" and \"task\"")
        }
        self.init(pool: pool, task: JSONText.compact(frame, task), key: try text(frame, found, "key"))
        let timeout = try seconds(frame, found["timeout"])
        waitsForRoom = try flag(frame, found, "wait_for_room") ?? false
        wait = try flag(frame, found, "wait") ?? true ? .untilDone(timeout: timeout) : .no
    }

    /// The request as a frame, newline included; keys in the order of all frames.
    func frame(id: MessageID) -> [UInt8] {
        var frame = Array("{\"id\":".utf8) + id.json
        frame += Array(",\"jsonrpc\":\"2.0\",\"method\":\"call\",\"params\":{".utf8)
        if let key { frame += Array("\"key\":".utf8) + JSONText.quoted(key) + [UInt8(ascii: ",")] }
        frame += Array("\"pool\":".utf8) + JSONText.quoted(pool) + Array(",\"task\":".utf8) + task
        switch wait {
        case .no: frame += Array(",\"wait\":false".utf8)
        case .untilDone(let timeout):
            if let timeout { frame += Array(",\"timeout\":\(timeout / .seconds(1))".utf8) }
        }
        if waitsForRoom { frame += Array(",\"wait_for_room\":true".utf8) }
        return frame + Array("}}\n".utf8)
    }
}

/// A short text, or nil when it is not there. Escapes are for texts that need them, and names do not.
private func text(
    _ frame: [UInt8], _ found: [String: Range<Int>], _ name: String
) throws(ControlError) -> String? {
    guard let place = found[name], !isNull(frame[place]) else { return nil }
    let inner = frame[place].dropFirst().dropLast()
    guard frame[place].first == UInt8(ascii: "\""), !inner.contains(UInt8(ascii: "\\")),
        (1...ParameterReader.maximumNameLength).contains(inner.count)
    else {
        throw ControlError(
            .invalidParameters,
            "cannot read the parameter \"\(name)\": it must be a string of 1 to 256 bytes without escapes")
    }
    return String(decoding: inner, as: UTF8.self)
}

private func flag(_ frame: [UInt8], _ found: [String: Range<Int>], _ name: String) throws(ControlError) -> Bool? {
    guard let place = found[name], !isNull(frame[place]) else { return nil }
    if frame[place].elementsEqual("true".utf8) { return true }
    if frame[place].elementsEqual("false".utf8) { return false }
    throw ControlError(.invalidParameters, "cannot read the parameter \"\(name)\": it must be true or false")
}

private func seconds(_ frame: [UInt8], _ place: Range<Int>?) throws(ControlError) -> Duration? {
    guard let place, !isNull(frame[place]) else { return nil }
    guard let number = Double(String(decoding: frame[place], as: UTF8.self)), number > 0,
        number <= ParameterReader.maximumTimeout
    else {
        throw ControlError(
            .invalidParameters,
            "cannot read the parameter \"timeout\": it must be a number of seconds, more than 0 and no more than a year"
        )
    }
    return .seconds(number)
}

private func isNull(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.elementsEqual("null".utf8) }

extension MessageID {
    /// As it stands in a frame.
    var json: [UInt8] {
        switch self {
        case .number(let number): Array("\(number)".utf8)
        case .text(let text): JSONText.quoted(text)
        case .null: Array("null".utf8)
        }
    }
}
