/// Which slots of a wheel hold timers, and how they are reached: 8 levels of 64, each a stack of timers in chunks.
///
/// A slot is no linked list, because timers that are set one after the other lie all over memory: moving a slot to the
/// level below is then one cache miss a timer. And it is no array of its own, because 512 arrays that grow and shrink
/// ask for memory all the time. All chunks of all slots are in one memory, and whichever becomes empty serves the next.
struct WheelSlots: Sendable {
    private static let none: UInt32 = .max

    private var firstFree = WheelSlots.none
    /// How many chunks have ever been used, and how many are.
    private(set) var chunks = 0
    private(set) var chunksInUse = 0
    /// One bit a slot, and one bit a level, to find the next one without looking.
    private var occupied = InlineArray<8, UInt64>(repeating: 0)
    private var occupiedLevels: UInt8 = 0

    /// Where a slot is, and what it covers.
    struct Slot {
        let number: Int
        /// The first and the last tick of its range.
        let start: UInt64
        let end: UInt64
    }

    /// The slot that comes next: the lowest occupied level's lowest slot. A slot of a lower level is always earlier.
    @inline(__always)
    func next(after tick: UInt64) -> Slot? {
        guard occupiedLevels != 0 else { return nil }
        let level = occupiedLevels.trailingZeroBitCount
        let place = occupied[level].trailingZeroBitCount
        let shift = UInt64(truncatingIfNeeded: 6 &* level)
        let start = ((tick &>> (shift &+ 6)) &<< (shift &+ 6)) | (UInt64(truncatingIfNeeded: place) &<< shift)
        return Slot(number: level &* 64 &+ place, start: start, end: start | ((1 &<< shift) &- 1))
    }

    /// The number of the slot of a tick that is later than the current one: its level is the highest digit, base 64, in
    /// which they differ. It stays the same while the current tick goes on, up to the moment when the slot is emptied.
    @inline(__always)
    static func number(of tick: UInt64, after current: UInt64) -> Int {
        let level = (63 &- UInt32(truncatingIfNeeded: (tick ^ current).leadingZeroBitCount)) / 6
        let place = (tick &>> UInt64(truncatingIfNeeded: 6 &* level)) & 63
        return Int(truncatingIfNeeded: level &* 64) &+ Int(truncatingIfNeeded: place)
    }

    /// Puts a timer on top of a slot.
    @inline(__always)
    mutating func push(_ entry: TimerEntry, to slot: Int, _ memory: inout WheelMemory) {
        var end = Int(memory.ends[slot])
        if end % WheelMemory.chunk == 0 { end = openChunk(above: end, in: slot, &memory) }
        memory.entries[end] = entry
        memory.ends[slot] = UInt32(truncatingIfNeeded: end &+ 1)
    }

    /// Puts a timer on top of a slot if it is alive. The processor cannot guess which ones are, so there is no branch:
    /// this writes the timer, and counts it or not.
    @inline(__always)
    mutating func push(_ entry: TimerEntry, to slot: Int, if isLive: Bool, _ memory: inout WheelMemory) {
        var end = Int(memory.ends[slot])
        if end % WheelMemory.chunk == 0 {
            guard isLive else { return }
            end = openChunk(above: end, in: slot, &memory)
        }
        memory.entries[end] = entry
        memory.ends[slot] = UInt32(truncatingIfNeeded: end &+ (isLive ? 1 : 0))
    }

    /// Takes the topmost timer of a slot; nil if it is empty.
    @inline(__always)
    mutating func pop(from slot: Int, _ memory: WheelMemory) -> TimerEntry? {
        let end = memory.ends[slot]
        guard end > 0 else { return nil }
        let last = Int(end &- 1)
        if last % WheelMemory.chunk == 0 {
            closeChunk(last / WheelMemory.chunk, of: slot, memory)
        } else {
            memory.ends[slot] = UInt32(truncatingIfNeeded: last)
        }
        return memory.entries[last]
    }

