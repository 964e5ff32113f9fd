import CLinux
import Linux
import Synchronization

/// A page of memory that a pool shares with one worker, so that both know at every moment which task has begun.
///
/// Tasks are numbered in the order in which the worker gets them. The worker begins with task *n* by taking the word
/// `next` from *n* to *n* + 1, in one step. The pool takes back all that has not begun by setting it to the number of
/// the next task that it will send: the worker will find the others' numbers passed, and skip them. And when the worker
/// has died, the word says whether it had begun.
@safe final class ClaimPage: @unchecked Sendable {
    let file: SharedDescriptor
    @unsafe private let base: UnsafeMutableRawPointer
    private static let size = 4096

    /// A new page.
    init() throws(SystemError) {
        let raw = try retrying("make a file in memory") { unsafe roost_memory_file("pool") }
        file = SharedDescriptor(OwnedDescriptor(adopting: raw))
        _ = try retrying("make room in a file in memory") { ftruncate(raw, off_t(ClaimPage.size)) }
        // Nobody can take the memory away from under the other one.
        _ = try retrying("seal a file in memory") {
            roost_fcntl(raw, F_ADD_SEALS, Int(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW))
        }
        unsafe base = try ClaimPage.map(raw)
    }

    /// The page that somebody else has made.
    init(of file: SharedDescriptor) throws(SystemError) {
        self.file = file
        unsafe base = try ClaimPage.map(file.descriptor.raw)
    }

    deinit { unsafe munmap(base, ClaimPage.size) }

    private static func map(_ raw: Int32) throws(SystemError) -> UnsafeMutableRawPointer {
        let start = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0)
        guard let start = unsafe start, unsafe start != UnsafeMutableRawPointer(bitPattern: -1) else {
            throw SystemError.last("map a page of memory")
        }
        return unsafe start
    }

    @unsafe private func word(_ number: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        // Each has a cache line of its own. Memory of a new file is zero, as the words are at first.
        unsafe (base + number * 64).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    // MARK: The worker

    /// Begins with a task.
    ///
    /// - Returns: false if it was taken back.
    func claim(_ serial: UInt64) -> Bool {
        unsafe word(0).pointee.compareExchange(
            expected: serial, desired: serial + 1, ordering: .sequentiallyConsistent
        ).exchanged
    }

    /// Whether a task that runs was asked to stop.
    func isStopped(_ serial: UInt64) -> Bool { unsafe word(1).pointee.load(ordering: .relaxed) == serial + 1 }

    // MARK: The pool

    /// Takes back what has not begun.
    ///
    /// - Parameter next: the number of the next task that will be sent.
    /// - Returns: the number of the first one that has not begun.
    func recall(next: UInt64) -> UInt64 { unsafe word(0).pointee.exchange(next, ordering: .sequentiallyConsistent) }

    /// The number of the first task that has not begun.
    var next: UInt64 { unsafe word(0).pointee.load(ordering: .sequentiallyConsistent) }

    /// Asks a task to stop, if it runs.
    func stop(_ serial: UInt64) { unsafe word(1).pointee.store(serial + 1, ordering: .relaxed) }
}
