import Linux
import Threading

/// A flag for which threads of several processes can wait: Python's `multiprocessing.Event`.
///
///     let ready = try SharedEvent()           // pass it to other processes like any value
///     ready.wait()                            // one process
///     ready.set()                             // another one
///
/// Setting it releases every thread that waits at that moment, even if the flag is cleared again before they run: a
/// pulse is never lost. It has no lock, so neither a signal handler nor a process that is killed can hold anybody up.
public final class SharedEvent: Codable, Sendable {
    private let region: SharedRegion
    /// The lowest bit is the flag; the others count how often it was cleared. So the word differs from what a waiter
    /// has seen as soon as the flag was set in between, and setting is one bit, which the kernel can set by itself.
    private let word: SharedFutex

    private static let size = 64

    /// An event that is not set.
    ///
    /// - Throws: `SharedMemoryError` if there are no descriptors or no memory left.
    public init() throws(SharedMemoryError) {
        region = try SharedRegion(.event, size: SharedEvent.size)
        word = SharedFutex(in: region, at: SharedRegion.labelSize)
    }

    /// Receives an event from another process.
    ///
    /// - Throws: if the decoder carries no descriptors, or this one is of something else.
    public init(from decoder: any Decoder) throws {
        region = try SharedRegion(from: decoder, .event, size: { _ in SharedEvent.size })
        word = SharedFutex(in: region, at: SharedRegion.labelSize)
    }

    /// Passes the event to another process.
    ///
    /// - Throws: if the encoder carries no descriptors.
    public func encode(to encoder: any Encoder) throws { try region.encode(to: encoder) }

    /// Whether the flag is set at this moment.
    public var isSet: Bool { SharedEvent.flag(word.value) }

    /// Sets the flag and releases all threads that wait. Async-signal-safe.
    public func set() {
        if !isSet { word.change(.union(1)) }
    }

    /// Clears the flag; who waits from now on waits until it is set again. Async-signal-safe.
    public func clear() {
        while true {
            let before = word.value
            if !SharedEvent.flag(before) || word.exchange(before, for: (before & ~1) &+ 2) { return }
        }
    }

    /// Waits until the flag is set.
    ///
    /// - Parameter timeout: how long to wait; nil for no limit, zero or less to look once.
    /// - Returns: true if the flag was set, at the beginning or at any time during the wait; false if the timeout
    ///   passed before.
    @discardableResult
    public func wait(timeout: Duration? = nil) -> Bool {
        let before = word.value
        if SharedEvent.flag(before) { return true }
        let deadline = Deadline(after: timeout)
        if deadline.isImmediate { return false }
        if Spinning.spin(until: { word.value != before }) { return true }
        while word.value == before {
            if !word.wait(while: before, until: deadline.nanoseconds) { return word.value != before }
        }
        return true
    }

    private static func flag(_ word: UInt32) -> Bool { word & 1 == 1 }
}
