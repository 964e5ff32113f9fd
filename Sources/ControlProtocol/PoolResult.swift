package import SupervisorCore

/// The answer to `call`: what became of the task. Payloads are bytes, as the worker wrote them.
package struct PoolResult: Equatable, Sendable {
    package var task: UInt64
    package var state: TaskState
    /// What the worker answered, in `done`.
    package var result: [UInt8]?
    /// In `failed`: what the worker said, or a string that says why there is no answer.
    package var error: [UInt8]?
    /// Why it failed: `error` when the worker said so.
    package var reason: String?

    package init(_ answer: PoolAnswer) {
        task = answer.task.number
        switch answer.outcome {
        case .done(let bytes):
            state = .done
            result = bytes
        case .error(let bytes):
            state = .failed
            error = bytes
            reason = "error"
        case .failed(let failure, let why):
            state = .failed
            error = JSONText.quoted(why)
            reason = failure.rawValue
        case .cancelled(let why):
            state = .cancelled
            error = JSONText.quoted(why)
            reason = "cancelled"
        }
    }

    /// A task that was submitted and is not waited for.
    package init(task: TaskID) {
        self.task = task.number
        state = .queued
    }

    /// As JSON, keys sorted.
    package var json: [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(64 + (result?.count ?? 0) + (error?.count ?? 0))
        json.append(UInt8(ascii: "{"))
        if let error {
            json.append(contentsOf: "\"error\":".utf8)
            json += error
            json.append(UInt8(ascii: ","))
        }
        if let reason { json.append(contentsOf: "\"reason\":\"\(reason)\",".utf8) }
        if let result {
            json.append(contentsOf: "\"result\":".utf8)
            json += result
            json.append(UInt8(ascii: ","))
        }
        json.append(contentsOf: "\"state\":\"\(state.rawValue)\",\"task\":\(task)}".utf8)
        return json
    }

    /// Reads what `json` wrote, from a part of a frame.
    init?(_ frame: [UInt8], _ part: Range<Int>) {
        guard let members = JSONText.members(in: frame, part) else { return nil }
        var number: UInt64?
        var state: TaskState?
        for member in members {
            let value = frame[member.value]
            switch String(decoding: frame[member.key], as: UTF8.self) {
            case "task": number = UInt64(String(decoding: value, as: UTF8.self))
            case "state": state = TaskState(rawValue: String(decoding: value.dropFirst().dropLast(), as: UTF8.self))
            case "result": result = Array(value)
            case "error": error = Array(value)
            case "reason": reason = String(decoding: value.dropFirst().dropLast(), as: UTF8.self)
            case _: break
            }
        }
        guard let number, let state else { return nil }
        task = number
        self.state = state
    }
}

extension ServerMessage.Answer {
    /// The result of `call`.
    package func poolResult() throws(ServerMessage.Malformed) -> PoolResult {
        guard let members = JSONText.members(in: frame),
            let result = members.first(where: { frame[$0.key].elementsEqual("result".utf8) }),
            let read = PoolResult(frame, result.value)
        else { throw ServerMessage.Malformed("an answer that is no result of a call") }
        return read
    }
}

extension Frame {
    /// The answer to `call`, newline included.
    package static func result(_ result: PoolResult, id: MessageID) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(128 + (result.result?.count ?? 0) + (result.error?.count ?? 0))
        frame.append(contentsOf: "{\"id\":".utf8)
        frame += id.json
        frame.append(contentsOf: ",\"jsonrpc\":\"2.0\",\"result\":".utf8)
        frame += result.json
        frame.append(contentsOf: "}\n".utf8)
        return frame
    }
}
