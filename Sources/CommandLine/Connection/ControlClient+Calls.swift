import ControlProtocol

/// Calls: many on their way at once, and payloads as bytes.
extension ControlClient {
    /// One call, and its answer.
    mutating func call(_ query: PoolQuery, interrupts: Interrupts?) throws(Failure) -> PoolResult {
        let number = try send(query)
        while true {
            switch try nextAnswer(orInput: -1, milliseconds: nil, interrupts: interrupts) {
            case .answer(number, let result): return result
            case .failure(_, let error): throw Failure(error)
            case .answer, .input, .timeout: continue
            }
        }
    }

    /// Sends a call. Its answer has the number that this returns.
    mutating func send(_ query: PoolQuery) throws(Failure) -> Int64 {
        try send(.call(query))
    }

    enum CallArrival {
        case answer(Int64, PoolResult)
        /// Without a number it is about the connection.
        case failure(Int64?, ControlError)
        /// The other descriptor has something to read.
        case input
        case timeout
    }

    mutating func nextAnswer(
        orInput input: Int32, milliseconds: Int32?, interrupts: Interrupts?
    ) throws(Failure) -> CallArrival {
        while true {
            switch try receive(orInput: input, milliseconds: milliseconds, interrupts: interrupts) {
            case .message(.answer(.number(let number), let answer)):
                do { return .answer(number, try answer.poolResult()) } catch {
                    throw Failure(.unreachable, error.description)
                }
            case .message(.failure(.number(let number), let error)): return .failure(number, error)
            case .message(.failure(_, let error)): return .failure(nil, error)
            case .message: continue
            case .input: return .input
            case .timeout, .resize: return .timeout
            }
        }
    }
}
