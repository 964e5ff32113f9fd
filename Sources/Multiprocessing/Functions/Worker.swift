import CLinux
import Linux
import Threading

/// The entry of a program into its life as a worker.
///
///     // main.swift
///     try Worker.begin([square, collect])
///     // the ordinary program
///
/// A program that starts processes executes itself once more, and the copy must not do what the program does. So this
/// is the first statement of the program: before any thread, and before anything is read or written. Python's
/// `if __name__ == "__main__"` and `freeze_support`.
public enum Worker {
    /// Says who is meant, and by which descriptor it hears from its parent: `worker:3`.
    static let marker = "ROOST_MULTIPROCESSING"
    /// The number of the only descriptor beside the standard streams that is inherited.
    static let controlNumber: Int32 = 3

    enum Role: String {
        case worker
        case forkserver
    }

    /// Returns at once in the ordinary program. In a worker it does not return: it runs the function that it was
    /// started for, and ends.
    ///
    /// - Parameter functions: all that workers of this program may be told to run.
    /// - Throws: `FunctionError.duplicate` if two have the same name.
    public static func begin(_ functions: [any RemoteCallable]) throws(FunctionError) {
        let registry = try FunctionRegistry(functions)
        FunctionRegistry.current = registry
        guard let (role, control) = takeRole() else { return }
        switch role {
        case .worker: WorkerLife.run(Connection(control), registry)
        case .forkserver: Zygote.run(control, registry)
        }
    }

    /// What this process was started as; nil for an ordinary program. The mark is removed, so that what this process
    /// executes is not taken for a worker.
    private static func takeRole() -> (Role, SharedDescriptor)? {
        guard let value = unsafe getenv(marker) else { return nil }
        let words = unsafe String(cString: value).split(separator: ":")
        unsafe unsetenv(marker)
        guard words.count == 2, let role = Role(rawValue: String(words[0])), let number = Int32(words[1]) else {
            return nil
        }
        // Somebody may have kept the variable, but not the socket.
        var kind: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(number, SOL_SOCKET, SO_TYPE, &kind, &size) == 0,
            kind == Int32(SOCK_SEQPACKET.rawValue), roost_fcntl(number, F_SETFD, Int(FD_CLOEXEC)) == 0
        else { return nil }
        return (role, SharedDescriptor(OwnedDescriptor(adopting: number)))
    }
}
