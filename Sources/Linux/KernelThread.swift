import CLinux

/// Threads as the kernel and the C library know them.
package enum KernelThread {
    /// The number by which the kernel knows the calling thread; that of the main thread is the pid.
    package static var id: Int32 { gettid() }

    /// The smallest stack that a thread can have, in bytes: what the C library needs, and room for Swift to start up
    /// and to print an error.
    package static var minimumStackSize: Int { max(Int(sysconf(Int32(_SC_THREAD_STACK_MIN))) + (48 << 10), 64 << 10) }

    /// Runs `body` with every signal blocked on this thread; a thread that is started in it inherits that.
    package static func withAllSignalsBlocked<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        return try body()
    }

    /// Starts a thread that nobody joins: the kernel frees it when `body` has returned.
    ///
    /// - Parameter stackSize: in bytes, at least `minimumStackSize`, rounded up to whole pages; nil for the C library's
    ///   default, which follows `ulimit -s`.
    /// - Throws: `EAGAIN` when the user or the machine may have no more threads, or memory is short.
    package static func start(
        stackSize: Int? = nil, _ body: sending @escaping () -> Void
    ) throws(SystemError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stackSize {
            let page = sysconf(Int32(_SC_PAGESIZE))
            let (sum, overflow) = stackSize.addingReportingOverflow(page - 1)
            let refusal = overflow ? EINVAL : unsafe pthread_attr_setstacksize(&attributes, sum / page * page)
            if refusal != 0 { throw SystemError("give a thread a stack of", "\(stackSize) bytes", errno: refusal) }
        }
        let start = unsafe Unmanaged.passRetained(Start(body))
        var thread = pthread_t()
        let refusal = unsafe pthread_create(&thread, &attributes, enter, start.toOpaque())
        if refusal != 0 {
            unsafe start.release()
            throw SystemError("start a thread", errno: refusal)
        }
    }

    /// The name that `ps -L` and debuggers show for the calling thread, up to 15 bytes.
    package static func setName(_ name: String) {
        let shown = fitting(name)
        // The kernel refuses only what is longer.
        unsafe shown.withCString { _ = roost_prctl(PR_SET_NAME, UInt(bitPattern: $0), 0, 0, 0) }
    }

    /// The same for another thread of this process. Does nothing if it has ended.
    package static func setName(_ name: String, of thread: Int32) {
        let raw = unsafe roost_open("/proc/self/task/\(thread)/comm", O_WRONLY, 0)
        guard raw >= 0 else { return }
        let file = OwnedDescriptor(adopting: raw)
        var shown = fitting(name)
        shown.withUTF8 { _ = unsafe write(file.raw, $0.baseAddress, $0.count) }
    }

    /// The calling thread's name in the kernel.
    package static var name: String {
        // The kernel fills in up to 16 bytes, the last of which is 0.
        var buffer: (UInt64, UInt64) = (0, 0)
        return unsafe withUnsafeMutableBytes(of: &buffer) { buffer in
            _ = roost_prctl(PR_GET_NAME, UInt(bitPattern: buffer.baseAddress), 0, 0, 0)
            return unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// As much of a name as the kernel takes: 15 bytes, up to a NUL, and no half of a character.
    package static func fitting(_ name: String) -> String {
        var shown = ""
        for character in name.prefix(while: { $0 != "\0" }) {
            guard shown.utf8.count + character.utf8.count <= 15 else { break }
            shown.append(character)
        }
        return shown
    }
}

/// What a new thread is to do, on its way there.
private final class Start: Sendable {
    private nonisolated(unsafe) let body: () -> Void

    init(_ body: sending @escaping () -> Void) { unsafe self.body = body }

    func run() { unsafe body() }
}

private func enter(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let start = unsafe start else { return nil }
    unsafe Unmanaged<Start>.fromOpaque(start).takeRetainedValue().run()
    return nil
}
