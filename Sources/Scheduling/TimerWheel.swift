/// A hierarchical timer wheel with exact order: many timers, cheap to set and cheap to cancel.
///
/// Timers fire by deadline, then by priority (lower first), then in the order of insertion, exactly as Python's
/// `sched` orders its events. The wheel has no clock: the caller passes the time in, so that simulated time is as
/// good as real time.
///
/// Far timers wait in a wheel of 8 levels × 64 slots, one tick being 2²⁰ ns (about a millisecond); when their tick
/// comes they move to a small heap that knows nanoseconds. Everything in the wheel is later than everything in the
/// heap, which makes the order exact without making the slots fine. After Varghese & Lauck, "Hashed and Hierarchical
/// Timing Wheels", scheme 7.
///
/// - Complexity: `insert` and `cancel` are O(1) for a timer beyond the current tick. Expiry moves a timer at most
///   eight times, then costs O(log n) in the timers of one tick. No operation visits empty ticks.
public struct TimerWheel<Payload> {
    /// Names one timer that was inserted. A handle of a timer that fired or was cancelled is stale, and harmless.
    public struct Handle: Hashable, Sendable {
        fileprivate let index: UInt32
        fileprivate let generation: UInt32
    }

    private struct Node {
        var deadline: Int64 = 0
        var key: UInt64 = 0
        /// The neighbours in the slot; `next` also chains the free nodes.
        var next = TimerWheel.none
        var previous = TimerWheel.none
        /// Counts the uses of this node, so that an old handle does not name a new timer.
        var generation: UInt32 = 0
        var place = Place.free
    }

    private enum Place: Equatable {
        case free
        case due
        /// In the wheel, at `level * 64 + slot`.
        case slot(UInt16)
    }

    private static var levels: Int { 8 }
    private static var none: UInt32 { .max }

    /// The number of timers that have neither fired nor been cancelled.
    public private(set) var count = 0

    /// The tick up to which everything has been moved into `due`.
    private var currentTick: UInt64
    private var due = DueHeap()
    private var cancelledInDue = 0

    private var nodes: [Node] = []
    private var payloads: [Payload?] = []
    private var firstFree = TimerWheel.none
    private var insertions: UInt64 = 0

    /// The first node of each slot, and one bit a slot to find the next one without looking.
    private var heads = [UInt32](repeating: TimerWheel.none, count: TimerWheel.levels * 64)
    private var occupied = [UInt64](repeating: 0, count: TimerWheel.levels)
    /// The earliest deadline in the wheel proper, if it is known.
    private var earliestInWheel: Int64?

    /// An empty wheel whose time starts at `now`.
    public init(now: Instant = .origin) {
        currentTick = Self.tick(of: now.nanoseconds)
    }

    /// Whether no timer is waiting.
    public var isEmpty: Bool { count == 0 }

    /// Sets a timer. A deadline in the past is due at once, in its right place among the other due timers.
    ///
    /// - Parameter priority: decides among equal deadlines; lower fires first.
    /// - Returns: what `cancel` needs.
    public mutating func insert(_ payload: Payload, at deadline: Instant, priority: Int16 = 0) -> Handle {
        let index = allocate()
        let biased = UInt64(UInt16(bitPattern: priority) ^ 0x8000)
        nodes[Int(index)].deadline = deadline.nanoseconds
        nodes[Int(index)].key = (biased << 48) | (insertions & 0xFFFF_FFFF_FFFF)
        payloads[Int(index)] = payload
        insertions += 1
        count += 1
        place(index)
        return Handle(index: index, generation: nodes[Int(index)].generation)
    }

    /// Removes a timer that has not fired yet.
    ///
    /// - Returns: its payload, or nil when the handle is stale.
    @discardableResult
    public mutating func cancel(_ handle: Handle) -> Payload? {
        guard handle.index < nodes.count, nodes[Int(handle.index)].generation == handle.generation else { return nil }
        switch nodes[Int(handle.index)].place {
        case .free:
            return nil
        case .due:
            cancelledInDue += 1
        case .slot(let slot):
            unlink(handle.index, from: Int(slot))
            if earliestInWheel == nodes[Int(handle.index)].deadline { earliestInWheel = nil }
        }
        let payload = release(handle.index)
        if cancelledInDue > 16, cancelledInDue > due.count / 2 { dropCancelled() }
        return payload
    }

    /// The deadline of the timer that will fire first, exact to the nanosecond; nil when there is none.
    ///
    /// - Complexity: O(1) when nothing changed, otherwise O(n) in the timers of one slot.
    public mutating func nextDeadline() -> Instant? {
        if let first = firstDue() { return Instant(nanoseconds: first.deadline) }
        if let earliestInWheel { return Instant(nanoseconds: earliestInWheel) }
        guard let slot = nextSlot() else { return nil }
        var earliest = Int64.max
        var index = heads[slot.position]
        while index != Self.none {
            earliest = min(earliest, nodes[Int(index)].deadline)
            index = nodes[Int(index)].next
        }
        earliestInWheel = earliest
        return Instant(nanoseconds: earliest)
    }

