/// What a priority queue keeps: the item that precedes all others is found first, and among equals the one that came
/// first. Items need not be copyable, and comparing them may fail.
///
/// A binary heap whose entries are numbered in the order in which they came. All comparisons are made before anything
/// is moved, so one that throws leaves the heap as it was.
///
/// - Complexity: adding and removing take O(log n) comparisons.
@usableFromInline @safe internal struct StableHeap<Item: ~Copyable>: ~Copyable, @unchecked Sendable {
    @usableFromInline internal struct Entry: ~Copyable {
        @usableFromInline internal let item: Item
        @usableFromInline internal let number: UInt64

        @inlinable internal init(item: consuming Item, number: UInt64) {
            self.item = item
            self.number = number
        }

        @inlinable internal consuming func take() -> Item { item }
    }

    /// Whether one item is to be found before another one, and is no equal of it.
    @usableFromInline internal typealias Order<Failure: Error> = (borrowing Item, borrowing Item) throws(Failure) ->
        Bool

    /// Its first slot is always the front: nothing is ever removed there.
    @usableFromInline internal var entries = RingBuffer<Entry>()
    @usableFromInline internal var nextNumber: UInt64 = 0

    @inlinable internal init() {}

    @inlinable internal var count: Int { entries.count }

    @inlinable internal mutating func insert<Failure: Error>(
        _ item: consuming Item, by precedes: Order<Failure>
    ) throws(Failure) {
        // Down from the root every item precedes the next one; the place is below the last that the new one does not
        // precede. Among equals the new one comes last, so numbers need not be compared.
        var place = count
        while place > 0 {
            let parent = (place - 1) / 2
            if try !precedes(item, unsafe entries.slot(parent).pointee.item) { break }
            place = parent
        }
        var hole = count
        entries.append(Entry(item: item, number: nextNumber))
        nextNumber += 1
        if hole == place { return }
        let entry = unsafe entries.slot(hole).move()
        while hole > place {
            let parent = (hole - 1) / 2
            unsafe entries.slot(hole).moveInitialize(from: entries.slot(parent), count: 1)
            hole = parent
        }
        unsafe entries.slot(hole).initialize(to: entry)
    }

    /// - Precondition: there is one.
    @inlinable internal mutating func removeFirst<Failure: Error>(by precedes: Order<Failure>) throws(Failure) -> Item {
        let last = count - 1
        // The last entry takes the place of the first and sinks: which way, one bit for each level.
        var place = 0
        var turns: UInt64 = 0
        var depth = 0
        while 2 * place + 1 < last {
            var child = 2 * place + 1
            if child + 1 < last, try isBefore(child + 1, child, by: precedes) { child += 1 }
            if try isBefore(last, child, by: precedes) { break }
            // Right children have even numbers.
            turns |= child.isMultiple(of: 2) ? 1 << depth : 0
            depth += 1
            place = child
        }
        if last == 0 { return entries.removeLast().take() }
        let first = unsafe entries.slot(0).move()
        var hole = 0
        for level in 0..<depth {
            let child = 2 * hole + 1 + Int(turns >> level & 1)
            unsafe entries.slot(hole).moveInitialize(from: entries.slot(child), count: 1)
            hole = child
        }
        unsafe entries.slot(hole).moveInitialize(from: entries.slot(last), count: 1)
        entries.forgetLast()
        return first.take()
    }

    @inlinable internal func isBefore<Failure: Error>(
        _ left: Int, _ right: Int, by precedes: Order<Failure>
    ) throws(Failure) -> Bool {
        let left = unsafe entries.slot(left)
        let right = unsafe entries.slot(right)
        if try precedes(unsafe left.pointee.item, unsafe right.pointee.item) { return true }
        guard unsafe left.pointee.number < right.pointee.number else { return false }
        return try !precedes(unsafe right.pointee.item, unsafe left.pointee.item)
    }
}
