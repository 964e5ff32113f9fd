import Linux
public import Queues
import Threading

/// A queue between processes that keeps account of the items in it: Python's `multiprocessing.JoinableQueue`.
///
///     let jobs = try JoinableQueue<Job>()
///     try jobs.withItem { try work(on: $0) }      // in workers: reports the item as done in any case
///     try jobs.join()                             // returns when all that was put is done
///
/// An item is a task until the thread that got it has called `taskDone()`; no other thread can, since the queue
/// remembers who has what. So `join()` is not held up by the dead: if a thread or its process ends before it has
/// reported its items, `join()` says how many those were. In Python it waits for ever.
///
/// For all else it is as `ProcessQueue`. Up to 256 threads can have items at the same time.
public final class JoinableQueue<Element: Codable & Sendable>: Codable, Sendable {
    private let elements: ElementRing<Element>
    private let claims: Claims
    /// 1 while somebody in `join` sleeps until an item is got.
    private let joiner: SharedFutex

    private static var extra: Int { 64 + Claims.size }

    /// An empty queue.
    ///
    /// - Parameters:
    ///   - capacity: how many elements it holds at most; nil, zero or less for no limit but the bytes.
    ///   - byteCapacity: how many bytes of encoded elements, with 16 for each besides.
    /// - Throws: `SharedMemoryError` if there are no descriptors or no addresses left.
    public convenience init(
        capacity: Int? = nil, byteCapacity: Int = ProcessQueue<Element>.defaultByteCapacity
    ) throws(SharedMemoryError) {
        let ring = try MessageRing(
            .joinableQueue, limit: ElementRing<Element>.limit(capacity), bytes: byteCapacity,
            extra: JoinableQueue.extra)
        self.init(ring)
        try claims.make()
    }

