import Linux
import Synchronization

/// A variable of which every thread has its own value: Python's `threading.local`.
///
///     let buffer = ThreadLocal { [UInt8](repeating: 0, count: 4096) }
///     buffer.withValue { $0[0] = 1 }            // this thread's; another thread sees 0
///
/// A thread's value is made when the thread first asks for it, and let go when the thread ends or the variable is gone,
/// whichever comes first. For tasks of Swift concurrency, which change threads as they like, use `TaskLocal` instead.
///
/// - Complexity: an access takes one uncontended lock and one look into a hash table, O(1).
public final class ThreadLocal<Value>: Sendable {
    private let id = LocalID.next()
    private let initial: @Sendable () -> Value

    /// A variable whose value in each thread is at first what `initial` returns there.
    ///
    /// `initial` runs once in each thread, the first time that the thread uses the variable.
    public init(_ initial: @escaping @Sendable () -> Value) {
        self.initial = initial
    }

    deinit {
        for thread in ThreadRegistry.all { thread.locals.remove(id) }
    }

    /// Runs `body` with the calling thread's value.
    ///
    /// - Returns: what `body` returned.
    /// - Throws: what `body` threw; the value stays as it was left.
    /// - Precondition: `body` does not use the same variable otherwise.
    public func withValue<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(&box.value)
    }

    /// The calling thread's value.
    public var value: Value {
        get { box.value }
        set { box.value = newValue }
    }

    /// The calling thread's own place. No other thread ever touches what is in it.
    private var box: Box {
        let thread = ThreadRegistry.current
        // The identity names the type, too: it was made by this variable.
        if let box = thread.locals.value(of: id) { return unsafe unsafeDowncast(box, to: Box.self) }
        // Without any lock, because it may use other variables of the same kind.
        let box = Box(initial())
        thread.locals.set(box, for: id)
        return box
    }

    private final class Box {
        var value: Value
        init(_ value: Value) { self.value = value }
    }
}

/// What names a thread-local variable; never used again.
struct LocalID: Hashable, Sendable {
    private let number: UInt64
    private static let made = Atomic<UInt64>(0)

    static func next() -> LocalID { LocalID(number: made.wrappingAdd(1, ordering: .relaxed).newValue) }
}

/// The values that one thread has of all thread-local variables. Only a variable that goes away looks in from another
/// thread, hence the lock.
struct LocalValues: ~Copyable, Sendable {
    private let boxes = Guarded<[LocalID: AnyObject]>([:])

    borrowing func value(of id: LocalID) -> AnyObject? { boxes.withLock { $0[id] } }

    borrowing func set(_ box: AnyObject, for id: LocalID) { boxes.withLock { $0[id] = box } }

    /// Lets a value go; outside of the lock, because its deinit may do anything.
    borrowing func remove(_ id: LocalID) {
        let box = boxes.withLock { $0.removeValue(forKey: id) }
        withExtendedLifetime(box) {}
    }

    /// Lets everything go, also what the deinits of the values make anew.
    borrowing func removeAll() {
        for _ in 0..<4 {
            let all = boxes.withLock { boxes in
                defer { boxes = [:] }
                return boxes
            }
            if all.isEmpty { return }
        }
    }
}
