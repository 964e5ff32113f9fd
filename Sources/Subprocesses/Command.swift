/// What to execute, and as what: everything that can be said about a process before it exists, but for its three
/// standard streams. Python's `subprocess.Popen` arguments.
///
/// Only the arguments are needed, and an array literal will do. The rest has the defaults of a well-behaved parent: the
/// environment and the directory are inherited, every descriptor but the standard streams is closed, every signal has
/// its default disposition and none is blocked.
///
///     try run(["sort", "-u"], input: .file("/etc/passwd"))
///     try run(Command(["make", "install"]) { $0.directory = "/usr/src" })
public struct Command: Sendable, ExpressibleByArrayLiteral {
    /// The arguments, the first of which is the program's own name.
    public var arguments: [String]

    /// What to execute; nil means the first argument.
    ///
    /// A name without a slash is looked for in the `PATH` of the child's environment, before the process is made.
    /// A path with a slash is relative to the child's `directory`.
    public var executable: String?

    /// The child's environment.
    public var environment: Environment = .inherit

    /// The child's working directory; nil keeps the parent's. It is entered as the child's user.
    public var directory: String?

    /// The capacity in bytes to ask for each pipe that is made for the child; the kernel's (64 KiB) stays where it
    /// refuses.
    public var pipeCapacity: Int?

    /// Descriptors of the parent that the child gets besides the three standard streams: Python's `pass_fds`, at
    /// numbers of one's choice.
    ///
    /// Sources may be targets of others: `[5 → 6, 6 → 5]` exchanges them. The parent's stay open.
    public var extraDescriptors: [DescriptorMapping] = []

    /// Whether the child keeps the parent's other descriptors that are not close-on-exec: Python's `close_fds=False`.
    ///
    /// Pipes to other children are never among them.
    public var keepsOtherDescriptors = false

    /// Whether the child stays in the parent's process group.
    public var processGroup: ProcessGroup = .inherit

    /// The user and groups of the child; nil keeps the parent's.
    public var credentials: Credentials?

    /// The file mode bits that the child's new files do not get; nil keeps the parent's.
    public var umask: UInt32?

    /// The signals that are blocked in the child, by number; those above 64 do not exist and are an error.
    public var blockedSignals: Set<Int32> = []

    /// Limits to set; the others are the parent's.
    public var resourceLimits: [ResourceLimit] = []

    /// The child's niceness, from -20 to 19; nil keeps the parent's.
    public var nice: Int32?

    /// How eagerly the kernel kills the child when memory runs out, from -1000 (never) to 1000; nil keeps the parent's.
    public var oomScoreAdjustment: Int32?

    /// Whether set-user-id programs give the child and its descendants nothing.
    public var noNewPrivileges = false

    /// The signal that the child gets when the *thread* that spawned it ends; nil for none.
    ///
    /// The kernel forgets it when the child executes a set-user-id program.
    public var parentDeathSignal: Int32?

    /// An open directory of cgroup v2, in which the child is born; nil for the parent's group.
    public var controlGroup: Int32?

    /// Takes the paths meant for kernels without `clone3` and `close_range`, so that they can be tested.
    package var pretendsOldKernel = false

    /// A command with defaults for everything but the arguments.
    ///
    /// - Parameters:
    ///   - arguments: the program and its arguments. Nothing is split or expanded; `ShellWords.split` splits a line.
    ///   - change: sets what differs from the defaults.
    public init(_ arguments: [String], _ change: (inout Command) -> Void = { _ in }) {
        self.arguments = arguments
        change(&self)
    }

    /// A command with defaults for everything but the arguments.
    public init(arrayLiteral arguments: String...) {
        self.init(arguments)
    }

    /// A script for a shell: Python's `shell=True`.
    ///
    /// Text put into a script is read as shell code; give it as an argument instead, or put `ShellWords.quote` around
    /// it.
    ///
    ///     Command.shell("grep -c \"$1\" /etc/passwd", ["grep", name])
    ///
    /// - Parameters:
    ///   - script: what the shell reads.
    ///   - arguments: what the script finds in `$0`, `$1` and so on.
    ///   - shell: the path of the shell.
    public static func shell(_ script: String, _ arguments: [String] = [], shell: String = "/bin/sh") -> Command {
        Command([shell, "-c", script] + arguments)
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
        /// This group, which exists in the parent's session.
        case join(Int32)
        /// A new session and group. The terminal, if given, is the *child's* number of a descriptor of one
        /// (0, if that is its standard input), and becomes the session's.
        case session(controllingTerminal: Int32? = nil)
    }

    /// Numeric ids: nothing can be looked up between clone and exec.
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