    /// Receives a queue from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public convenience init(from decoder: any Decoder) throws {
        self.init(try MessageRing(from: decoder, .joinableQueue, extra: JoinableQueue.extra))
    }

    private init(_ ring: MessageRing) {
        elements = ElementRing(ring)
        claims = Claims(ring)
        joiner = SharedFutex(in: ring.region, at: MessageRing.Offset.extra)
        ring.afterDeathOfConsumer = { [unowned ring, claims, joiner] in
            claims.forget(ring.got.value &+ 1)
            joiner.change(.set(0))
        }
    }

    /// Passes the queue to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try elements.ring.region.encode(to: encoder) }

    /// Adds an item, waiting for room if there is none. As `ProcessQueue.put(_:timeout:)`.
    public func put(_ element: Element, timeout: Duration? = nil) throws(ProcessPutError) {
        try elements.put(element, timeout)
    }

    /// Adds an item if there is room at once. As `ProcessQueue.tryPut(_:)`.
    public func tryPut(_ element: Element) throws(ProcessPutError) { try elements.put(element, .zero) }

    /// Takes the item that was put first, waiting for one if there is none. This thread has to report it as done.
    ///
    /// - Parameter timeout: how long to wait for an item; nil for no limit, zero or less to try once.
    /// - Throws: `ProcessGetError`. An item that cannot be decoded counts as done.
    public func get(timeout: Duration? = nil) throws(ProcessGetError) -> Element {
        do {
            return try elements.get(timeout, before: claim)
        } catch {
            if case .undecodable = error { _ = claims.finish() }
            throw error
        }
    }

    /// Takes the item that was put first, if there is one. This thread has to report it as done.
    ///
    /// - Throws: as `get(timeout:)`.
    public func tryGet() throws(ProcessGetError) -> Element { try get(timeout: .zero) }

    /// Gets an item, lets `body` work with it, and reports it as done, whether `body` returns or throws.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for an item; nil for no limit, zero or less to try once.
    ///   - body: gets the item.
    /// - Returns: what `body` returned.
    /// - Throws: `ProcessGetError` as `get(timeout:)`, or what `body` threw.
    public func withItem<Result: ~Copyable>(
        timeout: Duration? = nil, _ body: (Element) throws -> Result
    ) throws -> Result {
        let element = try get(timeout: timeout)
        defer { _ = claims.finish() }
        return try body(element)
    }

    /// Says that the work with one item that this thread has got is finished.
    ///
    /// - Throws: `TaskDoneError.calledTooOften` if this thread has no item.
    public func taskDone() throws(TaskDoneError) {
        guard claims.finish() else { throw .calledTooOften }
    }

    /// Waits until every item that was put has been reported as done. Items that are put meanwhile are waited for, too.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once. Python's has none.
    /// - Returns: false if the timeout passed before that.
    /// - Throws: `QueueJoinError.abandoned` once for each one who ended with items. They do not count any more: put
    ///   them again, if they are to be done, and join again. `QueueJoinError.ownItems` if this thread has items itself
    ///   and gave no timeout.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(QueueJoinError) -> Bool {
        let deadline = Deadline(after: timeout)
        let ring = elements.ring
        if deadline.moment == nil {
            // It would wait for itself, for ever.
            let own = claims.ownCount
            if own > 0 { throw .ownItems(own) }
        }
        while pendingCount > 0 {
            if let slot = claims.busy {
                let settle = { () -> Bool in
                    // One that died with the lock of consumers had not got its last item.
                    guard ring.lockGetting(until: deadline) else { return false }
                    ring.getLock.release()
                    return true
                }
                guard let left = claims.wait(for: slot, until: deadline, settle: settle) else {
                    return pendingCount == 0
                }
                if left.items > 0 { throw .abandoned(items: left.items, by: left.owner) }
                continue
            }
            if deadline.isImmediate { return pendingCount == 0 }
            // All of them are still in the queue. Whoever gets one has this lock, and so sees that somebody sleeps.
            guard ring.lockGetting(until: deadline) else { return pendingCount == 0 }
            let isNews = claims.busy != nil || pendingCount == 0
            if !isNews { joiner.store(1) }
            ring.getLock.release()
            if !isNews, !joiner.wait(while: 1, until: deadline.nanoseconds) { return pendingCount == 0 }
        }
        return true
    }

    /// How many items were put and are not done. By the time the caller looks at the answer it may be wrong.
    public var pendingCount: Int {
        let done = claims.done
        return Int(elements.ring.put.value &- done)
    }

    /// How many elements are in the queue at this moment. By the time the caller looks at the answer it may be wrong.
    public var count: Int { elements.ring.count }

    /// Whether nothing is in the queue at this moment. By the time the caller looks at the answer it may be wrong.
    public var isEmpty: Bool { count == 0 }

    /// Whether the queue holds as many elements as it can. By the time the caller looks at the answer it may be wrong.
    public var isFull: Bool { count >= elements.ring.limit }

    /// Closes the queue for this process: its later puts and gets throw. Others are not concerned. Twice is once.
    public func close() { elements.leave() }

    /// Closes the queue for all processes, as `ProcessQueue.shutdown()` does.
    public func shutdown() { elements.ring.shutDown() }

    /// Closes the queue for all processes, and takes out what nobody has got if that is asked for; it counts as done.
    ///
    /// - Returns: what was taken out, in the order in which it would have been got.
    @discardableResult
    public func shutdown(immediate: Bool) -> [Element] {
        shutdown()
        var left: [Element] = []
        while immediate {
            do {
                left.append(try tryGet())
                _ = claims.finish()
            } catch {
                // What cannot be decoded is out as well, and nobody's.
                if case .undecodable = error { continue }
                break
            }
        }
        return left
    }

    /// Whether the queue was shut down. Once true, it stays true.
    public var isShutDown: Bool { elements.ring.isClosed }

    /// With the lock of consumers held.
    private func claim(_ number: UInt32) -> Bool {
        guard claims.add(number) else { return false }
        if joiner.value != 0 { joiner.change(.set(0)) }
        return true
    }
}
