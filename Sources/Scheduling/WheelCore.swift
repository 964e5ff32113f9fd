/// All of a timer wheel but its payloads: when which timer fires. `TimerWheel` explains how it works.
///
/// It is not generic, so that it is compiled once and fast, whatever a client's wheel carries.
@usableFromInline
struct WheelCore {
    /// Which timer was meant: a place, and how often that place had been used.
    @usableFromInline
    struct Name: Hashable, Sendable {
        @usableFromInline let index: UInt32
        @usableFromInline let generation: UInt32
    }

    /// The number of timers that have neither fired nor been cancelled.
    @usableFromInline private(set) var count = 0

    @usableFromInline private(set) var memory: WheelMemory
    /// How many indices have ever been taken, and how many of them were freed.
    private(set) var indices = 0
    private(set) var freed = 0
    /// How many timers somebody wants room for, come what may.
    private var reserved = 0
    /// Where the generations of an index begin.
    private var firstGeneration: UInt32 = 0
    private var insertions: UInt64 = 0

    /// Every timer with a tick up to this one is due. Every later one is in a slot, but for a few of the next slot.
    private(set) var currentTick: UInt64
    private(set) var due = DueTimers()
    private(set) var slots = WheelSlots()
    /// How many entries in slots or due are of cancelled timers.
    private(set) var cancelled = 0
    /// The earliest timer in the slots, if it is known.
    private(set) var earliestInSlots: TimerEntry?

    @usableFromInline
    init(now: Int64, _ owner: TimerTableOwner) {
        currentTick = TimerEntry.tick(of: now)
        memory = WheelMemory(table: TimerTable(owner))
    }

    @inline(__always)
    func isLive(_ entry: TimerEntry) -> Bool { memory.table[generation: Int(entry.index)] == entry.generation }

    // MARK: - Setting and cancelling

    /// - Returns: what names the timer, and whether its payload is to be initialized rather than assigned.
    @usableFromInline
    mutating func insert(_ deadline: Int64, _ priority: Int16) -> (name: Name, isNew: Bool) {
        memory.makeUnique()
        let isNew = freed == 0
        let name = take()
        let biased = UInt64(UInt16(bitPattern: priority) ^ 0x8000)
        let key = (biased &<< 48) | (insertions & 0xFFFF_FFFF_FFFF)
        insertions &+= 1
        let entry = TimerEntry(deadline: deadline, key: key, index: name.index, generation: name.generation)
        if entry.tick > currentTick {
            slots.push(entry, to: WheelSlots.number(of: entry.tick, after: currentTick), &memory)
            // An unknown earliest stays unknown; a known one can only get earlier.
            if let known = earliestInSlots, entry < known { earliestInSlots = entry }
        } else {
            due.insert(entry)
        }
        return (name, isNew)
    }

    /// Whether the timer had been waiting. Its entry stays where it is until its turn, or until there are many such.
    @usableFromInline
    mutating func cancel(_ name: Name) -> Bool {
        guard name.index < indices, memory.table[generation: Int(name.index)] == name.generation else { return false }
        memory.makeUnique()
        release(name.index)
        cancelled &+= 1
        if let known = earliestInSlots, known.index == name.index { earliestInSlots = nil }
        if !due.isEmpty { dropCancelledDue() }
        if cancelled > 64, cancelled > 2 &* count { dropCancelled() }
        return true
    }

    // MARK: - Firing

    /// The deadline of the timer that fires first.
    @usableFromInline
    mutating func nextDeadline() -> Int64? {
        while let next = slots.next(after: currentTick) {
            let first = due.first(memory)
            if let first, first.tick < next.start { return first.deadline }
            if let earliestInSlots { return min(earliestInSlots.deadline, first?.deadline ?? .max) }
            memory.makeUnique()
            if isDrawable(next) {
                draw(next)
            } else {
                findEarliest(in: next)
            }
        }
        return due.first(memory)?.deadline
    }

    /// Takes the first timer whose deadline is at or before `now`.
    @usableFromInline
    mutating func popDue(_ now: Int64) -> (deadline: Int64, index: UInt32)? {
        advance(to: TimerEntry.tick(of: now))
        guard let first = due.first(memory), first.deadline <= now else { return nil }
        memory.makeUnique()
        due.removeFirst(memory)
        release(first.index)
        if cancelled > 0 { dropCancelledDue() }
        return (first.deadline, first.index)
    }

    /// Goes on, at most to `tick`, until the first timer of all is due, or none is.
    @inline(__always)
    private mutating func advance(to tick: UInt64) {
        while let next = slots.next(after: currentTick), next.start <= tick {
            let first = due.first(memory)
            if let first, first.tick < next.start { return }
            memory.makeUnique()
            if isDrawable(next) {
                draw(next)
                continue
            }
            if earliestInSlots == nil { findEarliest(in: next) }
            guard let earliest = earliestInSlots else { continue }
            if let first, first < earliest { return }
            // Nothing is earlier, so no tick before it need be looked at.
            currentTick = min(earliest.tick, tick)
            empty(next.number)
        }
        currentTick = max(currentTick, tick)
    }

    /// Whether a slot holds so little that it is best sorted at once, whether the time of its timers has come or not.
    @inline(__always)
    private func isDrawable(_ slot: WheelSlots.Slot) -> Bool {
        due.batchCount <= WheelMemory.chunk && slots.isShort(slot.number, memory)
    }

