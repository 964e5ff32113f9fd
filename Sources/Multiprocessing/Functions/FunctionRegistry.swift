import Threading

/// Why a function cannot be registered or found.
public enum FunctionError: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// Two functions have this name, so nobody could say which one is meant.
    case duplicate(name: String)
    /// A process was to run a function that its program did not register.
    case unknown(name: String)

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .duplicate(let name):
            "cannot register the function \(name): there are two of that name; call one of them otherwise"
        case .unknown(let name):
            "cannot run the function \(name): the worker's program has not registered it; add it to its Worker.begin"
        }
    }
}

/// The functions of a program, by name.
public struct FunctionRegistry: Sendable {
    private var functions: [String: any RemoteCallable] = [:]

    /// A registry of these functions.
    ///
    /// - Throws: `FunctionError.duplicate`.
    public init(_ functions: [any RemoteCallable]) throws(FunctionError) {
        for function in functions + BuiltIn.functions {
            guard self.functions.updateValue(function, forKey: function.name) == nil else {
                throw .duplicate(name: function.name)
            }
        }
    }

    /// The function of a name.
    ///
    /// - Throws: `FunctionError.unknown`.
    public func function(named name: String) throws(FunctionError) -> any RemoteCallable {
        guard let function = functions[name] else { throw .unknown(name: name) }
        return function
    }

    private static let registered = Monitor<FunctionRegistry?>(nil)

    /// What `Worker.begin` was told; in a worker it is all there is.
    package static var current: FunctionRegistry? {
        get { registered.withLock { $0 } }
        set { registered.withLock { $0 = newValue } }
    }
}

/// The library's own functions, which every program has.
enum BuiltIn {
    static let functions: [any RemoteCallable] = [PoolService.function, Manager.standardServer]
}
