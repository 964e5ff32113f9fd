/// A value in a server, for several processes: Python's `Value` of a manager.
///
///     let total = try manager.value(0)
///     try total.add(5)                        // in one step, whoever else does the same
///     try total.update { $0 *= 2 }            // as a transaction
///
/// What `get` returns is a copy. Like every proxy it may be used by all threads, and passed to other processes; it is
/// equal to all proxies of the same object.
public struct RemoteValue<Value: Codable & Sendable>: Codable, Hashable, Sendable {
    let reference: ObjectReference

    /// A copy of the value.
    ///
    /// - Throws: `ObjectError`.
    public func get() throws(ObjectError) -> Value { try reference.ask(.get).value() }

    /// Puts a value in its place.
    ///
    /// - Throws: `ObjectError`.
    public func set(_ value: Value) throws(ObjectError) { try reference.ask(.set, [], [reference.encode(value)]) }

    /// Puts a value in its place, and returns the one that was there.
    ///
    /// - Throws: `ObjectError`.
    public func exchange(_ value: Value) throws(ObjectError) -> Value {
        try reference.ask(.exchange, [], [reference.encode(value)]).value()
    }

    /// Puts a value in its place if `expected` is there; values are the same if they are encoded the same.
    ///
    /// - Returns: whether it did, and what was there.
    /// - Throws: `ObjectError`.
    @discardableResult
    public func compareExchange(
        expected: Value, desired: Value
    ) throws(ObjectError) -> (exchanged: Bool, original: Value) {
        let values = [try reference.encode(expected), try reference.encode(desired)]
        let answer = try reference.ask(.compareExchange, [3], values)
        return (answer.isTrue, try answer.value())
    }

    /// Changes the value as a transaction: nobody else's change gets lost, or comes in between.
    ///
    /// Those who update take turns, in order. If somebody sets the value meanwhile without a transaction, `body` runs
    /// once more, with the new value. When the process dies within, nothing has changed, and it is the next one's turn.
    ///
    /// - Parameter body: changes the value. If it throws, the value stays as it was.
    /// - Throws: `ObjectError`, `nested` among others; what `body` throws.
    public func update<Result>(_ body: (inout Value) throws -> Result) throws -> Result {
        var result: Result?
        try reference.update { answer in
            var value: Value = try answer.value()
            result = try body(&value)
            return [try reference.encode(value)]
        }
        guard let result else { throw ObjectError.malformed }
        return result
    }
}

extension RemoteValue where Value: FixedWidthInteger {
    /// Adds to the number, in one step: what `value += 1` is not in Python.
    ///
    /// - Returns: the sum.
    /// - Throws: `ObjectError.overflow` if it does not fit, and then the number stays as it was. Of numbers beyond 127
    ///   bits none fits.
    @discardableResult
    public func add(_ amount: Value) throws(ObjectError) -> Value {
        try reference.ask(.add, [], reference.summands(amount, initial: nil)).value()
    }
}