    /// Moves the few timers of the next slot to those that are sorted. The current tick stays: what is set from now on
    /// may be earlier than they are.
    private mutating func draw(_ slot: WheelSlots.Slot) {
        earliestInSlots = nil
        while let entry = slots.pop(from: slot.number, memory) {
            if isLive(entry) { due.insertIntoBatch(entry, &memory) } else { cancelled &-= 1 }
        }
    }

    /// Finds the earliest timer of the next slot, or empties it if all of its timers were cancelled. Complexity: O(n).
    private mutating func findEarliest(in slot: WheelSlots.Slot) {
        var earliest: TimerEntry?
        var limit = Int64.max
        slots.forEach(in: slot.number, memory) { entry in
            // Whether it was cancelled is asked only where it matters.
            guard entry.deadline <= limit, isLive(entry) else { return }
            if let other = earliest, other < entry { return }
            earliest = entry
            limit = entry.deadline
        }
        earliestInSlots = earliest
        if earliest != nil { return }
        while slots.pop(from: slot.number, memory) != nil { cancelled &-= 1 }
    }

    /// Moves what is in a slot to where it belongs, seen from the current tick.
    private mutating func empty(_ slot: Int) {
        earliestInSlots = nil
        // Many timers of one tick are sorted faster than they go through a heap one by one.
        let makesBatch = due.batchCount == 0
        while let entry = slots.pop(from: slot, memory) {
            let isLive = isLive(entry)
            cancelled &-= isLive ? 0 : 1
            if entry.tick > currentTick {
                slots.push(entry, to: WheelSlots.number(of: entry.tick, after: currentTick), if: isLive, &memory)
            } else if !isLive {
                continue
            } else if makesBatch {
                due.addToBatch(entry, &memory)
            } else {
                due.insert(entry)
            }
        }
        if makesBatch { due.sortBatch(memory) }
        giveBackChunks()
    }

    /// Sees to it that the first due timer is a live one.
    @inline(__always)
    private mutating func dropCancelledDue() {
        while let first = due.first(memory), !isLive(first) {
            due.removeFirst(memory)
            cancelled &-= 1
        }
    }

    /// Drops all entries of cancelled timers. Complexity: O(n), at most once for n cancellations.
    private mutating func dropCancelled() {
        let memory = memory
        let isLive = { (entry: TimerEntry) in memory.table[generation: Int(entry.index)] == entry.generation }
        due.removeAll(memory, except: isLive)
        slots.removeAll(memory, except: isLive)
        cancelled = 0
        giveBackChunks()
    }

    /// All timers that wait, in the order in which they fire. Complexity: O(n log n).
    var waiting: [TimerEntry] {
        var entries: [TimerEntry] = []
        entries.reserveCapacity(count)
        due.forEach(memory) { if isLive($0) { entries.append($0) } }
        for slot in slots.occupiedSlots {
            slots.forEach(in: slot, memory) { if isLive($0) { entries.append($0) } }
        }
        entries.sort { $0 < $1 }
        return entries
    }

    // MARK: - Memory

    /// Makes room for `capacity` timers, and keeps it.
    mutating func reserve(_ capacity: Int) {
        memory.makeUnique()
        reserved = max(reserved, capacity)
        memory.table.reserve(capacity)
        if memory.freed.capacity < capacity { memory.freed.move(to: capacity) }
        let chunks = capacity / WheelMemory.chunk
        if memory.links.capacity < chunks {
            memory.links.move(to: chunks)
            memory.entries.move(to: chunks * WheelMemory.chunk)
        }
    }

    /// After a burst: packs what is left into new memory if that is a small part of the old.
    @inline(__always)
    private mutating func giveBackChunks() {
        if slots.chunks > 64 + reserved / (WheelMemory.chunk / 4), slots.chunksInUse < slots.chunks / 8 { pack() }
    }

    private mutating func pack() {
        let old = memory
        memory.entries = PlainMemory()
        memory.links = PlainMemory()
        memory.ends = PlainMemory(repeating: 0, count: WheelMemory.slots)
        var packed = WheelSlots()
        slots.drain(old) { packed.push($0, to: $1, &memory) }
        slots = packed
    }

    /// Starts anew when the last timer is gone, if there were many. No old name may name a new timer.
    private mutating func giveBackAll() {
        // Each insertion has raised the generation of one index by two at most.
        firstGeneration = UInt32(truncatingIfNeeded: 2 &* insertions)
        memory.table.removeAll()
        memory = WheelMemory(table: memory.table)
        slots = WheelSlots()
        due = DueTimers()
        earliestInSlots = nil
        indices = 0
        freed = 0
        cancelled = 0
    }

    // MARK: - Indices

    @inline(__always)
    private mutating func take() -> Name {
        count &+= 1
        guard freed > 0 else {
            precondition(indices < Int(UInt32.max), "a wheel holds fewer than 2³² timers")
            memory.table.append(indices)
            memory.table[generation: indices] = firstGeneration &+ 1
            indices &+= 1
            return Name(index: UInt32(truncatingIfNeeded: indices &- 1), generation: firstGeneration &+ 1)
        }
        freed &-= 1
        let index = memory.freed[freed]
        let generation = memory.table[generation: Int(index)] &+ 1
        memory.table[generation: Int(index)] = generation
        return Name(index: index, generation: generation)
    }

    @inline(__always)
    private mutating func release(_ index: UInt32) {
        memory.table[generation: Int(index)] &+= 1
        memory.freed.grow(beyond: freed, atLeast: 16)
        memory.freed[freed] = index
        freed &+= 1
        count &-= 1
    }

    /// After the payload of a timer was taken out.
    @usableFromInline
    mutating func giveBackIfEmpty() {
        if count == 0, indices > max(4096, reserved) { giveBackAll() }
    }
}
