import CLinux
import Linux
import Synchronization
import Threading

/// A ring of messages in shared memory: what all queues between processes are made of.
///
/// Producers share one robust lock and consumers another, so that the two sides get into each other's way only where
/// they must. A message is in the ring as soon as the count of those put goes up, which is the last thing that its
/// producer does; one that is killed before has put nothing, and whoever comes next writes over it. In the same way a
/// message is there until the count of those got goes up.
///
/// Positions count bytes from the beginning of time; in the ring they are taken modulo its size. It is mapped twice in
/// a row, so every message is in one piece. There are two of each position, of which the count chooses one: so a count
/// and its position change at once.
@safe final class MessageRing: @unchecked Sendable {
    /// What becomes of a try.
    enum Outcome: Equatable {
        case done
        /// Nothing to get, or no room.
        case notNow
        case closed
        case damaged
        /// The one who gets may not.
        case refused
    }

    /// Where messages land before they are decoded. Kept and used again, so that its memory is warm.
    final class Scratch {
        var bytes = GrowingBytes()
    }

    /// Where things are, from the region's label. What different sides write is in different lines of the cache.
    enum Offset {
        static let putLock = 64
        static let getLock = 128
        static let putTurn = 192
        static let getTurn = 256
        static let put = 320
        static let got = 384
        static let closed = 448
        /// Those who use the ring for more keep their things from here on.
        static let extra = 512
    }

    /// Before each message: its length, or that the next one is at the beginning of the ring.
    private static let headerSize = 8
    private static let skip: UInt64 = .max
    /// As much of the ring is used again and again while consumers keep up, so that it stays in the cache.
    static let hot = 256 << 10
    /// Beyond that, an empty ring gives its memory back.
    static let kept = 8 << 20

    let region: SharedRegion
    /// The most messages, and the most bytes.
    let limit: Int
    let size: Int
    let putLock: RobustMutex
    let getLock: RobustMutex
    let putTurn: RobustMutex
    let getTurn: RobustMutex
    /// How many were put and got. Each is the word that its own side changes last.
    let put: SharedFutex
    let got: SharedFutex
    let closed: SharedFutex
    /// 1 while a consumer, or a producer, sleeps on it. Set to 1 and back with the other side's lock held.
    let itemSleeper: SharedFutex
    let roomSleeper: SharedFutex
    let ring: UnsafeMutableRawPointer
    /// What those who use the ring for more do, with the lock of consumers held, after one has died with it. Set before
    /// the ring is used.
    var afterDeathOfConsumer: (() -> Void)?

    /// - Parameters:
    ///   - limit: how many messages it holds at most.
    ///   - bytes: how many bytes; rounded up to pages. Memory is taken as it is used.
    ///   - extra: how much room besides.
    init(_ kind: SharedRegion.Kind, limit: Int, bytes: Int, extra: Int) throws(SharedMemoryError) {
        guard bytes >= 1 else { throw .notPositive(bytes) }
        guard bytes <= MessageRing.largest else {
            throw .refused(operation: "make a queue of \(bytes) bytes", errno: ENOMEM)
        }
        let size = SharedRegion.roundToPage(bytes)
        let shape = SharedRegion.Shape(first: UInt64(limit), second: UInt64(size), third: UInt64(extra))
        let head = MessageRing.headSize(extra)
        let region = try SharedRegion(kind, size: head, shape: shape, ring: size, sparse: true)
        self.region = region
        self.limit = limit
        self.size = size
        (putLock, getLock) = (
            RobustMutex(in: region, at: Offset.putLock), RobustMutex(in: region, at: Offset.getLock)
        )
        (putTurn, getTurn) = (
            RobustMutex(in: region, at: Offset.putTurn), RobustMutex(in: region, at: Offset.getTurn)
        )
        (put, got) = (SharedFutex(in: region, at: Offset.put), SharedFutex(in: region, at: Offset.got))
        itemSleeper = SharedFutex(in: region, at: Offset.put + 4)
        roomSleeper = SharedFutex(in: region, at: Offset.got + 4)
        closed = SharedFutex(in: region, at: Offset.closed)
        unsafe ring = region.start + SharedRegion.roundToPage(SharedRegion.labelSize + head)
        for lock in [putLock, getLock, putTurn, getTurn] { try lock.make() }
    }

