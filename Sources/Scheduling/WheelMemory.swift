/// Memory for elements of a plain kind. What it points to is owned and freed by its `owner`, and by nothing else.
///
/// Accesses are checked in debug builds only: positions come from the wheel itself, never from a caller.
@safe
struct PlainMemory<Element: BitwiseCopyable> {
    @safe private final class Owner {
        let base: UnsafeMutablePointer<Element>

        init(capacity: Int) { unsafe base = .allocate(capacity: capacity) }

        deinit { unsafe base.deallocate() }
    }

    private let owner: Owner
    private let base: UnsafeMutablePointer<Element>
    let capacity: Int

    init(capacity: Int = 0) {
        owner = Owner(capacity: capacity)
        unsafe base = owner.base
        self.capacity = capacity
    }

    init(repeating element: Element, count: Int) {
        self.init(capacity: count)
        unsafe base.update(repeating: element, count: count)
    }

    subscript(index: Int) -> Element {
        @inline(__always) get {
            assert(index >= 0 && index < capacity)
            return unsafe base[index]
        }
        @inline(__always) nonmutating set {
            assert(index >= 0 && index < capacity)
            unsafe base[index] = newValue
        }
    }

    /// Moves the content into memory of its own, with room for `capacity` elements.
    mutating func move(to capacity: Int) {
        let old = self
        self = PlainMemory(capacity: capacity)
        unsafe base.update(from: old.base, count: min(old.capacity, capacity))
        // The pointer does not keep its owner.
        withExtendedLifetime(old.owner) {}
    }

    /// Makes room for one more than `count` elements, for good measure twice as many.
    @inline(__always)
    mutating func grow(beyond count: Int, atLeast least: Int) {
        if count == capacity { move(to: max(least, 2 * capacity)) }
    }
}

/// The memory of a wheel.
///
/// Arrays would ask at each access whether they are shared, several times for each timer that moves; a wheel asks once
/// an operation, and then makes a copy of all of this.
@usableFromInline
struct WheelMemory {
    static let slots = 8 * 64
    /// Entries are handed out to slots in chunks of this many.
    static let chunk = 16

    /// What the timers carry, and which generation of its index each is of. An entry or a name of an earlier generation
    /// is of a timer that fired or was cancelled.
    @usableFromInline var table: TimerTable
    /// The indices that were freed, the next to be taken again at the end.
    var freed = PlainMemory<UInt32>()

    /// The chunks of all slots.
    var entries = PlainMemory<TimerEntry>()
    /// For each chunk in use the end of the chunk below it in its slot, 0 for the lowest; otherwise the next free one.
    var links = PlainMemory<UInt32>()
    /// For each slot the position behind its last timer; 0 for an empty slot.
    var ends = PlainMemory<UInt32>(repeating: 0, count: WheelMemory.slots)

    /// Timers that came out of the wheel together, the first to fire at the end.
    var batch = PlainMemory<TimerEntry>()

    /// Before anything is changed: a copy of this wheel must not see it. All parts are shared, or none is.
    @inline(__always)
    mutating func makeUnique() {
        if !table.isUnique() { copy() }
    }

    init(table: TimerTable) { self.table = table }

    private mutating func copy() {
        table.copy()
        freed.move(to: freed.capacity)
        entries.move(to: entries.capacity)
        links.move(to: links.capacity)
        ends.move(to: ends.capacity)
        batch.move(to: batch.capacity)
    }
}
