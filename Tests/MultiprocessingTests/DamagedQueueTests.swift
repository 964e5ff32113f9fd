import Linux
@testable import Multiprocessing
import Testing
import Threading
import ToolkitTesting

/// Queues whose memory somebody has written over: an error, and neither a crash nor somebody else's memory.
@Suite(.leavesNothing, .watchdog) struct DamagedQueueTests {
    private func makeRing(messages: Int) throws -> MessageRing {
        let ring = try MessageRing(.queue, limit: 4, bytes: 4096, extra: 0)
        for _ in 0..<messages { #expect(put(ring) == .done) }
        return ring
    }

    private func put(_ ring: MessageRing) -> MessageRing.Outcome {
        [1, 2, 3].withUnsafeBytes { ring.put($0, until: Deadline(after: .zero)) }
    }

    private func get(_ ring: MessageRing) -> MessageRing.Outcome {
        ring.get(into: MessageRing.Scratch(), until: Deadline(after: .zero))
    }

    /// Both copies of a side's position.
    private func overwrite(_ ring: MessageRing, _ side: Int, _ position: UInt64) {
        for copy in 1...2 { ring.region.place(side + 8 * copy, as: UInt64.self).pointee = position }
    }

    @Test(arguments: [.max, .max - 7, 1 << 63, 1 << 62, 3, 4097]) func `positions that lead nowhere are noticed`(
        _ position: UInt64
    ) throws {
        let consumed = try makeRing(messages: 2)
        overwrite(consumed, MessageRing.Offset.got, position)
        #expect(get(consumed) == .damaged)
        #expect(put(consumed) == .damaged)
        let produced = try makeRing(messages: 2)
        overwrite(produced, MessageRing.Offset.put, position)
        #expect(put(produced) == .damaged)
    }

    @Test(arguments: [5, 1 << 31, .max]) func `a count of messages that cannot be is noticed`(_ count: UInt32) throws {
        let ring = try makeRing(messages: 0)
        ring.put.store(count)
        #expect(get(ring) == .damaged)
        #expect(put(ring) == .damaged)
    }
}
