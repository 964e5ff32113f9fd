import Linux
import Synchronization

/// A variable of which every thread has its own value: Python's `threading.local`.
///
///     let buffer = ThreadLocal { [UInt8](repeating: 0, count: 4096) }
///     buffer.withValue { $0[0] = 1 }            // this thread's; another thread sees 0
///
/// A thread's value is made when the thread first asks for it. It is let go in its own thread: when the thread ends, or
/// when the variable is gone and the thread uses any variable of this kind. For tasks of Swift concurrency, which
/// change threads as they like, use `TaskLocal` instead.
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
        // The values of other threads are theirs, and may be in use there at this moment. They let them go themselves.
        for thread in ThreadRegistry.all { thread.locals.bury(id) }
        ThreadRegistry.current.locals.forgetBuried()
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
        set {
            // The old value goes when nobody looks at the variable any more: its deinit may do so.
            var value = newValue
            swap(&box.value, &value)
        }
    }

    /// The calling thread's own place. No other thread ever touches what is in it.
    private var box: Box {
        let thread = ThreadRegistry.current
        thread.locals.forgetBuried()
        // The identity names the type, too: it was made by this variable.
        if let box = thread.locals.value(of: id) { return unsafe unsafeDowncast(box, to: Box.self) }
        // Without any lock, because it may use other variables of the same kind.
        let value = initial()
        // What made the value may have used this very variable, and then there is one already.
        if let box = thread.locals.value(of: id) { return unsafe unsafeDowncast(box, to: Box.self) }
        let box = Box(value)
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
/// thread, hence the lock; values are let go by their own thread, without it, because their deinits may do anything.
struct LocalValues: ~Copyable, Sendable {
    private struct State {
        var boxes: [LocalID: AnyObject] = [:]
        /// What belonged to variables that are gone.
        var buried: [AnyObject] = []
    }

    private let state = Guarded(State())
    /// Whether there is nothing to forget, for a look without the lock.
    private let hasBuried = Atomic(false)

    borrowing func value(of id: LocalID) -> AnyObject? { state.withLock { $0.boxes[id] } }

    borrowing func set(_ box: AnyObject, for id: LocalID) { state.withLock { $0.boxes[id] = box } }

    /// Puts the value of a variable that is gone where its own thread finds it. Any thread.
    borrowing func bury(_ id: LocalID) {
        state.withLock { state in
            guard let box = state.boxes.removeValue(forKey: id) else { return }
            state.buried.append(box)
            hasBuried.store(true, ordering: .releasing)
        }
    }

    /// Lets go what was buried. Said by the thread itself.
    borrowing func forgetBuried() {
        guard hasBuried.load(ordering: .acquiring) else { return }
        let buried = state.withLock { state in
            defer { state.buried = [] }
            hasBuried.store(false, ordering: .relaxed)
            return state.buried
        }
        withExtendedLifetime(buried) {}
    }

    /// Lets everything go, also what the deinits of the values make anew. Said by the thread itself.
    borrowing func removeAll() {
        for _ in 0..<4 {
            let all = state.withLock { state in
                defer { state = State() }
                return state
            }
            if all.boxes.isEmpty && all.buried.isEmpty { return }
        }
    }
}
