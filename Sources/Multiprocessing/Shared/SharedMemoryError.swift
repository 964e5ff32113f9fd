import Linux

/// Why shared memory, or something in it, could not be made, found or used.
public enum SharedMemoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Memory of this many bytes, or an array of this many elements, was asked for: there must be at least one.
    case notPositive(Int)
    /// Something was asked for that has so many parts, more than it can have.
    case tooMany(Int, limit: Int)
    /// There is memory of this name already.
    case exists(name: String)
    /// There is no memory of this name, or none that belongs to this user.
    case notFound(name: String)
    /// A name is empty, too long, or holds a NUL.
    case invalidName(String)
    /// Whoever made the memory of this name does not answer.
    case notAnswering(name: String)
    /// The memory was used after `close()`.
    case closed
    /// The descriptor is of something else than what was expected, or of another version or layout.
    case wrongLayout(expected: String, found: String)
    /// The kernel refused this, with this `errno`.
    case refused(operation: String, errno: Int32)

    init(_ error: SystemError) { self = .refused(operation: error.operation, errno: error.errno) }

    /// “cannot …: reason; what to do”.
    public var description: String {
        switch self {
        case .notPositive(let size):
            "cannot make shared memory of size \(size): at least 1 is needed; check the size before"
        case .tooMany(let count, let limit):
            "cannot make shared memory for \(count) threads: at most \(limit) are possible; ask for fewer"
        case .exists(let name):
            "cannot make the shared memory \(name): the name is taken; open it, or choose another name"
        case .notFound(let name):
            "cannot find the shared memory \(name): no program of this user offers it; its maker may have ended"
        case .invalidName(let name):
            "cannot use \(String(reflecting: name)) as a name of shared memory: a name has 1 to 80 bytes and no NUL; "
                + "choose another one"
        case .notAnswering(let name):
            "cannot open the shared memory \(name): its maker does not answer; is it stopped?"
        case .closed:
            "cannot use the shared memory: it was closed; keep it open for as long as it is used"
        case .wrongLayout(let expected, let found):
            "cannot attach \(expected): the descriptor is of \(found); pass what was made by the same type and version"
        case .refused(let operation, let errno):
            "cannot \(operation): \(SystemError.text(errno))"
                + (SystemError.shortageAdvice(errno).map { "; \($0)" } ?? "")
        }
    }
}
