public import Synchronization

/// A number in memory that processes share, changed without a lock: what `multiprocessing.Value` cannot be, where
/// `value += 1` loses counts.
///
///     let served = try SharedAtomic(0)        // pass it to other processes like any value
///     served.add(1)
///
/// It is an integer of up to 64 bits. All operations are sequentially consistent, and none ever waits.
@safe public final class SharedAtomic<Number: FixedWidthInteger & Sendable>: Codable, @unchecked Sendable {
    private let region: SharedRegion
    @usableFromInline internal let place: UnsafeMutablePointer<Atomic<UInt64>>

    /// A number in memory of its own.
    ///
    /// - Parameter number: what it is to begin with.
    /// - Precondition: the type has at most 64 bits.
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init(_ number: Number) throws(SharedMemoryError) {
        precondition(Number.bitWidth <= 64, "processors change at most 64 bits at once")
        region = try SharedRegion(.atomic, size: 64, shape: .init(first: SharedAtomic.layout))
        unsafe place = region.place(SharedRegion.labelSize, as: Atomic<UInt64>.self)
        store(number)
    }

    /// Receives a number from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws {
        region = try SharedRegion(from: decoder, .atomic, size: { $0.first == SharedAtomic.layout ? 64 : nil })
        unsafe place = region.place(SharedRegion.labelSize, as: Atomic<UInt64>.self)
    }

    /// Passes the number to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }

    /// The number at this moment.
    @inlinable public func load() -> Number {
        Number(truncatingIfNeeded: unsafe place.pointee.load(ordering: .sequentiallyConsistent))
    }

    /// Writes the number.
    @inlinable public func store(_ number: Number) {
        unsafe place.pointee.store(UInt64(truncatingIfNeeded: number), ordering: .sequentiallyConsistent)
    }

    /// Writes the number and says what it was before.
    @inlinable public func exchange(_ number: Number) -> Number {
        let before = unsafe place.pointee.exchange(
            UInt64(truncatingIfNeeded: number), ordering: .sequentiallyConsistent)
        return Number(truncatingIfNeeded: before)
    }

    /// Writes the number if it is the expected one.
    ///
    /// - Returns: whether it was, and what it was before.
    @inlinable public func compareExchange(expected: Number, desired: Number) -> (exchanged: Bool, original: Number) {
        let (exchanged, original) = unsafe place.pointee.compareExchange(
            expected: UInt64(truncatingIfNeeded: expected), desired: UInt64(truncatingIfNeeded: desired),
            ordering: .sequentiallyConsistent)
        return (exchanged, Number(truncatingIfNeeded: original))
    }

    /// Adds to the number, and wraps around beyond the largest or the least.
    ///
    /// - Returns: what it is then.
    @discardableResult
    @inlinable public func add(_ amount: Number) -> Number {
        var before = load()
        while true {
            let (exchanged, original) = compareExchange(expected: before, desired: before &+ amount)
            if exchanged { return before &+ amount }
            before = original
        }
    }

    private static var layout: UInt64 { UInt64(Number.bitWidth) << 1 | (Number.isSigned ? 1 : 0) }
}
