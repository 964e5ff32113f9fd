import CLinux
import Linux
import Subprocesses
import Threading

/// The processes that this one has started and whose end nobody has noticed yet.
enum Children {
    private static let list = Monitor<[Process]>([])
    /// How long those that die with this process may take to end by themselves.
    private static let grace = Duration.seconds(1)

    /// Makes the end of this program care for them; once.
    private static let isInstalled: Bool = atexit { Children.end() } == 0
    /// The process that has started some: a copy of it that C code has made becomes that when it does so itself.
    private static let home = HomeProcess()

    /// Collects those that have ended, and cares for what must be there before the next one.
    static func prepare() {
        _ = isInstalled
        home.settle()
        _ = running
    }

    static func add(_ process: Process) { list.withLock { $0.append(process) } }

    static func remove(_ process: Process) { list.withLock { $0.removeAll { $0 === process } } }

    static var running: [Process] {
        let all = list.withLock { $0 }
        // Outside the lock, since each that has ended leaves the list by itself.
        return all.filter(\.isAlive)
    }

    /// What an ordinary end of the program does: asks those to end that die with it, and waits for them and for those
    /// that it is to wait for. Another thread than the main one waits for none; they may be waiting for it.
    private static func end() {
        guard home.isHere else { return }
        // A copy that has started some has those of the original in its list, too.
        let ours = running.filter { $0.parentPid == getpid() }
        let dying = ours.filter { $0.lifetime == .diesWithParent }
        for process in dying { _ = try? process.terminate() }
        guard KernelThread.id == getpid() else { return }
        let deadline = Deadline(after: grace)
        for process in dying where process.handle.wait(until: deadline) == nil { _ = try? process.kill() }
        for process in ours where process.lifetime == .joined { _ = process.handle.wait(until: Deadline(after: nil)) }
    }
}

/// What the kernel knows of this process.
enum KernelProcess {
    static var id: Int32 { getpid() }
}
