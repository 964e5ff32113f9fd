/// An error that was thrown in another process, in words: Python's `RemoteTraceback`.
public struct RemoteError: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// The type of the error there, with its module.
    public let typeName: String
    /// What the error said of itself.
    public let message: String
    /// Where it was thrown, if that is known; Swift's errors do not say so by themselves.
    public let backtrace: String?

    /// An error in words.
    public init(typeName: String, message: String, backtrace: String? = nil) {
        self.typeName = typeName
        self.message = message
        self.backtrace = backtrace
    }

    /// The words for an error; one that came from another process itself stays as it is.
    public init(_ error: any Error) {
        if let error = error as? RemoteError {
            self = error
        } else {
            self.init(typeName: RemoteError.name(of: type(of: error)), message: "\(error)")
        }
    }

    static func name(of type: any Any.Type) -> String { String(reflecting: type) }

    /// “TYPE: MESSAGE”, and the backtrace below.
    public var description: String { "\(typeName): \(message)" + (backtrace.map { "\n\($0)" } ?? "") }
}

/// Thrown by a process's function to end the process on purpose: Python's `sys.exit`, `SystemExit`.
public struct ProcessExit: Error, Hashable, Codable, Sendable {
    /// The code with which the process ends. The kernel keeps its last 8 bits: 300 becomes 44, and -1 becomes 255.
    public let code: Int
    /// What is written to the standard error before.
    public let message: String?

    /// Ends the process with a code, 0 for success.
    public init(_ code: Int = 0) {
        self.code = code
        message = nil
    }

    /// Ends the process with code 1, and says why.
    public init(message: String) {
        code = 1
        self.message = message
    }
}
