import Threading

/// A method that clients of a server may call on an object, by its name.
///
///     static let add = RemoteMethod("add") { (account: Account, amount: Int) in account.add(amount) }
public struct RemoteMethod<Object: AnyObject & Sendable, Argument: Codable & Sendable, Output: Codable & Sendable>:
    RemoteMethodProtocol
{
    /// The name under which the server knows it.
    public let name: String
    private let errors: [any (Error & Codable).Type]
    private let body: @Sendable (Object, Argument) throws -> Output

    /// Declares a method.
    ///
    /// - Parameters:
    ///   - name: a name that no other method of the type has.
    ///   - errors: errors that travel as themselves. Others arrive as `RemoteError`, which says what they were.
    ///   - body: what it does. It runs in the server's only thread, one method after the other: as a whole, without a
    ///     lock, and everybody waits for it; so it must not wait for anything itself.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type...,
        body: @escaping @Sendable (Object, Argument) throws -> Output
    ) {
        (self.name, self.errors, self.body) = (name, errors, body)
    }

    /// Declares a method without a result.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type...,
        body: @escaping @Sendable (Object, Argument) throws -> Void
    ) where Output == Nothing {
        (self.name, self.errors) = (name, errors)
        self.body = { object, argument in
            try body(object, argument)
            return Nothing()
        }
    }

    /// Declares a method without an argument.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type...,
        body: @escaping @Sendable (Object) throws -> Output
    ) where Argument == Nothing {
        (self.name, self.errors) = (name, errors)
        self.body = { object, _ in try body(object) }
    }

    /// Declares a method with neither an argument nor a result.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type...,
        body: @escaping @Sendable (Object) throws -> Void
    ) where Argument == Nothing, Output == Nothing {
        (self.name, self.errors) = (name, errors)
        self.body = { object, _ in
            try body(object)
            return Nothing()
        }
    }

    /// The method of one object, as a function.
    func function(of object: Object?) -> RemoteFunction<Argument, Output> {
        let body = body
        return RemoteFunction(named: name, errors: errors) { argument in
            guard let object else { throw ObjectError.gone }
            return try body(object, argument)
        }
    }

    /// Calls it on an object that is here.
    public func answer(_ object: Object, _ call: Parcel) throws -> Answer { try function(of: object).answer(call) }
}

/// A method of any types, as a type has a list of them. `RemoteMethod` is the only one.
public protocol RemoteMethodProtocol<Object>: Sendable {
    /// Of what it is a method.
    associatedtype Object: AnyObject & Sendable
    /// The name under which the server knows it.
    var name: String { get }

    /// Calls it with the argument in a parcel, and packs what came of it.
    ///
    /// - Throws: `ProcessExit` if it threw that; `EncodingError` if not even an error can be packed.
    func answer(_ object: Object, _ call: Parcel) throws -> Answer
}

/// A type whose objects a server makes and keeps for its clients: what Python's `BaseManager.register` declares.
///
///     final class Account: Sendable { … }
///     static let account = RemoteType("account", exposing: [add, balance]) { (start: Int) in Account(start) }
///
/// It is declared once, where the server and its clients see it. Only the exposed methods can be called from outside.
public struct RemoteType<Object: AnyObject & Sendable, Argument: Codable & Sendable>: RemoteTypeProtocol {
    /// The name under which the server knows it.
    public let name: String
    private let methods: [String: any RemoteMethodProtocol<Object>]
    let maker: RemoteFunction<Argument, Nothing>
    private let body: @Sendable (Argument) throws -> Object

    /// Declares a type.
    ///
    /// - Parameters:
    ///   - name: a name that no other type of the server has.
    ///   - methods: what clients may call. Of two of the same name, the first one is meant.
    ///   - errors: errors of `make` that travel as themselves.
    ///   - make: makes an object, in the server.
    public init(
        _ name: String, exposing methods: [any RemoteMethodProtocol<Object>],
        throwing errors: any (Error & Codable).Type..., make: @escaping @Sendable (Argument) throws -> Object
    ) {
        self.name = name
        self.methods = Dictionary(methods.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        maker = RemoteFunction(named: name, errors: errors) { _ in Nothing() }
        body = make
    }

    /// Makes an object from the argument in a parcel.
    public func make(_ call: Parcel) -> RemoteTypeOutcome {
        // The function's own way to pack an error, with a body that keeps the object.
        let made = Made()
        let body = body
        let function = RemoteFunction<Argument, Nothing>(named: name, errors: maker.errors) { argument in
            let object = try body(argument)
            made.object.withLock { $0 = object }
            return Nothing()
        }
        let answer = Answer(packing: name) { try function.answer(call) }
        guard answer.failure == nil, let object = made.object.withLock({ $0 }) else { return .failure(answer) }
        return .success(object)
    }

    /// Calls a method; nil if there is none of that name that is exposed.
    public func perform(_ method: String, on object: any AnyObject & Sendable, _ call: Parcel) -> Answer? {
        guard let method = methods[method], let object = object as? Object else { return nil }
        return Answer(packing: method.name) { try method.answer(object, call) }
    }

    private final class Made: Sendable {
        let object = Monitor<Object?>(nil)
    }
}

/// What came of making an object.
public enum RemoteTypeOutcome: Sendable {
    /// The object.
    case success(any AnyObject & Sendable)
    /// The error.
    case failure(Answer)
}

/// A type of any objects, as a server has a list of them. `RemoteType` is the only one.
public protocol RemoteTypeProtocol: Sendable {
    /// The name under which the server knows it.
    var name: String { get }

    /// Makes an object from the argument in a parcel.
    func make(_ call: Parcel) -> RemoteTypeOutcome

    /// Calls a method; nil if there is none of that name that is exposed.
    func perform(_ method: String, on object: any AnyObject & Sendable, _ call: Parcel) -> Answer?
}

extension Answer {
    /// What `body` packs; in its place, the error that it throws, or that this could not be packed.
    init(packing name: String, _ body: () throws -> Answer) {
        do {
            self = try body()
        } catch {
            let failure = RemoteError(error)
            // A text can always be packed.
            let parcel = (try? Parcel(Outcome<Nothing>.failed(failure))) ?? Parcel(bytes: [])
            self = Answer(parcel: parcel, failure: failure)
        }
    }
}
