/// A queue between processes without a limit of elements: Python's `multiprocessing.SimpleQueue`.
///
/// It is a `ProcessQueue` with less to it; putting waits only once elements of 64 MiB are in it, where Python's waits
/// after 64 KiB. Where `Queues` is imported as well, write `Multiprocessing.SimpleQueue`.
public final class SimpleQueue<Element: Codable & Sendable>: Codable, Sendable {
    private let elements: ElementRing<Element>

    /// An empty queue.
    ///
    /// - Throws: `SharedMemoryError` if there are no descriptors or no addresses left.
    public init() throws(SharedMemoryError) {
        elements = ElementRing(
            try MessageRing(
                .queue, limit: ElementRing<Element>.limit(nil), bytes: ProcessQueue<Element>.defaultByteCapacity,
                extra: 0))
    }

    /// Receives a queue from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws {
        elements = ElementRing(try MessageRing(from: decoder, .queue, extra: 0))
    }

    /// Passes the queue to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try elements.ring.region.encode(to: encoder) }

    /// Adds an element; waits only if the queue has no bytes left.
    ///
    /// - Throws: `ProcessPutError`; nothing was put then. It is never `full`.
    public func put(_ element: Element) throws(ProcessPutError) { try elements.put(element, nil) }

    /// Takes the element that was put first, waiting for one if there is none.
    ///
    /// - Parameter timeout: how long to wait for an element; nil for no limit, zero or less to try once.
    /// - Throws: `ProcessGetError`.
    public func get(timeout: Duration? = nil) throws(ProcessGetError) -> Element { try elements.get(timeout) }

    /// Whether nothing is in the queue at this moment. By the time the caller looks at the answer it may be wrong.
    public var isEmpty: Bool { elements.ring.count == 0 }

    /// Closes the queue for this process: its later puts and gets throw. Others are not concerned. Twice is once.
    public func close() { elements.leave() }
}
