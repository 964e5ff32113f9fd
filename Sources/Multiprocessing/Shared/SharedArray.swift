/// Why elements could not be written into an array between processes.
public enum SharedArrayError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another number of elements was given than there are places.
    case wrongCount(places: Int, elements: Int)

    /// “cannot write …: reason; what to do”.
    public var description: String {
        switch self {
        case .wrongCount(let places, let elements):
            "cannot write \(elements) elements to \(places) places: an array between processes has a fixed length; "
                + "give as many elements as there are places"
        }
    }
}

/// An array of fixed length in memory that processes share: Python's `multiprocessing.Array`.
///
///     let pixels = try SharedArray(repeating: UInt8(0), count: 1 << 20)
///     pixels.withMutableSpan { span in for index in span.indices { span[index] = 255 } }
///
/// Any type of elements without references will do. Both sides must have it in the same layout, of which size and
/// alignment are checked. Spans are the memory itself, and the fastest way; they cannot leave their closure.
public final class SharedArray<Element: BitwiseCopyable & Sendable>: Codable, Sendable {
    /// The lock that guards the elements; nil if there is none.
    public let lock: SharedRLock?
    /// How many elements there are.
    public let count: Int
    private let contents: SharedContents<Element>

    /// An array of equal elements.
    ///
    /// - Parameters:
    ///   - element: what each of them is to begin with.
    ///   - count: how many, at least 1.
    ///   - lock: what guards them.
    /// - Throws: `SharedMemoryError` if the number is not positive, or there are no descriptors or no memory left.
    public init(
        repeating element: Element, count: Int, lock: SharedLockChoice = .own
    ) throws(SharedMemoryError) {
        contents = try SharedContents(.array, count: count, lock: lock)
        self.lock = contents.lock
        self.count = count
        unsafe contents.pointer.initialize(repeating: element, count: count)
    }

    /// An array of these elements.
    ///
    /// - Parameters:
    ///   - elements: what is in it to begin with, at least one.
    ///   - lock: what guards them.
    /// - Throws: as `init(repeating:count:lock:)`.
    public init(_ elements: [Element], lock: SharedLockChoice = .own) throws(SharedMemoryError) {
        contents = try SharedContents(.array, count: elements.count, lock: lock)
        self.lock = contents.lock
        count = elements.count
        for (index, element) in elements.enumerated() {
            unsafe (contents.pointer + index).initialize(to: element)
        }
    }

    /// Receives an array, with its lock, from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or these are of something else.
    public init(from decoder: any Decoder) throws {
        contents = try SharedContents(.array, from: decoder)
        lock = contents.lock
        count = contents.count
    }

    /// Passes the array, with its lock, to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try contents.encode(to: encoder) }

    /// One element; each access takes the lock, if there is one.
    ///
    /// - Precondition: `index` is from 0 to `count - 1`.
    public subscript(index: Int) -> Element {
        get { withSpan { $0[index] } }
        set { withMutableSpan { $0[index] = newValue } }
    }

    /// A copy of some elements.
    ///
    /// - Precondition: the range is within the array.
    public subscript(range: Range<Int>) -> [Element] {
        withSpan { span in range.map { span[$0] } }
    }

    /// A copy of all elements.
    public var elements: [Element] { self[0..<count] }

    /// Writes some elements at once.
    ///
    /// - Parameters:
    ///   - range: their places.
    ///   - elements: as many as there are places.
    /// - Precondition: the range is within the array.
    /// - Throws: `SharedArrayError.wrongCount`; nothing was written then.
    public func replace(_ range: Range<Int>, with elements: [Element]) throws(SharedArrayError) {
        guard range.count == elements.count else { throw .wrongCount(places: range.count, elements: elements.count) }
        withMutableSpan { span in for (place, element) in zip(range, elements) { span[place] = element } }
    }

    /// Runs `body` with the lock held, if there is one.
    ///
    /// - Parameter body: gets the elements.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw.
    public func withSpan<Result: ~Copyable, Failure: Error>(
        _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try locked { () throws(Failure) -> Result in
            let buffer = unsafe UnsafeBufferPointer(start: contents.pointer, count: count)
            return unsafe try body(buffer.span)
        }
    }

    /// Runs `body` with the lock held, if there is one.
    ///
    /// - Parameter body: gets the elements, and may change them.
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw; the elements stay as they were left.
    public func withMutableSpan<Result: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try locked { () throws(Failure) -> Result in
            let buffer = unsafe UnsafeMutableBufferPointer(start: contents.pointer, count: count)
            var span = unsafe buffer.mutableSpan
            return try body(&span)
        }
    }

    private func locked<Result: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let lock else { return try body() }
        return try lock.withLock(body)
    }
}
