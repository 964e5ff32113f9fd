import CLinux
import Linux
import Threading

/// Bytes that processes share: Python's `multiprocessing.shared_memory.SharedMemory`.
///
///     let memory = try SharedMemory(size: 1 << 20)        // pass it to other processes like any value
///     try memory.withMutableBytes { bytes in bytes.storeBytes(of: 7, toByteOffset: 0, as: UInt8.self) }
///
/// It needs no name: passing it passes a descriptor, and it is gone with the last process that has it, however that one
/// ends. For programs that are not related there is `create(name:size:)`, whose name is gone with its maker. Nothing of
/// either kind can be left behind, so there is nothing to clean up and nobody who does it; Python's
/// `/dev/shm` needs a process that watches (the resource tracker), which deletes what others still use.
///
/// The bytes are reached in closures, so no view of them outlives the memory. Nothing orders the accesses of several
/// processes: use a `SharedLock` beside it, or what comes with one, `SharedValue` and `SharedArray`.
public final class SharedMemory: Codable, Sendable {
    /// How many bytes there are: as many as were asked for.
    public let size: Int
    /// The name under which it was made or opened; nil if it has none.
    public let name: String?
    /// nil once it was closed.
    private let mapping: Monitor<MemoryMapping?>

    private init(_ mapping: MemoryMapping, name: String?) {
        size = unsafe mapping.bytes.count
        self.name = name
        self.mapping = Monitor(mapping)
    }

    /// New memory without a name, of zeros. It is taken from the system now, so that a shortage is an error here.
    ///
    /// - Parameter size: how many bytes, at least 1.
    /// - Throws: `SharedMemoryError.notPositive`, or if there is no memory or no descriptor left.
    public convenience init(size: Int) throws(SharedMemoryError) {
        self.init(try MemoryMapping(size: size), name: nil)
    }

    /// Receives memory from another process. That works also when its name is gone meanwhile.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public convenience init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let descriptor = try container.superDecoder(forKey: .memory).takeDescriptor()
        self.init(try MemoryMapping(descriptor), name: try container.decodeIfPresent(String.self, forKey: .name))
    }

    /// Passes the memory to another process.
    ///
    /// - Throws: if the encoder carries no descriptors, or the memory was closed.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.superEncoder(forKey: .memory).pass(current().descriptor)
        try container.encodeIfPresent(name, forKey: .name)
    }

    private enum Key: CodingKey {
        case memory
        case name
    }

    // MARK: - By name

    /// New memory that other programs of this user can open by its name.
    ///
    /// The name lasts until `unlink`, or until this process ends, in whatever way; processes that have opened the
    /// memory keep it. A thread of this process hands it out, so a program that is stopped cannot be asked for it.
    ///
    /// - Parameters:
    ///   - name: 1 to 80 bytes without NUL; nil for one that nobody else has.
    ///   - size: how many bytes, at least 1.
    /// - Throws: `SharedMemoryError.exists` if a program of this user has memory of this name, in this network
    ///   namespace; `notPositive`, `invalidName`; or if there is no memory or no descriptor left.
    public static func create(name: String? = nil, size: Int) throws(SharedMemoryError) -> SharedMemory {
        let name = name ?? MemoryNames.unique()
        let mapping = try MemoryMapping(size: size)
        try MemoryNames.offer(mapping.descriptor, as: name)
        return SharedMemory(mapping, name: name)
    }

    /// Opens memory that a program of this user has made with this name.
    ///
    /// - Throws: `SharedMemoryError.notFound`, `invalidName` or `notAnswering`; or if there is no descriptor left.
    public static func open(name: String) throws(SharedMemoryError) -> SharedMemory {
        SharedMemory(try MemoryMapping(try MemoryNames.find(name)), name: name)
    }

    /// Takes a name away, whoever has given it. The memory stays for those who have it.
    ///
    /// - Throws: `SharedMemoryError.notFound`, `invalidName` or `notAnswering`.
    public static func unlink(name: String) throws(SharedMemoryError) { try MemoryNames.withdraw(name) }

    /// Takes the memory's name away, whoever has given it. The memory stays for those who have it.
    ///
    /// - Throws: `SharedMemoryError.notFound` if it has none any more.
    public func unlink() throws(SharedMemoryError) {
        guard let name else { throw .notFound(name: "without a name") }
        try MemoryNames.withdraw(name)
    }

    // MARK: - The bytes

    /// Runs `body` with the bytes.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: `SharedMemoryError.closed`, or what `body` threw.
    public func withBytes<Result: ~Copyable>(_ body: (RawSpan) throws -> Result) throws -> Result {
        let mapping = try current()
        defer { _ = mapping }
        return try body(unsafe UnsafeRawBufferPointer(mapping.bytes).bytes)
    }

    /// Runs `body` with the bytes, which it may change.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: `SharedMemoryError.closed`, or what `body` threw.
    public func withMutableBytes<Result: ~Copyable>(_ body: (inout MutableRawSpan) throws -> Result) throws -> Result {
        let mapping = try current()
        defer { _ = mapping }
        var span = unsafe mapping.bytes.mutableBytes
        return try body(&span)
    }

    /// A path under which any program of this user can open and map the memory while this process has it, in whatever
    /// language: the kernel's name of the descriptor. Nothing is left of it.
    ///
    /// - Throws: `SharedMemoryError.closed`.
    public var path: String {
        get throws(SharedMemoryError) {
            "/proc/\(getpid())/fd/\(try current().descriptor.descriptor.raw)"
        }
    }

    /// Lets go of the memory in this process; it is gone when the last process has. A closure that has the bytes at
    /// this moment, in another thread, keeps them until it returns. More often than once is fine.
    public func close() { mapping.withLock { $0 = nil } }

    private func current() throws(SharedMemoryError) -> MemoryMapping {
        guard let mapping = mapping.withLock({ $0 }) else { throw .closed }
        return mapping
    }
}
