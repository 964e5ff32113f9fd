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
        let made = try memoryFile("pool", size: ClaimPage.size, sparse: true)
        unsafe base = try mapShared(made.raw, size: ClaimPage.size).baseAddress!
        file = SharedDescriptor(made)
    }

    /// The page that somebody else has made.
    init(of file: SharedDescriptor) throws(SystemError) {
        guard SealedFile.extent(of: file.descriptor, requiring: .size)?.size == ClaimPage.size else {
            throw SystemError("map a page of memory", errno: EINVAL)
        }
        unsafe base = try mapShared(file.descriptor.raw, size: ClaimPage.size).baseAddress!
        self.file = file
    }

    deinit { unsafe munmap(base, ClaimPage.size) }

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

    /// Asks a task to stop, if it runs. There is one word for all: it holds because a worker runs one task at a time,
    /// and asks for itself (`isStopped`) only with that one's number. With more at a time, one request would undo
    /// another.
    func stop(_ serial: UInt64) { unsafe word(1).pointee.store(serial + 1, ordering: .relaxed) }
}
