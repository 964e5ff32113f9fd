import Linux
import Threading

/// This process, as the library sees it: Python's `current_process()` and `parent_process()`.
public enum CurrentProcess {
    private struct Info {
        var name = "MainProcess"
        var numbers: [Int] = []
        var started = 0
        var method: StartMethod?
        var parent: ParentProcess?
    }

    private static let info = Monitor(Info())

    /// Its name: `MainProcess`, unless it was started by another one.
    public static var name: String { info.withLock { $0.name } }

    /// The process that started it; nil in the main process.
    public static var parent: ParentProcess? { info.withLock { $0.parent } }

    /// How it was started; nil in the main process.
    public static var startMethod: StartMethod? { info.withLock { $0.method } }

    /// The numbers of the next child, from which its name is made: the second child of the first one is `Process-1:2`.
    static func nextNumbers() -> [Int] {
        info.withLock { info in
            info.started += 1
            return info.numbers + [info.started]
        }
    }

    static func become(_ assignment: Assignment) {
        let reader = assignment.lifeline.shared
        let lifeline = assignment.lifetime == .diesWithParent ? Lifeline.tie(to: reader) : reader
        KernelThread.setName(assignment.name)
        let parent = ParentProcess(pid: assignment.parentPid, name: assignment.parentName, lifeline: lifeline)
        info.withLock { info in
            info.name = assignment.name
            info.numbers = assignment.numbers
            info.method = assignment.method
            info.parent = parent
        }
    }
}

/// The process that started this one: Python's `parent_process()`.
public struct ParentProcess: Sendable, Waitable {
    /// Its number. It may mean another process once that one has ended.
    public let pid: Int32
    /// Its name.
    public let name: String
    let lifeline: SharedDescriptor

    /// Whether it has not ended.
    public var isAlive: Bool { !Lifeline.hasEnded(lifeline, until: Deadline(after: .zero)) }

    /// Waits until it has ended.
    ///
    /// - Parameter timeout: how long to wait at most; nil for no limit, zero or less to look once.
    /// - Returns: whether it has ended.
    @discardableResult
    public func join(timeout: Duration? = nil) -> Bool {
        Lifeline.hasEnded(lifeline, until: Deadline(after: timeout))
    }

    /// Ready when it has ended.
    public var waitHandle: WaitHandle { WaitHandle(lifeline) }
}