    /// Whether a slot that is not empty fits in one chunk.
    @inline(__always)
    func isShort(_ slot: Int, _ memory: WheelMemory) -> Bool {
        memory.links[Int(memory.ends[slot] &- 1) / WheelMemory.chunk] == 0
    }

    private mutating func closeChunk(_ chunk: Int, of slot: Int, _ memory: WheelMemory) {
        let below = memory.links[chunk]
        memory.ends[slot] = below
        memory.links[chunk] = firstFree
        firstFree = UInt32(truncatingIfNeeded: chunk)
        chunksInUse &-= 1
        guard below == 0 else { return }
        let level = slot / 64
        occupied[level] &= ~(1 &<< UInt64(slot % 64))
        if occupied[level] == 0 { occupiedLevels &= ~(1 &<< UInt8(truncatingIfNeeded: level)) }
    }

    private mutating func openChunk(above end: Int, in slot: Int, _ memory: inout WheelMemory) -> Int {
        if end == 0 {
            occupied[slot / 64] |= 1 &<< UInt64(slot % 64)
            occupiedLevels |= 1 &<< UInt8(truncatingIfNeeded: slot / 64)
        }
        chunksInUse &+= 1
        var chunk = Int(firstFree)
        if firstFree != Self.none {
            firstFree = memory.links[chunk]
        } else {
            chunk = chunks
            memory.links.grow(beyond: chunk, atLeast: 4)
            memory.entries.grow(beyond: chunk * WheelMemory.chunk, atLeast: 4 * WheelMemory.chunk)
            chunks += 1
        }
        memory.links[chunk] = UInt32(truncatingIfNeeded: end)
        return chunk &* WheelMemory.chunk
    }

    /// Calls `body` with each timer of a slot.
    @inline(__always)
    func forEach(in slot: Int, _ memory: WheelMemory, _ body: (TimerEntry) -> Void) {
        var end = Int(memory.ends[slot])
        while end > 0 {
            let chunk = (end &- 1) / WheelMemory.chunk
            var position = chunk &* WheelMemory.chunk
            while position < end {
                body(memory.entries[position])
                position &+= 1
            }
            end = Int(memory.links[chunk])
        }
    }

    /// How many chunks are free to be used again.
    func freeChunks(_ memory: WheelMemory) -> Int {
        sequence(state: firstFree) { next in
            guard next != Self.none else { return nil as UInt32? }
            defer { next = memory.links[Int(next)] }
            return next
        }.reduce(0) { count, _ in count + 1 }
    }

    /// The numbers of all slots that hold timers.
    var occupiedSlots: [Int] { occupiedLevels == 0 ? [] : (0..<WheelMemory.slots).filter(isOccupied) }

    func isOccupied(_ slot: Int) -> Bool { occupied[slot / 64] & (1 &<< UInt64(slot % 64)) != 0 }

    /// Keeps only what `isLive` holds for. Complexity: O(n).
    mutating func removeAll(_ memory: WheelMemory, except isLive: (TimerEntry) -> Bool) {
        for slot in occupiedSlots {
            var end = Int(memory.ends[slot])
            while end > 0 {
                let chunk = (end - 1) / WheelMemory.chunk
                // Read now: the chunk may have become free by the time it is done.
                let below = Int(memory.links[chunk])
                for position in (chunk * WheelMemory.chunk..<end).reversed() where !isLive(memory.entries[position]) {
                    let top = Int(memory.ends[slot]) - 1
                    // All above is alive already, so the topmost may fill the gap.
                    if let last = pop(from: slot, memory), top != position { memory.entries[position] = last }
                }
                end = below
            }
        }
    }

    /// Empties all slots; `body` gets each timer, and where it was.
    mutating func drain(_ memory: WheelMemory, _ body: (TimerEntry, Int) -> Void) {
        for slot in occupiedSlots {
            while let entry = pop(from: slot, memory) { body(entry, slot) }
        }
    }
}
