import CLinux

/// A system call that failed: which one, on what, and why.
///
/// `description` reads "cannot open /etc/x: Permission denied" and is fit for an operator.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was attempted, as the object of "cannot …": `"open"`, `"bind"`, `"create the directory"`.
    package let operation: String
    /// What it was attempted on (a path, an address), or empty.
    package let subject: String
    /// The errno that the kernel gave.
    package let errno: Int32

    package init(_ operation: String, _ subject: String = "", errno: Int32) {
        self.operation = operation
        self.subject = subject
        self.errno = errno
    }

    /// The failure that the last call left in `errno`. Call it before anything else can overwrite that.
    package static func last(_ operation: String, _ subject: String = "") -> SystemError {
        SystemError(operation, subject, errno: roost_errno())
    }

    package var description: String {
        let object = subject.isEmpty ? "" : " \(subject)"
        return "cannot \(operation)\(object): \(SystemError.text(errno))"
    }

    /// The C library's words for an errno, such as "No such file or directory".
    package static func text(_ errno: Int32) -> String {
        // strerrordesc_np gives a constant, so it is safe from any thread; nil for an unknown number.
        guard let words = unsafe strerrordesc_np(errno) else { return "error \(errno)" }
        return unsafe String(cString: words)
    }

    /// The symbolic name of a signal, such as "SIGTERM" or "SIGRTMIN+3".
    package static func signalName(_ signal: Int32) -> String {
        if let name = unsafe sigabbrev_np(signal) { return "SIG" + (unsafe String(cString: name)) }
        // The C library keeps the first two real-time signals to itself.
        if (34...64).contains(signal) { return signal == 34 ? "SIGRTMIN" : "SIGRTMIN+\(signal - 34)" }
        return "an unknown signal"
    }

    /// What helps against a shortage of descriptors, which any call that opens something may meet; nil for other
    /// reasons.
    package static func shortageAdvice(_ errno: Int32) -> String? {
        switch errno {
        case EMFILE: "raise the limit of open files (ulimit -n)"
        case ENFILE: "the whole machine has too many open files (fs.file-max)"
        default: nil
        }
    }

    /// The symbolic name of an errno, such as "ENOENT".
    package static func name(_ errno: Int32) -> String {
        guard let name = unsafe strerrorname_np(errno) else { return "errno \(errno)" }
        return unsafe String(cString: name)
    }
}

/// Repeats a call that a signal interrupted.
///
/// - Returns: the call's result, at least 0.
/// - Throws: `SystemError` with any errno but `EINTR`.
/// - Important: not for `close`: Linux frees the descriptor even when it says `EINTR`.
package func retrying(
    _ operation: String, _ subject: @autoclosure () -> String = "", _ call: () -> Int32
) throws(SystemError) -> Int32 {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = roost_errno()
        if code != EINTR { throw SystemError(operation, subject(), errno: code) }
    }
}
