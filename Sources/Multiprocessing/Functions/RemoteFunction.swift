/// No argument, or no result worth mentioning: what `Void` would be if it were `Codable`.
public struct Nothing: Codable, Hashable, Sendable {
    /// The only value.
    public init() {}
}

/// A function that other processes can be told to run, by its name.
///
///     let square = RemoteFunction("square") { (x: Int) in x * x }
///
/// A process cannot be sent code, only the name of code that it has, too. So a function is declared once, where the
/// program and its workers see it, and registered with `Worker.begin`. Corresponds to the `target` of a Python process,
/// which must be importable; here its types are checked by the compiler.
public struct RemoteFunction<Argument: Codable & Sendable, Output: Codable & Sendable>: RemoteCallable {
    /// The name under which processes know it.
    public let name: String
    private let body: @Sendable (Argument) throws -> Output
    let errors: [any (Error & Codable).Type]

    /// Declares a function.
    ///
    /// - Parameters:
    ///   - name: a name that no other function of the program has, and that two builds agree about.
    ///   - errors: errors that travel as themselves. Others arrive as `RemoteError`, which says what they were.
    ///   - body: what it does.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type...,
        body: @escaping @Sendable (Argument) throws -> Output
    ) {
        self.name = name
        self.errors = errors
        self.body = body
    }

    /// Declares a function without a result.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type...,
        body: @escaping @Sendable (Argument) throws -> Void
    ) where Output == Nothing {
        self.name = name
        self.errors = errors
        self.body = { argument in
            try body(argument)
            return Nothing()
        }
    }

    /// Declares a function without an argument.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type..., body: @escaping @Sendable () throws -> Output
    ) where Argument == Nothing {
        self.name = name
        self.errors = errors
        self.body = { _ in try body() }
    }

    /// Declares a function with neither an argument nor a result.
    public init(
        _ name: String, throwing errors: any (Error & Codable).Type..., body: @escaping @Sendable () throws -> Void
    ) where Argument == Nothing, Output == Nothing {
        self.name = name
        self.errors = errors
        self.body = { _ in
            try body()
            return Nothing()
        }
    }

    /// The method of an object, as a function.
    init(
        named name: String, errors: [any (Error & Codable).Type], body: @escaping @Sendable (Argument) throws -> Output
    ) {
        self.name = name
        self.errors = errors
        self.body = body
    }

    /// Runs it here, in this process.
    ///
    /// - Throws: what it throws.
    public func callAsFunction(_ argument: Argument) throws -> Output { try body(argument) }

    /// The other side of `outcome(from:)`.
    public func answer(_ call: Parcel) throws -> Answer {
        do {
            let output = try body(call.decode(Call<Argument>.self).argument)
            return Answer(parcel: try Parcel(Outcome.returned(output)), failure: nil)
        } catch let exit as ProcessExit {
            throw exit
        } catch {
            let failure = RemoteError(error)
            let itself = errors.first { $0 == type(of: error as any Error) }
            if itself != nil, let error = error as? any Error & Codable, let parcel = try? Self.declared(error, failure)
            {
                return Answer(parcel: parcel, failure: failure)
            }
            return Answer(parcel: try Parcel(Outcome<Output>.failed(failure)), failure: failure)
        }
    }

    private static func declared(_ error: some Error & Codable, _ failure: RemoteError) throws -> Parcel {
        try Parcel(DeclaredFailure(failure: failure, error: error))
    }

    /// The argument on its way.
    package func call(_ argument: Argument) throws -> Parcel { try Parcel(Call(argument: argument)) }

    /// What the function returned in another process.
    ///
    /// - Throws: what it threw there: an error that it declares as itself, any other one as `RemoteError`; or
    ///   `DecodingError`, if the result cannot be understood here.
    package func outcome(from parcel: Parcel) throws -> Output {
        switch try parcel.decode(Outcome<Output>.self) {
        case .returned(let output): return output
        case .failed(let failure):
            // Two types of one name, in two builds, need not be the same: then the description must do.
            if let type = errors.first(where: { RemoteError.name(of: $0) == failure.typeName }),
                let error = Self.error(type, in: parcel)
            {
                throw error
            }
            throw failure
        }
    }

    private static func error<Failure: Error & Codable>(_ type: Failure.Type, in parcel: Parcel) -> Failure? {
        try? parcel.decode(DeclaredFailure<Failure>.self).error
    }
}

/// A function of any types, as a list of functions has it. `RemoteFunction` is the only one.
public protocol RemoteCallable: Sendable {
    /// The name under which processes know it.
    var name: String { get }

    /// Runs the function on the argument in a parcel, and packs what came of it.
    ///
    /// - Throws: `ProcessExit` if the function threw that; `EncodingError` if not even an error can be packed.
    func answer(_ call: Parcel) throws -> Answer
}

/// What came of running a function.
public struct Answer: Sendable {
    /// The result or the error, on its way back.
    public let parcel: Parcel
    /// What it threw, in words; nil if it returned.
    public let failure: RemoteError?

    package init(parcel: Parcel, failure: RemoteError?) {
        self.parcel = parcel
        self.failure = failure
    }
}

/// An argument, beside what else may be in the parcel: keyed, so that each reader takes what is its own.
package struct Call<Argument: Codable>: Codable {
    package let argument: Argument
    package init(argument: Argument) { self.argument = argument }
}

/// A result or an error.
package enum Outcome<Output: Codable>: Codable {
    case returned(Output)
    case failed(RemoteError)

    private enum CodingKeys: CodingKey {
        case returned
        case failure
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let failure = try container.decodeIfPresent(RemoteError.self, forKey: .failure) {
            self = .failed(failure)
        } else {
            self = .returned(try container.decode(Output.self, forKey: .returned))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .returned(let output): try container.encode(output, forKey: .returned)
        case .failed(let failure): try container.encode(failure, forKey: .failure)
        }
    }
}

/// The same as `Outcome.failed`, and the error itself.
private struct DeclaredFailure<Failure: Error & Codable>: Codable {
    let failure: RemoteError
    let error: Failure
}