    init(from decoder: any Decoder, _ kind: SharedRegion.Kind, extra: Int) throws {
        let region = try SharedRegion(
            from: decoder, kind,
            size: { shape in
                guard shape.third == UInt64(extra), (1...UInt64(Int32.max)).contains(shape.first),
                    (1...UInt64(MessageRing.largest)).contains(shape.second),
                    shape.second % UInt64(SharedRegion.pageSize) == 0
                else { return nil }
                return MessageRing.headSize(extra)
            }, ring: { Int($0.second) })
        self.region = region
        limit = Int(region.shape.first)
        size = Int(region.shape.second)
        (putLock, getLock) = (
            RobustMutex(in: region, at: Offset.putLock), RobustMutex(in: region, at: Offset.getLock)
        )
        (putTurn, getTurn) = (
            RobustMutex(in: region, at: Offset.putTurn), RobustMutex(in: region, at: Offset.getTurn)
        )
        (put, got) = (SharedFutex(in: region, at: Offset.put), SharedFutex(in: region, at: Offset.got))
        itemSleeper = SharedFutex(in: region, at: Offset.put + 4)
        roomSleeper = SharedFutex(in: region, at: Offset.got + 4)
        closed = SharedFutex(in: region, at: Offset.closed)
        unsafe ring = region.start + SharedRegion.roundToPage(SharedRegion.labelSize + MessageRing.headSize(extra))
    }

    /// 1 TiB: the addresses of a process have room for a few of them.
    private static let largest = 1 << 40
    private static func headSize(_ extra: Int) -> Int { Offset.extra - SharedRegion.labelSize + extra }

    /// The longest message.
    var longest: Int { size - MessageRing.headerSize }

    /// How many messages are in the ring. By the time the caller looks at the answer it may be wrong.
    var count: Int { max(0, Int(Int32(bitPattern: put.value &- got.value))) }

    var isClosed: Bool { closed.value != 0 }

    // MARK: - Putting, with the lock of producers held

    /// Writes a message and counts it, if there is room.
    func write(_ message: UnsafeRawBufferPointer) -> Outcome {
        if isClosed { return .closed }
        let count = put.value
        let tail = position(Offset.put, count)
        let (head, waiting) = headSeenByProducer(count)
        let need = MessageRing.recordSize(message.count)
        guard (0...limit).contains(waiting), isSound(tail), isSound(head), tail >= head, tail - head <= UInt64(size)
        else { return .damaged }
        if waiting == limit { return .notNow }
        var start = tail
        let offset = Int(tail % UInt64(size))
        if waiting == 0, offset >= max(MessageRing.hot, need) {
            // Nobody is behind: begin again at the front, where the memory is warm. The skip is put with the message.
            unsafe (ring + offset).storeBytes(of: MessageRing.skip, as: UInt64.self)
            start = tail + UInt64(size - offset)
        }
        guard start + UInt64(need) - head <= UInt64(size) else { return .notNow }
        let place = unsafe ring + Int(start % UInt64(size))
        unsafe place.storeBytes(of: UInt64(message.count), as: UInt64.self)
        if message.count > 0 {
            unsafe (place + MessageRing.headerSize).copyMemory(from: message.baseAddress!, byteCount: message.count)
        }
        noteExtent(start, need)
        setPosition(Offset.put, count &+ 1, start + UInt64(need))
        commit(put, waking: itemSleeper)
        return .done
    }

    // MARK: - Getting, with the lock of consumers held

