import Futures
import Linux

/// A task of a pool, from its submission to its end. The pool's lock guards everything that changes.
class PoolTask: @unchecked Sendable {
    final let work: PoolWork
    final let future: AnyFuture
    /// How often it may be done again when its worker dies.
    final var retries: Int
    /// How many workers died that had it and had not begun.
    final var returns = 0
    /// Whether the future was told that the work has begun.
    final var hasBegun = false

    init(_ work: PoolWork, _ future: AnyFuture, retries: Int) {
        self.work = work
        self.future = future
        self.retries = retries
    }

    /// Finishes it with what a worker answered.
    ///
    /// - Returns: whether there are callbacks left.
    func finish(_ answer: PoolAnswer) -> Bool { false }

    /// Finishes it without an answer.
    ///
    /// - Returns: whether there are callbacks left.
    func fail(_ error: FutureError<any Error>) -> Bool { false }

    /// Finishes it without an answer, whether it has begun or not.
    ///
    /// - Returns: whether there are callbacks left.
    final func breakDown(_ error: FutureError<any Error>) -> Bool {
        if !hasBegun { hasBegun = future.beginOutside() }
        // Otherwise somebody has cancelled it.
        return hasBegun ? fail(error) : false
    }
}

/// One call of a function.
final class SingleTask<Argument: Codable & Sendable, Output: Codable & Sendable>: PoolTask, @unchecked Sendable {
    private let function: RemoteFunction<Argument, Output>
    private let promised: Future<Output, any Error>

    init(
        _ function: RemoteFunction<Argument, Output>, _ work: PoolWork, _ future: Future<Output, any Error>,
        retries: Int
    ) {
        self.function = function
        promised = future
        super.init(work, future, retries: retries)
    }

    override func finish(_ answer: PoolAnswer) -> Bool {
        var answer = answer
        return promised.finishOutside(function.outcome(in: &answer).mapError(FutureError.failed))
    }

    override func fail(_ error: FutureError<any Error>) -> Bool { promised.finishOutside(.failure(error)) }
}

/// Several calls of a function. If one fails, the others have their results nevertheless.
final class ChunkTask<Argument: Codable & Sendable, Output: Codable & Sendable>: PoolTask, @unchecked Sendable {
    private let function: RemoteFunction<Argument, Output>
    private let promised: Future<[Result<Output, any Error>], any Error>
    /// The inputs that could not be encoded, by their place.
    private let unsent: [Int: any Error]
    private let count: Int

    init(
        _ function: RemoteFunction<Argument, Output>, _ work: PoolWork, count: Int, unsent: [Int: any Error],
        _ future: Future<[Result<Output, any Error>], any Error>, retries: Int
    ) {
        self.function = function
        self.count = count
        self.unsent = unsent
        promised = future
        super.init(work, future, retries: retries)
    }

    override func finish(_ answer: PoolAnswer) -> Bool {
        var answer = answer
        var results = function.outcomes(count - unsent.count, in: &answer)
        for place in unsent.keys.sorted() {
            if let error = unsent[place] { results.insert(.failure(error), at: place) }
        }
        return promised.finishOutside(.success(results))
    }

    override func fail(_ error: FutureError<any Error>) -> Bool { promised.finishOutside(.failure(error)) }
}

/// Outcomes as they came from a worker.
struct PoolAnswer {
    /// How each outcome begins.
    enum Mark {
        /// The value follows.
        static let returned: UInt8 = 0
        /// The error follows, in words.
        static let failed: UInt8 = 1
        /// The error follows, in words and as itself.
        static let declared: UInt8 = 2
        /// The task was asked to stop before it came to this one.
        static let stopped: UInt8 = 3
    }

    let reader: ParcelReader
    var place: Int
    let limit: Int

    /// The place of the next value; what is there need not be a value of the type that is expected.
    @inline(__always) fileprivate mutating func nextValue() throws -> (start: Int, end: Int) {
        let start = place
        let end = try reader.skip(start, limit: limit)
        place = end
        return (start, end)
    }

    @inline(__always) fileprivate mutating func nextMark() throws -> UInt8 {
        guard place < limit else { throw reader.corrupt("an outcome is missing") }
        defer { place += 1 }
        return try reader.byte(place)
    }
}

