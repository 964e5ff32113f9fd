package import Linux

/// A descriptor that can be part of a message: an open file, a socket, anything that has a number.
///
/// Python's `reduction.send_handle`. The receiver gets a descriptor of its own for the same open file, closed when the
/// last copy of this value is gone.
public struct PassedDescriptor: Sendable, Codable {
    package let shared: SharedDescriptor

    package init(_ shared: SharedDescriptor) { self.shared = shared }

    /// A second descriptor for the open file behind `raw`, which stays the caller's.
    ///
    /// - Throws: `ConnectionError.refused` if `raw` is not open, or there are too many open files.
    public init(duplicating raw: Int32) throws(ConnectionError) {
        do {
            shared = SharedDescriptor(try OwnedDescriptor.duplicate(of: raw))
        } catch {
            throw ConnectionError(error)
        }
    }

    /// Takes over a descriptor that nobody else will close.
    public init(adopting raw: Int32) { shared = SharedDescriptor(OwnedDescriptor(adopting: raw)) }

    /// Runs `body` with the descriptor's number, which is valid for as long as `body` runs.
    public func withDescriptor<Result, Failure: Error>(
        _ body: (Int32) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { _ = shared }
        return try body(shared.descriptor.raw)
    }

    /// Passes it along; only a message of this library can carry it.
    public func encode(to encoder: any Encoder) throws { try encoder.pass(shared) }

    /// Takes what was passed.
    public init(from decoder: any Decoder) throws { shared = try decoder.takeDescriptor() }
}
