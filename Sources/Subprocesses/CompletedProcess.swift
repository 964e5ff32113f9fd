/// A process that has ended, and what it wrote: Python's `CompletedProcess`.
public struct CompletedProcess: Hashable, Sendable {
    /// The arguments, the first of which is the program's own name.
    public let arguments: [String]
    /// How it ended.
    public let status: TerminationStatus
    /// What it wrote to its standard output; nil if that was not captured.
    public let output: [UInt8]?
    /// What it wrote to its standard error; nil if that was not captured, or merged with the output.
    public let error: [UInt8]?
    /// What it used; nil if nobody knows, because somebody else collected its exit.
    public let usage: ResourceUsage?

    package init(
        arguments: [String], status: TerminationStatus, output: [UInt8]? = nil, error: [UInt8]? = nil,
        usage: ResourceUsage? = nil
    ) {
        self.arguments = arguments
        self.status = status
        self.output = output
        self.error = error
        self.usage = usage
    }

    /// The output as a text; empty if it was not captured. Line ends stay as they are.
    ///
    /// - Throws: `SubprocessError.notUTF8`, which has all the bytes, if it is none.
    public var outputText: String {
        get throws(SubprocessError) { try text(output, .output) }
    }

    /// The diagnostics as a text; empty if they were not captured. Line ends stay as they are.
    ///
    /// - Throws: `SubprocessError.notUTF8`, which has all the bytes, if they are none.
    public var errorText: String {
        get throws(SubprocessError) { try text(error, .error) }
    }

    /// Throws unless the process ended with exit code 0: Python's `check_returncode()`.
    ///
    /// - Returns: itself.
    /// - Throws: `SubprocessError.unsuccessful`.
    @discardableResult
    public func check() throws(SubprocessError) -> CompletedProcess {
        if status.isSuccess { return self }
        throw .unsuccessful(self)
    }

    private func text(_ bytes: [UInt8]?, _ stream: SubprocessError.Stream) throws(SubprocessError) -> String {
        guard let bytes, !bytes.isEmpty else { return "" }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8(self, stream) }
        return text
    }
}
