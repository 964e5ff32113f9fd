/// An object of a registered type in a server.
///
///     let account = try manager.create(Bank.account, 100)
///     try account.call(Bank.add, 5)
public struct RemoteInstance<Object: AnyObject & Sendable>: Codable, Hashable, Sendable {
    let reference: ObjectReference

    /// Calls a method, which is done as a whole before anything else is done in the server.
    ///
    /// - Throws: what the method throws: an error that it declares as itself, any other one as `RemoteError`;
    ///   `ObjectError`, among others `notExposed`.
    @discardableResult
    public func call<Argument, Output>(
        _ method: RemoteMethod<Object, Argument, Output>, _ argument: Argument
    ) throws -> Output {
        let function = method.function(of: nil)
        // No scope: what goes into a method leaves the server's own keeping, so proxies travel with tickets.
        let call = try function.call(argument)
        let values = [StoredValue(text: method.name), StoredValue(call)]
        let answer = try reference.ask(.call, [], values)
        return try function.outcome(from: answer.parcel)
    }

    /// Calls a method without an argument.
    ///
    /// - Throws: as the other one.
    @discardableResult
    public func call<Output>(_ method: RemoteMethod<Object, Nothing, Output>) throws -> Output {
        try call(method, Nothing())
    }
}
