import Linux

/// Where output goes that nobody keeps. One serves all pumps.
final class Discard {
    private let null: OwnedDescriptor
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

    init() throws(SystemError) {
        null = try FileSystem.open("/dev/null", .write)
    }

    /// Empties at most `limit` bytes of `pipe`.
    ///
    /// - Parameter handOver: whether somebody looks on and wants the bytes; they are read only then.
    func drain(
        from pipe: borrowing OwnedDescriptor, atMost limit: Int, handOver: Bool
    ) throws(SystemError) -> (Transfer, [UInt8]) {
        guard handOver else { return (try splice(from: pipe, to: null, atMost: limit), []) }
        let result = try pipe.read(into: &buffer)
        guard case .moved(let count) = result else { return (result, []) }
        return (result, Array(buffer[..<count]))
    }
}