    /// Takes the first timer whose deadline is at or before `now`; nil when nothing is due.
    ///
    /// One at a time, because acting on a timer may set another that must fire before those already due.
    public mutating func popDue(at now: Instant) -> (deadline: Instant, payload: Payload)? {
        if firstDue() == nil { advance(to: Self.tick(of: now.nanoseconds)) }
        guard let first = firstDue(), first.deadline <= now.nanoseconds else { return nil }
        due.removeFirst()
        guard let payload = release(first.index) else { preconditionFailure("a due timer has no payload") }
        return (Instant(nanoseconds: first.deadline), payload)
    }
}

extension TimerWheel: Sendable where Payload: Sendable {}

// MARK: - The wheel

extension TimerWheel {
    private struct Slot {
        let position: Int
        /// The first tick that this slot covers.
        let start: UInt64
    }

    /// Maps signed nanoseconds to ticks so that order is kept and nothing is negative.
    private static func tick(of nanoseconds: Int64) -> UInt64 {
        (UInt64(bitPattern: nanoseconds) ^ (1 << 63)) >> 20
    }

    /// Puts a node where its deadline belongs, seen from the current tick.
    private mutating func place(_ index: UInt32) {
        let node = nodes[Int(index)]
        let tick = Self.tick(of: node.deadline)
        guard tick > currentTick else {
            nodes[Int(index)].place = .due
            let entry = DueHeap.Entry(
                deadline: node.deadline, key: node.key, index: index, generation: node.generation)
            due.insert(entry)
            return
        }
        // The highest digit (base 64) in which the two ticks differ is the level.
        let level = (63 - (tick ^ currentTick).leadingZeroBitCount) / 6
        let slot = Int(tick >> UInt64(6 * level)) & 63
        link(index, into: level * 64 + slot)
        // An unknown minimum stays unknown; a known one can only get earlier.
        if let known = earliestInWheel { earliestInWheel = min(known, node.deadline) }
    }

    /// The slot that comes next: the lowest occupied level's lowest slot. A slot of a lower level is always earlier.
    private func nextSlot() -> Slot? {
        for level in 0..<Self.levels where occupied[level] != 0 {
            let slot = occupied[level].trailingZeroBitCount
            let shift = UInt64(6 * level)
            let start = ((currentTick >> (shift + 6)) << (shift + 6)) | (UInt64(slot) << shift)
            return Slot(position: level * 64 + slot, start: start)
        }
        return nil
    }

    /// Moves every timer up to `tick` into `due`, from slot to slot.
    private mutating func advance(to tick: UInt64) {
        while let slot = nextSlot(), slot.start <= tick {
            currentTick = slot.start
            earliestInWheel = nil
            var index = heads[slot.position]
            heads[slot.position] = Self.none
            occupied[slot.position / 64] &= ~(1 << UInt64(slot.position % 64))
            while index != Self.none {
                let next = nodes[Int(index)].next
                place(index)
                index = next
            }
        }
        // No occupied slot starts in between, so each node keeps its level.
        currentTick = max(currentTick, tick)
    }

    private mutating func link(_ index: UInt32, into position: Int) {
        let head = heads[position]
        nodes[Int(index)].place = .slot(UInt16(position))
        nodes[Int(index)].previous = Self.none
        nodes[Int(index)].next = head
        if head != Self.none { nodes[Int(head)].previous = index }
        heads[position] = index
        occupied[position / 64] |= 1 << UInt64(position % 64)
    }

    private mutating func unlink(_ index: UInt32, from position: Int) {
        let node = nodes[Int(index)]
        if node.next != Self.none { nodes[Int(node.next)].previous = node.previous }
        if node.previous != Self.none {
            nodes[Int(node.previous)].next = node.next
        } else {
            heads[position] = node.next
            if node.next == Self.none { occupied[position / 64] &= ~(1 << UInt64(position % 64)) }
        }
    }

    /// The first live due timer; cancelled ones that surface are dropped on the way.
    private mutating func firstDue() -> DueHeap.Entry? {
        while let first = due.first {
            if nodes[Int(first.index)].generation == first.generation { return first }
            due.removeFirst()
            cancelledInDue -= 1
        }
        return nil
    }

    private mutating func dropCancelled() {
        due.removeAll { nodes[Int($0.index)].generation != $0.generation }
        cancelledInDue = 0
    }

    private mutating func allocate() -> UInt32 {
        guard firstFree == Self.none else {
            let index = firstFree
            firstFree = nodes[Int(index)].next
            return index
        }
        precondition(nodes.count < Int(Self.none), "a wheel holds fewer than 2³² timers")
        nodes.append(Node())
        payloads.append(nil)
        return UInt32(nodes.count - 1)
    }

    /// Frees a node and takes its payload out, so that whatever the payload holds is let go at once.
    private mutating func release(_ index: UInt32) -> Payload? {
        let payload = payloads[Int(index)].take()
        nodes[Int(index)].generation &+= 1
        nodes[Int(index)].place = .free
        nodes[Int(index)].next = firstFree
        firstFree = index
        count -= 1
        return payload
    }
}
