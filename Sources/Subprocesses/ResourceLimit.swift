import CLinux

/// A limit on what a process may use, as in `setrlimit(2)`.
public struct ResourceLimit: Hashable, Sendable {
    /// What is limited.
    public var resource: Resource
    /// The limit in force, in the resource's unit.
    public var soft: UInt64
    /// How far the process may raise `soft`; only root may go beyond the parent's.
    public var hard: UInt64

    /// No limit at all.
    public static let unlimited = UInt64.max

    /// Sets both limits, `hard` to `soft` if it is not given.
    public init(_ resource: Resource, soft: UInt64, hard: UInt64? = nil) {
        self.resource = resource
        self.soft = soft
        self.hard = hard ?? soft
    }

    /// What can be limited.
    public enum Resource: String, Hashable, Sendable, CaseIterable {
        /// Bytes of address space.
        case addressSpace = "address space"
        /// Bytes of a core file.
        case coreSize = "core size"
        /// Seconds of processor time.
        case processorTime = "processor time"
        /// Bytes of data segment.
        case dataSize = "data size"
        /// Bytes of a file.
        case fileSize = "file size"
        /// Bytes that may be locked into memory.
        case lockedMemory = "locked memory"
        /// Bytes of POSIX message queues.
        case messageQueues = "message queues"
        /// The highest priority, as 20 less the niceness.
        case priority = "priority"
        /// The number of open descriptors.
        case openFiles = "open files"
        /// The number of processes and threads of the user.
        case processes = "processes"
        /// The highest real-time priority.
        case realTimePriority = "real-time priority"
        /// Microseconds of real-time processing without a pause.
        case realTimeDuration = "real-time duration"
        /// The number of signals that may be pending.
        case pendingSignals = "pending signals"
        /// Bytes of stack.
        case stackSize = "stack size"

        /// The kernel's number.
        var number: Int32 {
            switch self {
            case .addressSpace: Int32(RLIMIT_AS.rawValue)
            case .coreSize: Int32(RLIMIT_CORE.rawValue)
            case .processorTime: Int32(RLIMIT_CPU.rawValue)
            case .dataSize: Int32(RLIMIT_DATA.rawValue)
            case .fileSize: Int32(RLIMIT_FSIZE.rawValue)
            case .lockedMemory: Int32(__RLIMIT_MEMLOCK.rawValue)
            case .messageQueues: Int32(__RLIMIT_MSGQUEUE.rawValue)
            case .priority: Int32(__RLIMIT_NICE.rawValue)
            case .openFiles: Int32(RLIMIT_NOFILE.rawValue)
            case .processes: Int32(__RLIMIT_NPROC.rawValue)
            case .realTimePriority: Int32(__RLIMIT_RTPRIO.rawValue)
            case .realTimeDuration: Int32(__RLIMIT_RTTIME.rawValue)
            case .pendingSignals: Int32(__RLIMIT_SIGPENDING.rawValue)
            case .stackSize: Int32(RLIMIT_STACK.rawValue)
            }
        }
    }
}
