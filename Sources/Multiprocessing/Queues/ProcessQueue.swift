/// A queue between processes, first in, first out: Python's `multiprocessing.Queue`.
///
///     let jobs = try ProcessQueue<Job>(capacity: 100)         // pass it to other processes like any value
///     try jobs.put(job)                                       // waits for room
///     let next = try jobs.get(timeout: .seconds(1))
///
/// Any number of producers and consumers, in any processes, may use it at once. An element is encoded by whoever puts
/// it, in the call, so what cannot be encoded is an error there, and an element that was put can be got at once.
/// (Python gives it to a thread: errors vanish, an element may come late, and a process cannot end before its elements
/// are read.) Once `put` has returned the element is in the queue, whatever becomes of its producer.
///
/// Deaths are harmless. A process that is killed while it puts has put nothing or a whole element; one that is killed
/// while it gets has taken one element at most, and only if it died after the queue had given it away. Nobody waits for
/// a dead one.
///
/// It is memory without a name, and one descriptor. `byteCapacity` bytes are reserved as addresses; memory is taken as
/// elements are put, and given back when a queue that was long becomes empty. Elements of one producer come in the
/// order in which it put them. They must not carry descriptors, as locks and connections do.
///
/// - Complexity: putting and getting take the time of encoding and copying the element.
public final class ProcessQueue<Element: Codable & Sendable>: Codable, Sendable {
    let elements: ElementRing<Element>

    /// What a queue holds at most, if nothing else is said.
    public static var defaultByteCapacity: Int { 64 << 20 }

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - capacity: how many elements it holds at most; nil, zero or less for no limit but the bytes.
    ///   - byteCapacity: how many bytes of encoded elements, with 16 for each besides.
    /// - Throws: `SharedMemoryError` if there are no descriptors or no addresses left.
    public init(
        capacity: Int? = nil, byteCapacity: Int = ProcessQueue.defaultByteCapacity
    ) throws(SharedMemoryError) {
        elements = ElementRing(
            try MessageRing(.queue, limit: ElementRing<Element>.limit(capacity), bytes: byteCapacity, extra: 0))
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

    /// Adds an element, waiting for room if there is none.
    ///
    /// - Parameters:
    ///   - element: is encoded at once; later changes of what it refers to are not seen.
    ///   - timeout: how long to wait for room; nil for no limit, zero or less to try once.
    /// - Throws: `ProcessPutError`. Nothing was put then.
    public func put(_ element: Element, timeout: Duration? = nil) throws(ProcessPutError) {
        try elements.put(element, timeout)
    }

    /// Adds an element if there is room at once: Python's `put_nowait`.
    ///
    /// - Throws: as `put(_:timeout:)`.
    public func tryPut(_ element: Element) throws(ProcessPutError) { try elements.put(element, .zero) }

    /// Takes the element that was put first, waiting for one if there is none.
    ///
    /// - Parameter timeout: how long to wait for an element; nil for no limit, zero or less to try once.
    /// - Returns: the element.
    /// - Throws: `ProcessGetError`.
    public func get(timeout: Duration? = nil) throws(ProcessGetError) -> Element { try elements.get(timeout) }

    /// Takes the element that was put first, if there is one: Python's `get_nowait`.
    ///
    /// - Throws: as `get(timeout:)`.
    public func tryGet() throws(ProcessGetError) -> Element { try elements.get(.zero) }

    /// How many elements are in the queue at this moment. By the time the caller looks at the answer it may be wrong.
    public var count: Int { elements.ring.count }

    /// Whether nothing is in the queue at this moment. By the time the caller looks at the answer it may be wrong.
    public var isEmpty: Bool { count == 0 }

    /// Whether the queue holds as many elements as it can. By the time the caller looks at the answer it may be wrong.
    public var isFull: Bool { count >= elements.ring.limit }

    /// How many elements the queue holds at most; nil if only the bytes are limited.
    public var capacity: Int? { elements.ring.limit == Int(Int32.max) ? nil : elements.ring.limit }

    /// How many bytes it holds at most.
    public var byteCapacity: Int { elements.ring.size }

    /// Closes the queue for this process: its later puts and gets throw. Others are not concerned. Twice is once.
    public func close() { elements.leave() }

    /// Closes the queue for all processes: nobody can put any more, consumers get what is left, and then
    /// `ProcessGetError.closed`. Whoever waits is woken. Twice is once.
    public func shutdown() { elements.ring.shutDown() }

    /// Closes the queue as `shutdown()` does, and takes out what nobody has got if that is asked for.
    ///
    /// - Returns: what was taken out, in the order in which it would have been got.
    @discardableResult
    public func shutdown(immediate: Bool) -> [Element] {
        if immediate { return elements.drain() }
        shutdown()
        return []
    }

    /// Whether the queue was shut down. Once true, it stays true.
    public var isShutDown: Bool { elements.ring.isClosed }
}