extension RemoteFunction {
    /// The next outcomes. What cannot be decoded concerns itself only.
    fileprivate func outcomes(_ count: Int, in answer: inout PoolAnswer) -> [Result<Output, any Error>] {
        // The compiler makes code of its own for each of these, which is several times as fast as code for any type.
        if Output.self == Int.self { return unsafe cast(plainOutcomes(of: Int.self, count, in: &answer)) }
        if Output.self == Double.self { return unsafe cast(plainOutcomes(of: Double.self, count, in: &answer)) }
        if Output.self == String.self { return unsafe cast(plainOutcomes(of: String.self, count, in: &answer)) }
        if Output.self == Bool.self { return unsafe cast(plainOutcomes(of: Bool.self, count, in: &answer)) }
        if Output.self == Nothing.self { return unsafe cast(plainOutcomes(of: Nothing.self, count, in: &answer)) }
        return plainOutcomes(of: Output.self, count, in: &answer)
    }

    /// Takes an array for what it is, where the types are known to be the same.
    @unsafe @inline(__always) private func cast<Value>(
        _ outcomes: [Result<Value, any Error>]
    ) -> [Result<Output, any Error>] { unsafe unsafeBitCast(outcomes, to: [Result<Output, any Error>].self) }

    @inline(__always) private func plainOutcomes<Value: Decodable>(
        of _: Value.Type, _ count: Int, in answer: inout PoolAnswer
    ) -> [Result<Value, any Error>] {
        var outcomes: [Result<Value, any Error>] = []
        outcomes.reserveCapacity(count)
        for _ in 0..<count { outcomes.append(plainOutcome(of: Value.self, in: &answer)) }
        return outcomes
    }

    @inline(__always) private func plainOutcome<Value: Decodable>(
        of _: Value.Type, in answer: inout PoolAnswer
    ) -> Result<Value, any Error> {
        do {
            let mark = try answer.nextMark()
            if mark == PoolAnswer.Mark.returned {
                let (start, end) = try answer.nextValue()
                return .success(try answer.reader.decodePooled(Value.self, at: start, limit: end))
            }
            return .failure(try failure(in: &answer, mark))
        } catch {
            return .failure(error)
        }
    }

    /// The next outcome.
    fileprivate func outcome(in answer: inout PoolAnswer) -> Result<Output, any Error> {
        plainOutcome(of: Output.self, in: &answer)
    }

    private func failure(in answer: inout PoolAnswer, _ mark: UInt8) throws -> any Error {
        switch mark {
        case PoolAnswer.Mark.failed:
            let (start, end) = try answer.nextValue()
            return try answer.reader.decode(RemoteError.self, at: start, limit: end, key: nil)
        case PoolAnswer.Mark.declared:
            let words = try answer.nextValue()
            let itself = try answer.nextValue()
            let error = try answer.reader.decode(RemoteError.self, at: words.start, limit: words.end, key: nil)
            guard let type = travelling.first(where: { RemoteError.name(of: $0) == error.typeName }) else {
                return error
            }
            // The error of another build may have the same name and other contents: then the words must do.
            return (try? answer.reader.decode(type, at: itself.start, limit: itself.end, key: nil)) ?? error
        case PoolAnswer.Mark.stopped:
            return PoolFailure.stopped
        case _:
            throw answer.reader.corrupt("an outcome has an unknown mark")
        }
    }

    /// The errors that come as themselves. `ProcessExit` ends no worker of a pool: it is an error like others.
    var travelling: [any (Error & Codable).Type] { errors + [ProcessExit.self] }
}

extension ParcelWriter {
    /// Writes a value. What tells nothing takes no call.
    @inline(__always) func writePooled<Value: Encodable>(_ value: Value) throws {
        if Value.self == Nothing.self { bytes.append(Tag.unit) } else { try write(value, key: nil) }
    }

    /// Writes the arguments of a task.
    ///
    /// - Returns: the errors of those that could not be encoded, by their place.
    func writeAll<Value: Encodable>(_ values: [Value]) -> [Int: any Error] {
        // As with the outcomes: code of its own for what is common.
        if Value.self == Int.self {
            for value in unsafe unsafeBitCast(values, to: [Int].self) { write(signed: Int64(value)) }
        } else if Value.self == Double.self {
            for value in unsafe unsafeBitCast(values, to: [Double].self) { write(value) }
        } else if Value.self == String.self {
            for value in unsafe unsafeBitCast(values, to: [String].self) { write(value) }
        } else {
            var errors: [Int: any Error] = [:]
            for place in 0..<values.count {
                do { try writePooled(values[place]) } catch { errors[place] = error }
            }
            return errors
        }
        return [:]
    }
}

extension ParcelReader {
    /// The counterpart of `writePooled`.
    @inline(__always) func decodePooled<Value: Decodable>(_ type: Value.Type, at start: Int, limit: Int) throws -> Value
    {
        if Value.self == Nothing.self, let nothing = Nothing() as? Value { return nothing }
        return try decode(type, at: start, limit: limit, key: nil)
    }
}
