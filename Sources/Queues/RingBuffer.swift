/// A buffer that grows, and that gives and takes at both ends: a deque whose elements need not be copyable.
///
/// It is raw memory, because it is read and written with the queue's lock held and must be quick then. What is in the
/// slots from `head` on, `count` of them, is initialized, and nothing else. It may be sent to other threads because all
/// elements in it were sent to the queue.
///
/// - Complexity: adding and removing take O(1), amortized.
@usableFromInline @safe internal struct RingBuffer<Element: ~Copyable>: ~Copyable, @unchecked Sendable {
    @usableFromInline internal var slots: UnsafeMutablePointer<Element>
    /// A power of two.
    @usableFromInline internal var capacity: Int
    @usableFromInline internal var head = 0
    @usableFromInline internal var count = 0

    @usableFromInline internal static var leastCapacity: Int { 16 }

    @inlinable internal init() {
        capacity = Self.leastCapacity
        unsafe slots = .allocate(capacity: capacity)
    }

    @inlinable deinit {
        for offset in 0..<count { unsafe slot(offset).deinitialize(count: 1) }
        unsafe slots.deallocate()
    }

    /// The place of the element at `offset` from the front.
    @inlinable internal func slot(_ offset: Int) -> UnsafeMutablePointer<Element> {
        unsafe slots + ((head &+ offset) & (capacity &- 1))
    }

    @inlinable internal mutating func append(_ element: consuming Element) {
        if count == capacity { resize(to: capacity * 2) }
        unsafe slot(count).initialize(to: element)
        count &+= 1
    }

    /// - Precondition: there is one.
    @inlinable internal mutating func removeFirst() -> Element {
        let element = unsafe slot(0).move()
        head = (head &+ 1) & (capacity &- 1)
        count &-= 1
        shrinkIfRoomy()
        return element
    }

    /// - Precondition: there is one.
    @inlinable internal mutating func removeLast() -> Element {
        count &-= 1
        let element = unsafe slot(count).move()
        shrinkIfRoomy()
        return element
    }

    /// Drops the last slot, whose element was moved away.
    @inlinable internal mutating func forgetLast() {
        count &-= 1
        shrinkIfRoomy()
    }

    /// Gives memory back after a burst, late enough that a queue which goes up and down does not grow each time.
    @inlinable internal mutating func shrinkIfRoomy() {
        if count &<< 3 < capacity, capacity > 1024 { resize(to: capacity / 2) }
    }

    @inlinable @inline(never) internal mutating func resize(to newCapacity: Int) {
        let newSlots = UnsafeMutablePointer<Element>.allocate(capacity: newCapacity)
        let untilEnd = min(count, capacity - head)
        unsafe newSlots.moveInitialize(from: slots + head, count: untilEnd)
        unsafe (newSlots + untilEnd).moveInitialize(from: slots, count: count - untilEnd)
        unsafe slots.deallocate()
        unsafe slots = newSlots
        capacity = newCapacity
        head = 0
    }
}
