import Threading

/// The lock of a value or an array between processes.
public enum SharedLockChoice: Sendable {
    /// A recursive lock of its own: Python's default.
    case own
    /// None: every access is as it comes. Python's `RawValue`, `RawArray`, or `lock=False`.
    case none
    /// This one, which others may use for other things.
    case shared(SharedRLock)
}

/// A value in memory that processes share: Python's `multiprocessing.Value`.
///
///     let total = try SharedValue(0)          // pass it to other processes like any value
///     total.withLock { $0 += 1 }
///
/// Any type without references will do: numbers, and structures and tuples of them. Both sides must have it in the same
/// layout, of which size and alignment are checked. For a counter, `SharedAtomic` needs no lock.
///
/// - Important: What is read is what the others have written, bit for bit. Of a type in which not all bits stand for
///   a value (`Bool`, an enumeration, a structure with one of these in it), a process that writes other ones makes
///   everybody who reads it do something undefined. As threads, those who share memory must trust each other; what
///   comes from elsewhere is read as numbers and checked, or sent through a `Connection`.
public final class SharedValue<Value: BitwiseCopyable & Sendable>: Codable, Sendable {
    /// The lock that guards the value; nil if there is none.
    public let lock: SharedRLock?
    private let contents: SharedContents<Value>

    /// A value in memory of its own.
    ///
    /// - Parameters:
    ///   - value: what it is to begin with.
    ///   - lock: what guards it.
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init(_ value: Value, lock: SharedLockChoice = .own) throws(SharedMemoryError) {
        contents = try SharedContents(.value, count: 1, lock: lock)
        self.lock = contents.lock
        unsafe contents.pointer.initialize(to: value)
    }

    /// Receives a value, with its lock, from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or these are of something else.
    public init(from decoder: any Decoder) throws {
        contents = try SharedContents(.value, from: decoder)
        lock = contents.lock
    }

    /// Passes the value, with its lock, to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try contents.encode(to: encoder) }

    /// The value. Reading it and writing it are guarded by the lock, if there is one; but `value += 1` is both, and
    /// another process may come in between: that is what `withLock` is for.
    public var value: Value {
        get { withLock { $0 } }
        set { withLock { $0 = newValue } }
    }

    /// Runs `body` with the lock held, if there is one.
    ///
    /// - Parameters:
    ///   - recover: runs before `body` if the one who had the lock before died with it.
    ///   - body: gets the value itself, and may change it.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw; the value stays as it was left.
    public func withLock<Result: ~Copyable, Failure: Error>(
        recover: (LockOwner?) -> Void = { _ in }, _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let lock else { return unsafe try body(&contents.pointer.pointee) }
        return try lock.withLock(recover: recover) { () throws(Failure) -> Result in
            unsafe try body(&contents.pointer.pointee)
        }
    }
}

/// The memory of a value or an array, with its lock.
@safe final class SharedContents<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    /// Behind the lock, at an alignment that no type without references exceeds.
    private static var offset: Int { SharedRegion.labelSize + RobustMutex.size }

    private let region: SharedRegion
    let lock: SharedRLock?
    let count: Int

    var pointer: UnsafeMutablePointer<Element> {
        unsafe region.place(SharedContents.offset, as: Element.self)
    }

    init(_ kind: SharedRegion.Kind, count: Int, lock choice: SharedLockChoice) throws(SharedMemoryError) {
        guard count >= 1 else { throw .notPositive(count) }
        let (size, isTooMuch) = MemoryLayout<Element>.stride.multipliedReportingOverflow(by: count)
        guard !isTooMuch, size < 1 << 46 else { throw .refused(operation: "make shared memory", errno: 12) }
        let lockMode: UInt64 =
            switch choice {
            case .own: 1
            case .none: 0
            case .shared: 2
            }
        region = try SharedRegion(
            kind, size: RobustMutex.size + size,
            shape: .init(
                first: UInt64(MemoryLayout<Element>.stride) << 32 | UInt64(MemoryLayout<Element>.alignment),
                second: UInt64(count), third: lockMode))
        self.count = count
        switch choice {
        case .own:
            try RobustMutex(in: region, at: SharedRegion.labelSize).make(recursive: true)
            lock = SharedRLock(in: region, at: SharedRegion.labelSize)
        case .none: lock = nil
        case .shared(let other): lock = other
        }
    }

    init(_ kind: SharedRegion.Kind, from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let layout = UInt64(MemoryLayout<Element>.stride) << 32 | UInt64(MemoryLayout<Element>.alignment)
        region = try SharedRegion(
            from: container.superDecoder(forKey: .memory), kind,
            size: { shape in
                guard shape.first == layout, let count = Int(exactly: shape.second), count >= 1, shape.third <= 2 else {
                    return nil
                }
                let (size, isTooMuch) = MemoryLayout<Element>.stride.multipliedReportingOverflow(by: count)
                return isTooMuch || size >= 1 << 46 ? nil : RobustMutex.size + size
            })
        count = Int(region.shape.second)
        switch region.shape.third {
        case 1: lock = SharedRLock(in: region, at: SharedRegion.labelSize)
        case 2: lock = try container.decode(SharedRLock.self, forKey: .lock)
        default: lock = nil
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try region.encode(to: container.superEncoder(forKey: .memory))
        if region.shape.third == 2, let lock { try container.encode(lock, forKey: .lock) }
    }

    private enum Key: CodingKey {
        case memory
        case lock
    }
}
