import Linux
import Synchronization

/// What names a thread for good: a number that no other thread of this process ever gets.
public struct ThreadID: Hashable, Comparable, Sendable, CustomStringConvertible {
    let number: UInt64

    private static let made = Atomic<UInt64>(0)

    /// A number that was never given before.
    static func next() -> ThreadID {
        ThreadID(number: made.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Threads that were made earlier order first.
    public static func < (left: ThreadID, right: ThreadID) -> Bool { left.number < right.number }

    /// The number.
    public var description: String { "\(number)" }
}

/// A thread of this process, as others see it.
///
/// It stays valid when the thread has ended, and says so.
public struct ThreadInfo: Hashable, Identifiable, Sendable, CustomStringConvertible {
    let record: ThreadRecord

    /// What names this thread; unlike the kernel's number it is never given to another one.
    public var id: ThreadID { record.id }

    /// The number by which the kernel knows the thread (`gettid`), as in `ps -L` and `/proc/PID/task`.
    ///
    /// For a thread that was made a moment ago this waits until it runs; it is -1 for one that the system refused after
    /// all. When the thread has ended, the kernel may give the number to another one.
    public var nativeID: Int32 { record.nativeID() }

    /// The thread's name, which need not be the only one of its kind.
    ///
    /// The kernel shows the first 15 bytes of it, without half characters and only up to a NUL, in `ps -L` and
    /// debuggers.
    public var name: String {
        get { record.name }
        nonmutating set { record.rename(newValue) }
    }

    /// Whether this is the thread in which the program began.
    public var isMain: Bool { record.kind == .main }

    /// Whether the thread has not yet ended. The main thread never ends before the program.
    public var isAlive: Bool { !record.hasEnded }

    /// Whether the end of the program does not wait for this thread.
    public var isDetachedAtExit: Bool { record.isDetachedAtExit }

    /// The name and the numbers.
    public var description: String { "\(name) (thread \(id))" }

    /// Two values are equal when they are about the same thread.
    public static func == (left: ThreadInfo, right: ThreadInfo) -> Bool { left.record === right.record }

    /// Feeds the thread's identity into the hasher.
    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// Everything that is known of one thread.
final class ThreadRecord: Sendable {
    enum Kind: Sendable {
        /// The thread in which the program began.
        case main
        /// Made by `Thread`.
        case own
        /// Made by somebody else, and seen when it first asked who it is.
        case foreign
    }

    let id = ThreadID.next()
    let kind: Kind
    let isDetachedAtExit: Bool
    private let lock = FutexLock()
    private nonisolated(unsafe) var givenName: String
    private let native = Futex(0)
    private let ended = Event()
    /// The thread's values of all `ThreadLocal`s.
    let locals = LocalValues()

    init(kind: Kind, name: String, isDetachedAtExit: Bool) {
        self.kind = kind
        unsafe givenName = name
        self.isDetachedAtExit = isDetachedAtExit
    }

    var name: String { lock.withLock { unsafe givenName } }

    var hasEnded: Bool { ended.isSet }

    /// What a thread that this one makes inherits. Threads of other libraries, such as those of a pool, say nothing
    /// about what the program wants.
    var childrenAreDetachedAtExit: Bool { kind == .own && isDetachedAtExit }

    func rename(_ name: String) {
        lock.withLock {
            unsafe givenName = name
            // A thread that has not begun will say its name to the kernel itself.
            guard let number = knownNativeID, number > 0, !hasEnded else { return }
            KernelThread.setName(name, of: number)
        }
    }

    /// Said by the thread itself, when it has begun.
    func tellKernelName() {
        lock.withLock { KernelThread.setName(unsafe givenName) }
    }

    private var knownNativeID: Int32? {
        let number = native.word.load(ordering: .acquiring)
        return number == 0 ? nil : Int32(bitPattern: number)
    }

    /// Waits for the thread to begin, if it must.
    func nativeID() -> Int32 {
        while true {
            if let number = knownNativeID { return number }
            native.wait(while: 0)
        }
    }

    /// Said by the thread itself, or for it.
    func begin(nativeID: Int32) {
        native.word.store(UInt32(bitPattern: nativeID), ordering: .releasing)
        native.wakeAll()
    }

    /// Said by the thread itself, last of all.
    func end() { ended.set() }

    func waitForEnd(timeout: Duration?) -> Bool { ended.wait(timeout: timeout) }
}
