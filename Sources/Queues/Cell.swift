/// A value in memory of its own, which a queue's lock guards.
///
/// A stored property of a class would do, but for the check at each access that nobody else has it: the lock sees to
/// that, and the check costs as much as the lock.
@usableFromInline @safe internal struct Cell<Value: ~Copyable>: ~Copyable {
    /// Only to be followed with the lock held.
    @usableFromInline internal let value: UnsafeMutablePointer<Value>

    @inlinable internal init(_ initial: consuming Value) {
        unsafe value = .allocate(capacity: 1)
        unsafe value.initialize(to: initial)
    }

    @inlinable deinit {
        unsafe value.deinitialize(count: 1)
        unsafe value.deallocate()
    }
}
