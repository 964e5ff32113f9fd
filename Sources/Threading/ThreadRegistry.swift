import Glibc
import Linux
import Synchronization

/// All threads that are known and have not ended.
enum ThreadRegistry {
    private struct State: ~Copyable {
        var live: [ThreadID: ThreadRecord] = [:]
        var named = 0
    }

    /// The record of each thread, which the thread itself finds at once.
    private static let ownRecord = ThreadSpecific<Membership>()
    private static let state = Guarded(State())
    static let main = makeMain()

    private static func makeMain() -> ThreadRecord {
        let record = ThreadRecord(kind: .main, name: "main", isDetachedAtExit: false)
        // On Linux the main thread's number is that of the process.
        record.begin(nativeID: getpid())
        return record
    }

    /// The record of the calling thread; that of a foreign one is made now.
    static var current: ThreadRecord {
        if let membership = ownRecord.value { return membership.record }
        if KernelThread.id == getpid() {
            ownRecord.set(Membership(main))
            return main
        }
        let record = ThreadRecord(kind: .foreign, name: KernelThread.name, isDetachedAtExit: true)
        record.begin(nativeID: KernelThread.id)
        add(record)
        ownRecord.set(Membership(record))
        return record
    }

    /// In the order in which they were made, the main thread first.
    static var all: [ThreadRecord] {
        [main] + state.withLock { $0.live.values.sorted { $0.id < $1.id } }
    }

    static func add(_ record: ThreadRecord) { state.withLock { $0.live[record.id] = record } }

    static func remove(_ record: ThreadRecord) { state.withLock { _ = $0.live.removeValue(forKey: record.id) } }

    /// What a thread is called that was given no name.
    static func nextName() -> String {
        state.withLock { state in
            state.named += 1
            return "Thread-\(state.named)"
        }
    }

    /// Said by a new thread of our own before anything else.
    static func enter(_ record: ThreadRecord) {
        ownRecord.set(Membership(record))
        record.begin(nativeID: KernelThread.id)
    }

    /// Ends the record when its thread ends, also of one that another library made.
    private final class Membership: Sendable {
        let record: ThreadRecord

        init(_ record: ThreadRecord) { self.record = record }

        deinit {
            // Our own threads have said goodbye already, before anybody was told of their end, unless foreign code
            // ended them with pthread_exit.
            if record.hasEnded || record.kind == .main { return }
            // The deinits of values may ask who they are: still the same thread.
            let again = Membership(record)
            ThreadRegistry.ownRecord.set(again)
            record.locals.removeAll()
            ThreadRegistry.remove(record)
            record.end()
        }
    }
}

/// A value that is only touched with its lock held.
struct Guarded<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let lock = FutexLock()
    private let cell: Cell

    private final class Cell {
        var value: Value
        init(_ value: consuming Value) { self.value = value }
    }

    init(_ value: consuming sending Value) { cell = Cell(value) }

    borrowing func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock.acquire()
        defer { lock.release() }
        return try body(&cell.value)
    }
}
