/// Everything that can be said about a process before it exists.
///
/// Only `arguments` is needed; the rest has the defaults of a well-behaved parent: the environment and the three
/// standard streams are inherited, every other descriptor is closed, every signal has its default disposition and
/// none is blocked.
///
///     var request = SpawnRequest(["sort", "-u"])
///     request.standardInput = .file("/etc/passwd")
///     request.standardOutput = .pipe
///     var process = try spawn(request)
public struct SpawnRequest: Sendable {
    /// The arguments, the first of which is the program's own name.
    public var arguments: [String]

    /// What to execute; nil means the first argument.
    ///
    /// A name without a slash is looked for in the `PATH` of the child's environment, before the process is made.
    /// A path with a slash is relative to the child's `directory`.
    public var executable: String?

    /// The child's environment.
    public var environment: Environment

    /// The child's working directory; nil keeps the parent's. It is entered as the child's user.
    public var directory: String?

    /// Where the child reads from.
    public var standardInput: StandardInput

    /// Where the child writes to.
    public var standardOutput: StandardOutput

    /// Where the child writes its diagnostics to.
    public var standardError: StandardError

    /// The capacity in bytes to ask for each `.pipe`; the kernel's (64 KiB) stays where it refuses.
    public var pipeCapacity: Int?

    /// Descriptors of the parent that the child gets besides the three standard streams.
    ///
    /// Sources may be targets of others: `[5 → 6, 6 → 5]` exchanges them. The parent's stay open.
    public var extraDescriptors: [DescriptorMapping]

    /// Whether the child stays in the parent's process group.
    public var processGroup: ProcessGroup

    /// The user and groups of the child; nil keeps the parent's.
    public var credentials: Credentials?

    /// The file mode bits that the child's new files do not get; nil keeps the parent's.
    public var umask: UInt32?

    /// The signals that are blocked in the child, by number; those above 64 do not exist and are an error.
    public var blockedSignals: Set<Int32>

    /// Limits to set; the others are the parent's.
    public var resourceLimits: [ResourceLimit]

    /// The child's niceness, from -20 to 19; nil keeps the parent's.
    public var nice: Int32?

    /// How eagerly the kernel kills the child when memory runs out, from -1000 (never) to 1000; nil keeps the parent's.
    public var oomScoreAdjustment: Int32?

    /// Whether set-user-id programs give the child and its descendants nothing.
    public var noNewPrivileges: Bool

    /// The signal that the child gets when the *thread* that spawned it ends; nil for none.
    ///
    /// The kernel forgets it when the child executes a set-user-id program.
    public var parentDeathSignal: Int32?

    /// An open directory of cgroup v2, in which the child is born; nil for the parent's group.
    public var controlGroup: Int32?

    /// Takes the paths meant for kernels without `clone3` and `close_range`, so that they can be tested.
    package var pretendsOldKernel = false

    /// A request with defaults for everything but the arguments.
    public init(_ arguments: [String]) {
        self.arguments = arguments
        environment = .inherit
        standardInput = .inherit
        standardOutput = .inherit
        standardError = .inherit
        extraDescriptors = []
        processGroup = .inherit
        blockedSignals = []
        resourceLimits = []
        noNewPrivileges = false
    }

    /// Where a child reads from.
    public enum StandardInput: Hashable, Sendable {
        /// The parent's standard input, or nothing if the parent has none.
        case inherit
        /// Nothing: the end of the file, at once.
        case null
        /// A file, opened by the parent. A FIFO is opened in both directions, so that the parent need not wait for a
        /// writer; the child then waits for one whenever it reads.
        case file(String)
        /// A descriptor of the parent, which stays open there.
        case descriptor(Int32)
        /// A new pipe, whose other end is the result's `takeStandardInput()`.
        case pipe
    }

    /// Where a child writes to.
    public enum StandardOutput: Hashable, Sendable {
        /// The parent's own stream, or nowhere if the parent has none.
        case inherit
        /// Nowhere.
        case null
        /// A file, opened by the parent and made (0666 less the parent's umask) if it does not exist.
        case file(String, FileMode)
        /// A descriptor of the parent, which stays open there.
        case descriptor(Int32)
        /// A new pipe, whose other end is the result's `takeStandardOutput()` or `takeStandardError()`.
        case pipe
    }

    /// Where a child writes its diagnostics to.
    public enum StandardError: Hashable, Sendable {
        /// To the place where its standard output goes.
        case mergeWithOutput
        /// To a place of its own.
        case separate(StandardOutput)

        /// The parent's own stream, or nowhere if the parent has none.
        public static var inherit: StandardError { .separate(.inherit) }
        /// Nowhere.
        public static var null: StandardError { .separate(.null) }
        /// A new pipe.
        public static var pipe: StandardError { .separate(.pipe) }
        /// A file, opened by the parent.
        public static func file(_ path: String, _ mode: FileMode) -> StandardError { .separate(.file(path, mode)) }
        /// A descriptor of the parent.
        public static func descriptor(_ raw: Int32) -> StandardError { .separate(.descriptor(raw)) }
    }

    /// What happens to the content that a file already has.
    public enum FileMode: Hashable, Sendable {
        /// It stays, and everything is added at its end.
        case append
        /// It is lost.
        case truncate
    }

    /// A descriptor of the parent and the number that it gets in the child.
    public struct DescriptorMapping: Hashable, Sendable {
        /// The parent's number.
        public var source: Int32
        /// The child's number, 3 or more.
        public var target: Int32

        /// `source` of the parent becomes `target` of the child.
        public init(source: Int32, target: Int32) {
            self.source = source
            self.target = target
        }
    }

    /// The company in which a child receives the signals of a terminal.
    public enum ProcessGroup: Hashable, Sendable {
        /// The parent's group.
        case inherit
        /// A new group, whose number is the child's pid, in the parent's session.
        case own
        /// A new session and group. The terminal, if given, is the *child's* number of a descriptor of one
        /// (0, if that is its standard input), and becomes the session's.
        case session(controllingTerminal: Int32? = nil)
    }

    /// Numeric ids, looked up beforehand: nothing can be looked up between clone and exec.
    public struct Credentials: Hashable, Sendable {
        /// The user id.
        public var user: UInt32
        /// The primary group id.
        public var group: UInt32
        /// All supplementary group ids; the child is in no others.
        public var supplementaryGroups: [UInt32]

        /// Credentials of exactly these ids.
        public init(user: UInt32, group: UInt32, supplementaryGroups: [UInt32] = []) {
            self.user = user
            self.group = group
            self.supplementaryGroups = supplementaryGroups
        }
    }
}