    /// Takes the oldest message out.
    ///
    /// - Parameter before: what to do once the message was copied, before it counts as got; gets its number. If it
    ///   returns false the message stays.
    func read(into scratch: Scratch, before: (UInt32) -> Bool) -> Outcome {
        // Closed before the count: what was put before the queue was closed is seen here.
        let isClosed = isClosed
        let count = got.value
        let waiting = Int(Int32(bitPattern: put.value &- count))
        if waiting == 0 { return isClosed ? .closed : .notNow }
        var head = position(Offset.got, count)
        guard (1...limit).contains(waiting), isSound(head) else { return .damaged }
        if length(at: head) == MessageRing.skip { head += UInt64(size) - head % UInt64(size) }
        let length = length(at: head)
        guard length <= UInt64(longest) else { return .damaged }
        let place = unsafe ring + Int(head % UInt64(size)) + MessageRing.headerSize
        scratch.bytes.truncate(to: 0)
        unsafe scratch.bytes.append(UnsafeRawBufferPointer(start: place, count: Int(length)))
        guard before(count &+ 1) else { return .refused }
        setPosition(Offset.got, count &+ 1, head + UInt64(MessageRing.recordSize(Int(length))))
        commit(got, waking: roomSleeper)
        if put.value == count &+ 1 { giveMemoryBack() }
        return .done
    }

    /// Counts one more. If somebody sleeps for that it is woken in the same step.
    private func commit(_ count: SharedFutex, waking sleeper: SharedFutex) {
        if sleeper.value == 0 {
            count.store(count.value &+ 1)
        } else {
            // It has its word back first, so that one who is about to sleep on it does not. Should this thread die now,
            // whoever gets the lock next wakes the sleeper (`repair`).
            sleeper.store(0)
            count.change(.add(1), on: sleeper)
        }
    }

    /// With both locks held, or tried, nobody uses the memory of an empty ring.
    private func giveMemoryBack() {
        guard extent > UInt64(MessageRing.kept), putLock.tryAcquire().isHeld else { return }
        defer { putLock.release() }
        guard put.value == got.value else { return }
        // A file system without holes keeps the memory: nothing is wrong then.
        let start = SharedRegion.roundToPage(unsafe ring - region.start)
        _ = roost_fallocate(
            region.descriptor.descriptor.raw, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off_t(start), off_t(size))
        extent = 0
    }

    /// How much of the ring may have memory.
    private var extent: UInt64 {
        get { unsafe region.place(Offset.closed + 8, as: Atomic<UInt64>.self).pointee.load(ordering: .relaxed) }
        set {
            unsafe region.place(Offset.closed + 8, as: Atomic<UInt64>.self).pointee
                .store(newValue, ordering: .relaxed)
        }
    }

    private func noteExtent(_ start: UInt64, _ need: Int) {
        let end = min(start % UInt64(size) + UInt64(need), UInt64(size))
        if end > extent { extent = end }
    }

    // MARK: - Positions

    private func length(at position: UInt64) -> UInt64 {
        unsafe (ring + Int(position % UInt64(size))).load(as: UInt64.self)
    }

    /// Whether a position may be one. Others can write over it: nothing that is there may lead beyond the ring,
    /// overflow a sum, or to a number that does not begin at a multiple of its size.
    private func isSound(_ position: UInt64) -> Bool { position % 8 == 0 && position < 1 << 62 }

    private static func recordSize(_ length: Int) -> Int { (headerSize + length + 7) & ~7 }

    private func position(_ side: Int, _ count: UInt32) -> UInt64 {
        unsafe slot(side, count).pointee.load(ordering: .relaxed)
    }

    private func setPosition(_ side: Int, _ count: UInt32, _ position: UInt64) {
        unsafe slot(side, count).pointee.store(position, ordering: .relaxed)
    }

    private func slot(_ side: Int, _ count: UInt32) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe region.place(side + 8 + 8 * Int(count & 1), as: Atomic<UInt64>.self)
    }

    /// The position up to which everything was got, and how many messages are behind it. Consumers go on meanwhile;
    /// the position belongs to the count only if that is the same before and after.
    private func headSeenByProducer(_ put: UInt32) -> (UInt64, Int) {
        while true {
            let count = got.value
            let head = position(Offset.got, count)
            atomicMemoryFence(ordering: .acquiring)
            if got.value == count { return (head, Int(Int32(bitPattern: put &- count))) }
        }
    }
}
